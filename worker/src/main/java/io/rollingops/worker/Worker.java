// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.juju.HookTraces;
import io.rollingops.spi.ClusterLock;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Carries out what {@link WorkerProtocol} decides. All of it happens on one serial executor; methods may be called from
 * any thread and return at once.
 */
final class Worker {
    /** A hook that was dispatched and is not there after that time keeps others waiting for nothing. */
    static final Duration BEGINS_WITHIN = Duration.ofMinutes(5);

    /** Runs something later; may be late, never early. */
    @FunctionalInterface
    interface Timers {
        void after(Duration delay, Runnable task);
    }

    /** Has hooks dispatched. */
    @FunctionalInterface
    interface Dispatcher {
        /**
         * Returns at once.
         *
         * @param number for the hook to tell back
         * @param ended told, on any thread, when the hook is over, whether it succeeded and Juju took what it wrote
         */
        void dispatch(String hook, long number, Consumer<Boolean> ended);
    }

    private final ClusterLock lock;
    private final WorkerProtocol protocol;
    private final Dispatcher dispatcher;
    private final Executor serial;
    private final Timers timers;
    private final Consumer<String> story;

    /* Of the serial executor alone. */
    private WorkerLocal local = WorkerLocal.NEW;
    private ClusterLock.State known;
    private long dispatched;
    private Runnable whenIdle = () -> {};

    /**
     * A worker that has not begun.
     *
     * @param lock of the unit
     * @param story hears what a person may want to know
     */
    Worker(
            ClusterLock lock,
            WorkerProtocol protocol,
            Dispatcher dispatcher,
            Executor serial,
            Timers timers,
            Consumer<String> story) {
        this.lock = lock;
        this.protocol = protocol;
        this.dispatcher = dispatcher;
        this.serial = serial;
        this.timers = timers;
        this.story = story;
        this.known = lock.state();
    }

    /** Begins, and from then on follows the lock. */
    void start() {
        lock.onChange(() -> post(now -> now));
        post(now -> now);
    }

    /**
     * A hook is there.
     *
     * @param number that it was told when it was dispatched; 0 if it was not dispatched here
     * @param isForRun told, on the serial executor, whether it is the dispatched one
     */
    void began(long number, Consumer<Boolean> isForRun) {
        post(now -> {
            isForRun.accept(now.isDispatched(number));
            return now.begun(number);
        });
    }

    /** A hook is about to end and leaves that behind. */
    void left(long number, HookTraces traces) {
        post(now -> now.isDispatched(number) ? now.leaving(traces) : now.left(traces));
    }

    /** A synchronous lock of the unit goes first, or does so no longer. */
    void lend(boolean toSyncLock) {
        post(now -> now.lending(toSyncLock));
    }

    /** Gives everything up, and says when that has been done. */
    void stop(Runnable done) {
        execute(() -> {
            whenIdle = done;
            advance(WorkerLocal::stop);
        });
    }

    private void post(UnaryOperator<WorkerLocal> change) {
        execute(() -> advance(change));
    }

    private void execute(Runnable task) {
        try {
            serial.execute(task);
        } catch (RejectedExecutionException e) {
            story.accept("closing: what has just happened is left to the next worker");
        }
    }

    private void advance(UnaryOperator<WorkerLocal> change) {
        ClusterLock.State now = lock.state();
        local = change.apply(now.equals(known) ? local : local.rested());
        known = now;
        boolean more = true;
        while (more) {
            WorkerStep step = protocol.next(local, lock.state());
            more = !(step instanceof WorkerStep.Rest);
            take(step);
        }
        if (local.stopping() && lock.state().hold() == ClusterLock.Hold.NONE) {
            whenIdle.run();
        }
    }

    private void take(WorkerStep step) {
        if (step instanceof WorkerStep.Want want) {
            story.accept("waits for the lock operation=" + want.operation().id());
            lock.want(want.operation());
        } else if (step instanceof WorkerStep.Drop drop) {
            drop.finished().ifPresent(lock::finished);
            lock.drop();
            local = local.dropped();
        } else if (step instanceof WorkerStep.Clean) {
            lock.clean();
        } else if (step instanceof WorkerStep.Dispatch dispatch) {
            dispatch(dispatch.hook());
        }
    }

    private void dispatch(String hook) {
        long number = ++dispatched;
        story.accept("dispatches " + hook + " number=" + number + " hold="
                + lock.state().hold());
        local = local.dispatching(number, lock.state());
        timers.after(BEGINS_WITHIN, () -> post(now -> late(now, number)));
        dispatcher.dispatch(hook, number, succeeded -> post(now -> ended(now, number, succeeded)));
    }

    private WorkerLocal late(WorkerLocal now, long number) {
        WorkerLocal later = now.late(number);
        if (!later.equals(now)) {
            story.accept("the hook number=" + number + " has not begun for " + BEGINS_WITHIN.toSeconds()
                    + " s; other applications go first");
        }
        return later;
    }

    private WorkerLocal ended(WorkerLocal now, long number, boolean succeeded) {
        if (!now.isDispatched(number)) {
            return now;
        }
        WorkerLocal next = now.ended(succeeded);
        if (next.resting()) {
            Duration pause = WorkerProtocol.pauseAfter(next.fruitless());
            story.accept("the hook number=" + number + (succeeded ? " changed nothing" : " failed")
                    + "; another one, if it is needed, after " + pause.toSeconds() + " s");
            timers.after(pause, () -> post(WorkerLocal::rested));
        }
        return next;
    }
}
