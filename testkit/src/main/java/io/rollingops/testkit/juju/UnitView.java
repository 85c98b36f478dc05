// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Everything that decides what a unit does next: a snapshot.
 *
 * @param dying whether the unit is being removed
 * @param lifetime how far it has come
 * @param pending the hook that stands before all others
 * @param due what has happened to the unit itself and has no hook yet
 * @param accepted whether it has taken note that it leads
 * @param leads whether it holds the lease
 * @param relations in the order in which they are looked at; Juju has none
 * @param secrets the hooks about secrets that are due, in order
 * @param action the first action that waits
 * @param commands the first {@code juju-exec} that waits
 */
record UnitView(
        UnitName unit,
        boolean dying,
        Lifetime lifetime,
        Optional<PendingHook> pending,
        Due due,
        boolean accepted,
        boolean leads,
        List<RelationView> relations,
        List<Hook.OnSecret> secrets,
        OptionalInt action,
        OptionalInt commands) {

    /** Which of the hooks that run once have succeeded. */
    record Lifetime(boolean installed, boolean started, boolean stopped, boolean removed) {
        static final Lifetime NEW = new Lifetime(false, false, false, false);

        Lifetime after(Hook.Plain hook) {
            return switch (hook) {
                case INSTALL -> new Lifetime(true, started, stopped, removed);
                case START -> new Lifetime(installed, true, stopped, removed);
                case STOP -> new Lifetime(installed, false, true, removed);
                case REMOVE -> new Lifetime(installed, started, stopped, true);
                case CONFIG_CHANGED, UPDATE_STATUS, UPGRADE_CHARM, LEADER_ELECTED -> this;
            };
        }
    }

    /** Events that wait for their hook. */
    record Due(boolean rebooted, boolean upgrade, boolean config, boolean updateStatus) {
        static final Due NOTHING = new Due(false, false, false, false);
    }

    /** Whether nothing stands before the events of the model. */
    boolean idle() {
        return pending.isEmpty();
    }

    boolean inError() {
        return pending.filter(hook -> hook.state() != PendingHook.State.QUEUED).isPresent();
    }
}
