// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.contract;

import io.rollingops.UnitName;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.spi.PeerStore;
import io.rollingops.testing.InMemoryPeerStore;
import java.time.Duration;
import java.time.InstantSource;

class InMemoryPeerStoreTest extends PeerStoreContract {
    private final InMemoryPeerStore store = new InMemoryPeerStore("web", InstantSource.system());

    @Override
    protected PeerStore store(int number) {
        return store.as(new UnitName("web", number));
    }

    @Override
    protected PeerReply submitAsOperator(PeerCommand command) {
        return store.submitAsOperator("alice", command);
    }

    @Override
    protected boolean lead(int number) {
        return store(number).submit(new PeerCommand.Lead(1), Duration.ZERO).reply() instanceof PeerReply.Done;
    }
}
