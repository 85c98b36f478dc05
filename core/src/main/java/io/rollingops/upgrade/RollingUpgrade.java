// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import java.util.List;

/**
 * What the user of an upgrade supplies: the part that knows the workload. All methods are called by one thread at a time,
 * and whatever they throw becomes a {@link Problem} that the operator sees.
 */
public interface RollingUpgrade {

    /**
     * Checks that every member is fit for an upgrade, and prepares it. Called on the leader; may be called again without
     * an upgrade between.
     *
     * @throws UpgradeError.ClusterNotReadyError when an upgrade must not begin
     */
    void preUpgradeCheck();

    /**
     * The order of the upgrade: the last of the list goes first. Each unit must stand in it once. On Kubernetes it is not
     * called; there the highest number goes first. Unless overridden the leader goes last, so that it leads as long as it
     * can.
     *
     * @param units all units of the application
     * @param leader the unit that leads
     */
    default List<UnitName> buildUpgradeStack(List<UnitName> units, UnitName leader) {
        return UpgradeStack.leaderLast(units, leader).units();
    }

    /**
     * Replaces the workload of this unit and sees that it is well. It must be idempotent: after a crash it is called
     * again. Not called on Kubernetes, which replaces the pod itself; there the program reports when the workload is well.
     *
     * @throws UpgradeError when it cannot be done; anything else that is thrown counts as failure as well
     */
    Turn onUpgradeGranted();

    /** Tells the operators how to come back to the previous release, after this unit has failed. */
    void logRollbackInstructions();

    /** How a turn ended. */
    enum Turn {
        /** The workload was replaced and is well. */
        COMPLETED,
        /** It is not over; the program reports later how it ended. */
        LATER
    }
}
