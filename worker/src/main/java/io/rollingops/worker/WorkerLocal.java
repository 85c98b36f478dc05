// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.Operation;
import io.rollingops.juju.HookTraces;
import io.rollingops.spi.ClusterLock;
import java.util.Optional;

/**
 * What a worker knows besides the lock. A value; its methods say what an event makes of it.
 *
 * @param seen the databags as the last hook that is believed has left them; empty until a hook was here
 * @param finished what ended under the lock, with its committed result, and is to be shown when the lock is given back
 * @param dispatch the hook that was dispatched and has not ended
 * @param fruitless how many dispatches in a row have changed nothing
 * @param resting whether it waits after such a one before it dispatches again
 * @param lent whether a synchronous lock of this unit goes first (rule S1)
 * @param stopping whether it is to give everything up
 */
record WorkerLocal(
        Optional<HookTraces> seen,
        Optional<Operation> finished,
        Optional<Dispatched> dispatch,
        int fruitless,
        boolean resting,
        boolean lent,
        boolean stopping) {

    /**
     * A hook on its way through Juju.
     *
     * @param number told to the hook, which tells it back
     * @param begun whether the hook has been here
     * @param late whether it should have been here by now
     * @param before what was known when it was dispatched
     * @param lock what was known of the lock then
     * @param left what it leaves behind, if it succeeds
     */
    record Dispatched(
            long number,
            boolean begun,
            boolean late,
            Optional<HookTraces> before,
            ClusterLock.State lock,
            Optional<HookTraces> left) {}

    static final WorkerLocal NEW =
            new WorkerLocal(Optional.empty(), Optional.empty(), Optional.empty(), 0, false, false, false);

    boolean isDispatched(long number) {
        return dispatch.filter(now -> now.number() == number).isPresent();
    }

    WorkerLocal dispatching(long number, ClusterLock.State lock) {
        return with(Optional.of(new Dispatched(number, false, false, seen, lock, Optional.empty())));
    }

    /** The dispatched hook is there. */
    WorkerLocal begun(long number) {
        return isDispatched(number)
                ? with(dispatch.map(
                        now -> new Dispatched(now.number(), true, now.late(), now.before(), now.lock(), now.left())))
                : this;
    }

    /** The dispatched hook should be there by now; other applications do not wait for it. */
    WorkerLocal late(long number) {
        return isDispatched(number)
                ? with(dispatch.map(now ->
                        new Dispatched(now.number(), now.begun(), !now.begun(), now.before(), now.lock(), now.left())))
                : this;
    }

    /** A hook that was not dispatched here leaves that behind. */
    WorkerLocal left(HookTraces traces) {
        boolean isNews = !seen.equals(Optional.of(traces));
        return new WorkerLocal(Optional.of(traces), finished, dispatch, fruitless, resting && !isNews, lent, stopping);
    }

    /** The hook that was dispatched here leaves that behind, if it succeeds. */
    WorkerLocal leaving(HookTraces traces) {
        return with(dispatch.map(now ->
                new Dispatched(now.number(), now.begun(), now.late(), now.before(), now.lock(), Optional.of(traces))));
    }

    /**
     * The dispatched hook is over. Only if it succeeded, Juju has taken what it left behind (rule E3); from another hook
     * that came in between, the newer traces count.
     */
    WorkerLocal ended(boolean succeeded) {
        Dispatched now = dispatch.orElseThrow();
        Optional<HookTraces> taken = now.left().filter(traces -> succeeded);
        boolean changed = taken.isPresent() && !taken.equals(now.before());
        return new WorkerLocal(
                taken.or(() -> seen),
                taken.flatMap(HookTraces::finished).or(() -> finished),
                Optional.empty(),
                changed ? 0 : fruitless + 1,
                !changed,
                lent,
                stopping);
    }

    /** It has waited for long enough, or something else has changed. */
    WorkerLocal rested() {
        return new WorkerLocal(seen, finished, dispatch, fruitless, false, lent, stopping);
    }

    WorkerLocal dropped() {
        return new WorkerLocal(seen, Optional.empty(), dispatch, fruitless, resting, lent, stopping);
    }

    WorkerLocal lending(boolean toSyncLock) {
        return new WorkerLocal(seen, finished, dispatch, fruitless, resting, toSyncLock, stopping);
    }

    WorkerLocal stop() {
        return new WorkerLocal(seen, finished, dispatch, fruitless, resting, lent, true);
    }

    private WorkerLocal with(Optional<Dispatched> now) {
        return new WorkerLocal(seen, finished, now, fruitless, resting, lent, stopping);
    }
}
