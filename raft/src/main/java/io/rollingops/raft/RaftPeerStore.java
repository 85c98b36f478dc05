// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.UnitName;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.spi.PeerStore;
import java.time.Duration;

/** The replicated store as one unit sees it, through a member of the group in this process. */
public final class RaftPeerStore implements PeerStore {
    private final UnitName self;
    private final PeerStateMachine machine;
    private final CommandSender sender;

    RaftPeerStore(UnitName self, PeerStateMachine machine, CommandSender sender) {
        this.self = self;
        this.machine = machine;
        this.sender = sender;
    }

    @Override
    public UnitName self() {
        return self;
    }

    @Override
    public PeerSnapshot snapshot() {
        return machine.state().peers().snapshot();
    }

    @Override
    public Answer submit(PeerCommand command, Duration limit) {
        return sender.send(command, limit);
    }

    @Override
    public Runnable onChange(Runnable listener) {
        return machine.onChange(listener);
    }
}
