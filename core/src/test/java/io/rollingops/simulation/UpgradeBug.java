// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

/** Mistakes that can be put into an upgrade on purpose, to see that the simulation finds them. */
enum UpgradeBug {
    /** The upgrade as it is. */
    NONE,
    /** As the original: a unit that says completed counts as done, from whatever round that is. */
    DONE_WITHOUT_ROUND,
    /** A unit takes every other for one that has noted the round. */
    ROUNDS_UNNOTED,
    /** A unit forgets that it is done for a round. */
    DONE_FORGOTTEN,
    /** A unit notes a round, and begins again, while its turn is under way. */
    WORK_UNNOTICED,
    /** A unit that was given its turn begins on what it saw when it asked. */
    TURN_ON_OLD_VIEW,
    /** A failure of another unit is not seen. */
    FAILURE_UNSEEN,
    /** A halt that an operator ordered is not seen. */
    PAUSE_UNSEEN,
    /** A unit does not know what it has, so that it replaces what is there already. */
    INSTALLED_UNKNOWN,
    /** The partition is not raised before an upgrade, so that Kubernetes replaces all pods at once. */
    PARTITION_NOT_HELD,
    /** The partition is lowered by one too many. */
    PARTITION_TOO_LOW
}
