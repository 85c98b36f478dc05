// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.OperationResult;

/** How the run of a callback ended. */
public sealed interface Ending {

    /**
     * It answered.
     *
     * @param result what
     * @param note what a person should know of it, such as an exit status; may be empty
     * @param pause whether the unit waits a while before it tries again
     */
    record Answered(OperationResult result, String note, boolean pause) implements Ending {}

    /**
     * It cannot be run, now or later; the operation leaves the queue undone.
     *
     * @param note why, for people
     */
    record Dropped(String note) implements Ending {}

    /**
     * It was stopped because the lock was lost or the unit's process ends, or could not even begin; it counts as no
     * attempt.
     *
     * @param pause whether the unit waits a while before it tries again
     */
    record Interrupted(boolean pause) implements Ending {}
}
