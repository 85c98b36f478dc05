// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.Operation;
import io.rollingops.spi.ClusterLock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The lock in an etcd of which the test says when it is away and whose lease ends; first come, first served. */
final class SimulatedLocks {
    private final Deque<Lock> waiting = new ArrayDeque<>();
    private final List<Lock> all = new ArrayList<>();
    private Optional<Lock> holder = Optional.empty();
    private boolean isUp = true;
    private long token;

    Lock make() {
        Lock lock = new Lock();
        all.add(lock);
        return lock;
    }

    /** All of it is gone; who had the lock has stopped relying on it before anybody else can have it. */
    void fall() {
        isUp = false;
        all.forEach(lock -> lock.reach = ClusterLock.Reach.AWAY);
        holder.ifPresent(Lock::lose);
        tell();
    }

    /** It answers again, for as long as it takes to be relied upon. */
    void rise() {
        isUp = true;
        all.forEach(lock -> lock.reach = ClusterLock.Reach.SETTLED);
        all.forEach(lock -> lock.cleanliness = ClusterLock.Cleanliness.UNKNOWN);
        give();
    }

    private void give() {
        while (isUp && holder.isEmpty() && !waiting.isEmpty()) {
            holder = Optional.of(waiting.removeFirst());
            holder.get().hold = ClusterLock.Hold.HELD;
            holder.get().token = ++token;
        }
        tell();
    }

    private void tell() {
        List.copyOf(all).forEach(lock -> List.copyOf(lock.listeners).forEach(Runnable::run));
    }

    /** One unit's process' end of it. */
    final class Lock implements ClusterLock {
        private final List<Runnable> listeners = new ArrayList<>();
        private Reach reach = isUp ? Reach.SETTLED : Reach.AWAY;
        private Hold hold = Hold.NONE;
        private Cleanliness cleanliness = Cleanliness.UNKNOWN;
        private long token;

        @Override
        public State state() {
            return new State(
                    reach, hold, hold == Hold.HELD ? OptionalLong.of(token) : OptionalLong.empty(), cleanliness);
        }

        @Override
        public void want(Operation operation) {
            if (hold == Hold.NONE) {
                hold = Hold.WAITING;
                waiting.addLast(this);
                give();
            }
        }

        @Override
        public void drop() {
            hold = Hold.NONE;
            waiting.remove(this);
            holder = holder.filter(other -> other != this);
            give();
        }

        @Override
        public void clean() {
            cleanliness = Cleanliness.CLEAN;
            tell();
        }

        @Override
        public Runnable onChange(Runnable listener) {
            listeners.add(listener);
            return () -> listeners.remove(listener);
        }

        /** Its lease can be relied upon no longer, and then ends. */
        void lose() {
            if (hold == Hold.HELD) {
                hold = Hold.LOST;
                tell();
                holder = holder.filter(other -> other != this);
                give();
            }
        }

        /** Its process has died, and its lease has ended. */
        void end() {
            listeners.clear();
            all.remove(this);
            hold = Hold.NONE;
            waiting.remove(this);
            holder = holder.filter(other -> other != this);
            give();
        }
    }
}
