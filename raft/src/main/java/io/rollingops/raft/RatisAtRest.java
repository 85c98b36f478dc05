// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import java.lang.reflect.Field;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.AwaitForSignal;
import org.apache.ratis.util.JvmPauseMonitor;
import org.apache.ratis.util.MemoizedSupplier;

/**
 * Takes from Ratis 3.3.0 two things that wake a process at rest several times a second and that no setting switches off.
 *
 * <p>The thread that applies the log looks ten times a second whether it missed a signal, since a signal that comes while
 * it looks is lost. {@link Remembered} loses none, so that it can look seldom. And the monitor of pauses makes a leader that
 * slept step down, which it does anyway as soon as it hears of the next term, and closes for good a member that slept for a
 * minute, which we do not want.
 *
 * <p>Where Ratis has changed inside, all stays as it is: it works, and costs a little more. A test tells.
 */
final class RatisAtRest {
    private static final System.Logger LOGGER = System.getLogger(RatisAtRest.class.getName());

    private RatisAtRest() {}

    /** For the whole server, once it has started. */
    static void quieten(RaftServer server) {
        try {
            if (field(server, "pauseMonitor") instanceof JvmPauseMonitor monitor) {
                monitor.stop();
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "the monitor of pauses goes on", e);
        }
    }

    /** For the server's part in one group, once it has started there; doing it again is harmless. */
    static void quieten(RaftServer.Division division) {
        try {
            Object state = field(division, "state");
            if (field(state, "stateMachineUpdater") instanceof MemoizedSupplier<?> updater && updater.isInitialized()) {
                Field signal = declared(updater.get(), "awaitForSignal");
                if (!(signal.get(updater.get()) instanceof Remembered)) {
                    signal.set(updater.get(), new Remembered(division.getMemberId()));
                }
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "the thread that applies the log goes on looking", e);
        }
    }

    private static Object field(Object owner, String name) throws ReflectiveOperationException {
        return declared(owner, name).get(owner);
    }

    private static Field declared(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    /** A signal that nobody waited for is there for the next who waits. Safe for several threads. */
    static final class Remembered extends AwaitForSignal {
        private static final long LOOK_ALL_THE_SAME_NANOS = TimeUnit.SECONDS.toNanos(5);

        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = lock.newCondition();
        private boolean signalled;

        Remembered(Object name) {
            super(name);
        }

        @Override
        public void await() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                while (!signalled) {
                    changed.await();
                }
                signalled = false;
            } finally {
                lock.unlock();
            }
        }

        /** Waits for longer than asked for: whoever asks wants to look for a signal that was lost, and none is. */
        @Override
        public boolean await(long time, TimeUnit unit) throws InterruptedException {
            long left = Math.max(LOOK_ALL_THE_SAME_NANOS, unit.toNanos(time));
            lock.lockInterruptibly();
            try {
                while (!signalled && left > 0) {
                    left = changed.awaitNanos(left);
                }
                boolean was = signalled;
                signalled = false;
                return was;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void signal() {
            lock.lock();
            try {
                signalled = true;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
