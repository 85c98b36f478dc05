// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UpgradeError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a charm knows of its workload in an upgrade. Called on the thread of the hook. What is thrown is told to operators:
 * message, cause and resolution of an {@link UpgradeError}, and of anything else its type and message.
 */
public interface CharmUpgrade {

    /**
     * Checks on the leader that every member is fit for an upgrade, and prepares it. May be called again without an upgrade
     * between. It has to be over within 30 s: for so long Juju vouches for the leadership.
     *
     * @throws UpgradeError.ClusterNotReadyError when an upgrade must not begin
     */
    void preUpgradeCheck(Hook hook) throws Exception;

    /**
     * The order on machines: the last of the list goes first, each unit stands in it once. Unless overridden the leader goes
     * last. On Kubernetes it is not called; there the highest number goes first.
     */
    default List<UnitName> buildUpgradeStack(Hook hook, List<UnitName> units, UnitName leader) throws Exception {
        List<UnitName> order = new ArrayList<>(units);
        order.remove(leader);
        order.add(0, leader);
        return order;
    }

    /**
     * Replaces the workload of this unit on a machine, and returns when it is well; throws when it is not. No other unit of
     * the application has its turn meanwhile. It must be idempotent: when the hook is killed, it is called again. It may
     * set statuses; what it writes to databags counts with the rest of the hook. On Kubernetes it is not called; there the
     * charm says {@link Upgrades#setUnitCompleted} or {@link Upgrades#setUnitFailed} when it has seen the new pod's workload.
     *
     * @throws UpgradeError when it cannot be done; anything else that is thrown counts as failure as well
     */
    void onUpgradeGranted(Hook hook) throws Exception;

    /** Tells operators, after this unit has failed, what they need to know about the way back. */
    void logRollbackInstructions(Hook hook);

    /**
     * The release that is installed, found by looking at the workload; empty where nobody can look. A unit that finds the
     * release it is to bring has nothing to do, and one that finds another after its turn has failed.
     */
    default Optional<Release> installed(Hook hook) throws Exception {
        return Optional.empty();
    }

    /** The versions that related applications report, by the names that the dependency document uses. */
    default Map<String, String> reported(Hook hook) throws Exception {
        return Map.of();
    }

    /** There is nothing to show of an upgrade any more: the unit shows what its workload has to say. */
    default void showOwnStatus(Hook hook) {
        hook.status(UnitStatus.active(""));
    }
}
