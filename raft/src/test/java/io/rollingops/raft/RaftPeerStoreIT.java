// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.spi.PeerStore;
import io.rollingops.testkit.contract.PeerStoreContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The contract on three members in one process, talking over loopback with mutual TLS. */
@Timeout(120)
class RaftPeerStoreIT extends PeerStoreContract {
    @TempDir
    Path folder;

    private final List<RaftGroupFixture> groups = new ArrayList<>();
    private final List<PeerStore> stores = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        RaftGroupFixture group = new RaftGroupFixture(folder, 3, true);
        groups.add(group);
        group.startAll();
        for (int i = 0; i < 3; i++) {
            stores.add(group.store(i));
        }
    }

    @AfterEach
    void stop() {
        groups.forEach(RaftGroupFixture::close);
    }

    @Override
    protected PeerStore store(int number) {
        return stores.get(number);
    }

    @Override
    protected PeerReply submitAsOperator(PeerCommand command) {
        try {
            RaftGroupFixture group = groups.get(0);
            return group.node(0)
                    .store(group.operator("alice"))
                    .submit(command, Duration.ofSeconds(30))
                    .reply();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected boolean lead(int number) {
        return false;
    }
}
