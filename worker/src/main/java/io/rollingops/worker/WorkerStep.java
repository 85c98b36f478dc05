// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.Operation;
import java.util.Optional;

/** What a worker does next. */
sealed interface WorkerStep {

    /** Ask for the lock, to run that operation. */
    record Want(Operation operation) implements WorkerStep {}

    /**
     * Give the lock back, or want it no longer.
     *
     * @param finished what ended under it, with its result, if that is committed
     */
    record Drop(Optional<Operation> finished) implements WorkerStep {}

    /** Remove what the unit left behind in etcd. */
    record Clean() implements WorkerStep {}

    /** Have that hook dispatched. */
    record Dispatch(String hook) implements WorkerStep {}

    /** There is nothing to do until something changes. */
    record Rest() implements WorkerStep {}
}
