// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.Optional;

/**
 * Decides what a unit does next in a rolling upgrade. Knows no clock, no store and no thread.
 *
 * <ol>
 *   <li>The leader orders the units in a stack, after a check that they are fit; an operator can see and change the order
 *       of things only through the leader.
 *   <li>Each unit that has another program, or sees that the application has another target, says that it is ready.
 *   <li>The unit at the top of the stack asks for its turn when nothing stands in its way ({@link Turn}), replaces its
 *       workload, and says that it is done, or that it failed. A unit that has what it should have is done at once.
 *   <li>The leader takes it off the stack. On Kubernetes, which replaces pods itself, the leader then moves the partition.
 *   <li>When the stack is empty all units are at rest, and the leader stores what the program declares.
 * </ol>
 *
 * <p>What is guaranteed, and on what it rests: two units never have their turn at once and the order is that of the stack
 * ({@link Turn}, which rests on {@link UpgradeView} being what it says); a failure keeps everybody else where they are;
 * nothing is replaced by what is there already; every state has a way out that an operator can order; an event that is
 * lost, late or told twice changes nothing of this, as all that follows is derived from what is written. It is not
 * guaranteed that an upgrade gets on while a unit of the stack, or every possible leader, is away: an operator may leave
 * such a unit out.
 *
 * <p>A host calls {@link #decide} with every event, carries the decision out as {@link UpgradeDecision} says, and then
 * decides {@link UpgradeEvent.Changed} with a fresh view until the decision is quiet; {@link UpgradeDriver} does that.
 */
public final class UpgradeCoordinator {
    private UpgradeCoordinator() {}

    /** Decides; never throws. */
    public static UpgradeDecision decide(UpgradeView view, UpgradeEvent event) {
        UnitDecisions unit = new UnitDecisions(view);
        CommandDecisions commands = new CommandDecisions(view);
        if (event instanceof UpgradeEvent.Changed) {
            return changed(view);
        } else if (event instanceof UpgradeEvent.Joined) {
            return unit.joined();
        } else if (event instanceof UpgradeEvent.Refreshed) {
            return unit.refreshed(true).orElse(UpgradeDecision.NOTHING);
        } else if (event instanceof UpgradeEvent.TurnTaken) {
            return unit.turnTaken();
        } else if (event instanceof UpgradeEvent.Completed) {
            return unit.completed();
        } else if (event instanceof UpgradeEvent.Failed failed) {
            return unit.failed(failed.problem());
        } else if (event instanceof UpgradeEvent.Checked checked) {
            return commands.checked(checked.command(), checked.order());
        } else if (event instanceof UpgradeEvent.CheckFailed failed) {
            return commands.checkFailed(failed.command(), failed.problem());
        } else if (event instanceof UpgradeEvent.PartitionFailed failed) {
            return commands.partitionFailed(failed.during(), failed.problem());
        } else if (event instanceof UpgradeCommand command) {
            return commands.of(command);
        }
        throw new AssertionError(event);
    }

    private static UpgradeDecision changed(UpgradeView view) {
        Optional<UpgradeDecision> next = view.leads() ? new LeaderDecisions(view).next() : Optional.empty();
        return next.or(() -> new UnitDecisions(view).next())
                .orElseGet(() -> StatusText.of(view)
                        .map(UpgradeDecision.NOTHING::showing)
                        .orElse(UpgradeDecision.NOTHING));
    }
}
