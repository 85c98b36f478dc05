// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testing;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A peer store that fails when it is told to, in each way that {@link PeerStore#submit} may. Safe for several threads.
 *
 * <pre>{@code
 * FaultyPeerStore store = new FaultyPeerStore(memory.as(unit));
 * store.next(PeerCommand.Finish.class, Fault.REPLY_LOST, Fault.UNAVAILABLE); // the first and the second Finish
 * }</pre>
 */
public final class FaultyPeerStore implements PeerStore {

    /** How a command can fail. */
    public enum Fault {
        /** Nothing happens, and the sender is told so. */
        UNAVAILABLE,
        /** Nothing happens, and the sender does not know. */
        COMMAND_LOST,
        /** It is carried out, and the sender does not know. */
        REPLY_LOST
    }

    private final PeerStore below;
    private final Map<Class<? extends PeerCommand>, Deque<Fault>> planned = new HashMap<>();
    private boolean down;
    private long refused;

    public FaultyPeerStore(PeerStore below) {
        this.below = below;
    }

    /** What happens to the next commands of that kind, one after the other. */
    public synchronized void next(Class<? extends PeerCommand> kind, Fault... faults) {
        planned.computeIfAbsent(kind, none -> new ArrayDeque<>()).addAll(List.of(faults));
    }

    /** From now on, or no longer, every command is refused as unavailable. */
    public synchronized void down(boolean nowDown) {
        down = nowDown;
    }

    /** How many commands have failed so far. */
    public synchronized long failed() {
        return refused;
    }

    @Override
    public UnitName self() {
        return below.self();
    }

    @Override
    public PeerSnapshot snapshot() {
        return below.snapshot();
    }

    @Override
    public Answer submit(PeerCommand command, Duration limit) {
        Optional<Fault> fault = fault(command);
        if (fault.isEmpty()) {
            return below.submit(command, limit);
        }
        String what = command.getClass().getSimpleName();
        switch (fault.get()) {
            case UNAVAILABLE -> throw new RollingOpsException.Unavailable(what + " fails by plan");
            case REPLY_LOST -> below.submit(command, limit);
            case COMMAND_LOST -> {}
        }
        throw new RollingOpsException.Indeterminate("the answer to " + what + " is lost by plan");
    }

    @Override
    public Runnable onChange(Runnable listener) {
        return below.onChange(listener);
    }

    private synchronized Optional<Fault> fault(PeerCommand command) {
        Optional<Fault> fault =
                Optional.ofNullable(planned.get(command.getClass())).map(Deque::poll);
        if (down) {
            fault = Optional.of(Fault.UNAVAILABLE);
        }
        if (fault.isPresent()) {
            refused++;
        }
        return fault;
    }
}
