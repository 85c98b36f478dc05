// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.Optional;
import java.util.function.Function;

/**
 * Decides what a unit agent does next: the first of these that there is.
 *
 * <ol>
 *   <li>{@code start} again after a reboot of its machine
 *   <li>{@code -relation-created} of a relation that has none yet
 *   <li>accepting or resigning leadership
 *   <li>secrets that changed, then revisions that nobody needs
 *   <li>an action, also while a hook has failed
 *   <li>the commands of {@code juju-exec}, always
 *   <li>the pending hook: queued by another one, interrupted, or failed and due again
 *   <li>for a dying unit: the departures and the break of each relation, {@code stop}, {@code remove}, the end
 *   <li>{@code install}, a new charm, {@code config-changed}, hooks of relations, {@code update-status}
 * </ol>
 *
 * <p>Where a hook is pending, nothing else starts but actions and commands as said. The order is that of Juju's unit
 * agent; knows no clock, no process and no chance, since the order among relations is given.
 */
final class NextOperation {

    private NextOperation() {}

    /** The next operation, or nothing when the unit has nothing to do. */
    static Optional<Operation> of(UnitView unit) {
        return reboot(unit)
                .or(() -> relationCreated(unit))
                .or(() -> leadership(unit))
                .or(() -> secret(unit))
                .or(() -> action(unit))
                .or(() -> commands(unit))
                .or(() -> unit.pending().isPresent() ? pendingHook(unit) : event(unit));
    }

    private static Optional<Operation> reboot(UnitView unit) {
        return unit.idle() && unit.due().rebooted() && unit.lifetime().started()
                ? run(Hook.Plain.START)
                : Optional.empty();
    }

    private static Optional<Operation> relationCreated(UnitView unit) {
        return unit.idle() && unit.lifetime().installed() && !unit.dying()
                ? firstOf(unit, RelationView::creation)
                : Optional.empty();
    }

    private static Optional<Operation> leadership(UnitView unit) {
        if (!unit.lifetime().installed()) {
            return Optional.empty();
        }
        if (unit.accepted() && (!unit.leads() || unit.dying())) {
            return Optional.of(new Operation.ResignLeadership());
        }
        return unit.leads() && !unit.accepted() && !unit.dying() && unit.idle()
                ? Optional.of(new Operation.AcceptLeadership())
                : Optional.empty();
    }

    private static Optional<Operation> secret(UnitView unit) {
        return unit.idle() && unit.lifetime().installed() && !unit.dying()
                ? unit.secrets().stream().findFirst().map(Operation.RunHook::new)
                : Optional.empty();
    }

    private static Optional<Operation> action(UnitView unit) {
        return unit.action().isPresent() && unit.lifetime().installed() && (unit.idle() || unit.inError())
                ? Optional.of(new Operation.RunAction(unit.action().getAsInt()))
                : Optional.empty();
    }

    private static Optional<Operation> commands(UnitView unit) {
        return unit.commands().isPresent()
                ? Optional.of(new Operation.RunCommands(unit.commands().getAsInt()))
                : Optional.empty();
    }

    private static Optional<Operation> pendingHook(UnitView unit) {
        return unit.pending()
                .filter(pending -> pending.state() != PendingHook.State.FAILED)
                .map(pending -> new Operation.RunHook(pending.hook()));
    }

    private static Optional<Operation> event(UnitView unit) {
        if (unit.dying()) {
            return teardown(unit);
        }
        if (!unit.lifetime().installed()) {
            return run(Hook.Plain.INSTALL);
        }
        if (unit.due().upgrade()) {
            return Optional.of(new Operation.UpgradeCharm());
        }
        if (unit.due().config()) {
            return run(Hook.Plain.CONFIG_CHANGED);
        }
        return firstOf(unit, relation -> relation.next(unit.unit(), false))
                .or(() -> unit.due().updateStatus() ? run(Hook.Plain.UPDATE_STATUS) : Optional.empty());
    }

    private static Optional<Operation> teardown(UnitView unit) {
        Optional<Operation> departure = firstOf(unit, relation -> relation.next(unit.unit(), true));
        if (departure.isPresent()) {
            return departure;
        }
        UnitView.Lifetime lifetime = unit.lifetime();
        if (lifetime.started()) {
            return run(Hook.Plain.STOP);
        }
        return lifetime.installed() && !lifetime.removed() ? run(Hook.Plain.REMOVE) : Optional.of(new Operation.Die());
    }

    private static Optional<Operation> firstOf(UnitView unit, Function<RelationView, Optional<Hook>> question) {
        return unit.relations().stream()
                .flatMap(relation -> question.apply(relation).stream())
                .findFirst()
                .map(Operation.RunHook::new);
    }

    private static Optional<Operation> run(Hook hook) {
        return Optional.of(new Operation.RunHook(hook));
    }
}
