// SPDX-License-Identifier: Apache-2.0
package io.rollingops.spi;

import io.rollingops.Operation;
import java.util.OptionalLong;

/**
 * The lock that several applications of one cluster share, as one unit sees it. It comes on top of the application's
 * grant and never instead of it.
 *
 * <p>No method blocks: what is asked for happens on threads of the lock, and listeners hear of it. What {@link #state}
 * gives follows from the calls at once, so a caller that asks for the same thing twice sees that it is under way. All
 * methods may be called from any thread.
 */
public interface ClusterLock {

    /**
     * What is known of the lock.
     *
     * @param reach whether the lock's store can be reached
     * @param hold whether this unit has the lock
     * @param token the fencing token while the lock is held; it grows with every holder
     * @param cleanliness whether what this unit left behind in the lock's store is removed
     */
    record State(Reach reach, Hold hold, OptionalLong token, Cleanliness cleanliness) {
        /** No such lock is configured. */
        public static final State NONE = new State(Reach.NONE, Hold.NONE, OptionalLong.empty(), Cleanliness.UNKNOWN);
    }

    /** Whether the lock's store can be reached. */
    enum Reach {
        /** There is none. */
        NONE,
        /** It has not been asked for long enough to tell. */
        UNKNOWN,
        /** It gave no answer for too long to go on waiting. */
        AWAY,
        /** It answers. */
        REACHABLE,
        /** It has answered for so long that it can be relied upon again. */
        SETTLED
    }

    /** Whether this unit has the lock. */
    enum Hold {
        /** No, and it does not want it. */
        NONE,
        /** No, and it waits for its turn. */
        WAITING,
        /** Yes, and it can be relied upon for long enough to stop in time. */
        HELD,
        /** It had it, and can rely on it no longer. */
        LOST
    }

    /** Whether what this unit left behind in the lock's store is removed. */
    enum Cleanliness {
        /** Nobody looked. */
        UNKNOWN,
        /** It is being removed. */
        CLEANING,
        /** There is nothing of it. */
        CLEAN
    }

    /** What is known now. */
    State state();

    /** Wants the lock in order to run that operation; nothing happens when it is wanted or held already. */
    void want(Operation operation);

    /** That operation ended under the lock, with its result, and this is recorded: to be shown where the lock is. */
    default void finished(Operation operation) {}

    /** Wants it no longer. A lock that is held is given back. */
    void drop();

    /** Removes what this unit left behind, but for a lock that it holds. */
    void clean();

    /** Calls the listener whenever the state changed, on a thread that must not wait; what it returns ends that. */
    Runnable onChange(Runnable listener);

    /** The lock of an application that shares none. */
    static ClusterLock none() {
        return new ClusterLock() {
            @Override
            public State state() {
                return State.NONE;
            }

            @Override
            public void want(Operation operation) {}

            @Override
            public void drop() {}

            @Override
            public void clean() {}

            @Override
            public Runnable onChange(Runnable listener) {
                return () -> {};
            }
        };
    }
}
