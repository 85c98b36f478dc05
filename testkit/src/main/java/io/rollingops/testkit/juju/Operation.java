// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** What a unit agent does next. Only the first three start the charm. */
sealed interface Operation {

    /** Runs a hook. */
    record RunHook(Hook hook) implements Operation {}

    /** Runs an action. */
    record RunAction(int task) implements Operation {}

    /** Runs the commands of a {@code juju-exec}. */
    record RunCommands(int task) implements Operation {}

    /** Takes note that it leads, and queues {@code leader-elected}. */
    record AcceptLeadership() implements Operation {}

    /** Takes note that it does not lead any more. There is no hook for that. */
    record ResignLeadership() implements Operation {}

    /** Puts the new charm in the place of the old one, and queues {@code upgrade-charm}. */
    record UpgradeCharm() implements Operation {}

    /** Has nothing left to do for a unit that was removed. */
    record Die() implements Operation {}
}
