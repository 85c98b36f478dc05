// SPDX-License-Identifier: Apache-2.0
package io.rollingops.schedule;

import io.rollingops.UnitName;

/** What the scheduler decided. */
public sealed interface Decision {

    /** The slot is taken until that unit has answered. */
    record Keep(UnitName holder) implements Decision {}

    /** That unit runs next, under a new epoch. */
    record Grant(UnitName unit) implements Decision {}

    /** Nobody waits who could run. */
    record Idle() implements Decision {}
}
