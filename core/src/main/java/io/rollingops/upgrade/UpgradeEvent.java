// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import java.util.List;

/**
 * What can happen to a unit in an upgrade. {@link UpgradeCommand}s are what operators ask. Only {@link Changed} must not be
 * lost for ever; every other one may be lost, repeated or late, and then costs time or another command, nothing else.
 */
public sealed interface UpgradeEvent permits UpgradeEvent.OfUnit, UpgradeCommand {

    /** What is not asked by an operator. */
    sealed interface OfUnit extends UpgradeEvent {}

    /** Look again: anything may have changed, a databag, the members, the leader, the program, or nothing. */
    record Changed() implements OfUnit {}

    /** The unit is new; on Juju, its peer relation was created. */
    record Joined() implements OfUnit {}

    /** The unit has another program, or its pod was started again; on Juju, {@code upgrade-charm}. */
    record Refreshed() implements OfUnit {}

    /** The unit has its turn, for which it was told to ask: it holds the lock under which members work, if there is one. */
    record TurnTaken() implements OfUnit {}

    /** The workload of the unit has been replaced and is well. */
    record Completed() implements OfUnit {}

    /** It is not. */
    record Failed(Problem problem) implements OfUnit {}

    /**
     * The check that was asked for found nothing against an upgrade.
     *
     * @param command what was asked
     * @param order who is to be upgraded, bottom of the stack first; on Kubernetes it is not looked at
     */
    record Checked(UpgradeCommand.Check command, List<UnitName> order) implements OfUnit {
        public Checked {
            order = List.copyOf(order);
        }
    }

    /** The check that was asked for found something. */
    record CheckFailed(UpgradeCommand.Check command, Problem problem) implements OfUnit {}

    /** The partition could not be set. */
    record PartitionFailed(UpgradeEvent during, Problem problem) implements OfUnit {}
}
