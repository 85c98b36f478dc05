// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.upgrade.UpgradeDecision.Call;
import io.rollingops.upgrade.UpgradeDecision.PartitionChange;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Carries out what the {@link UpgradeCoordinator} decides, until there is nothing to do. It keeps nothing between two
 * events, so that a process may end at any point; the next event, whatever it is, goes on from what is written.
 */
public final class UpgradeDriver {
    /** More steps than any event can need; a step is one databag, one partition or one call. */
    static final int MAX_STEPS = 4 * UpgradeStack.MAX_UNITS;

    private final UpgradeHost host;
    private final RollingUpgrade upgrade;
    private final RolloutPartition partition;

    /**
     * A driver for one unit.
     *
     * @param partition is not called unless the unit is on Kubernetes
     */
    public UpgradeDriver(UpgradeHost host, RollingUpgrade upgrade, RolloutPartition partition) {
        this.host = host;
        this.upgrade = upgrade;
        this.partition = partition;
    }

    /**
     * Handles one event and all that follows from it on this unit.
     *
     * @return what the operator is told, to a command
     */
    public Optional<UpgradeAnswer> handle(UpgradeEvent event) {
        Optional<UpgradeAnswer> answer = Optional.empty();
        Optional<UpgradeEvent> next = Optional.of(event);
        for (int step = 0; next.isPresent(); step++) {
            if (step == MAX_STEPS) {
                throw new IllegalStateException("the upgrade does not come to rest; the last event was " + next.get());
            }
            UpgradeView view = host.view();
            UpgradeDecision decision = UpgradeCoordinator.decide(view, next.get());
            if (decision.write().isPresent() && !host.write(decision.write().get(), view)) {
                continue;
            }
            boolean isAtRest = decision.isQuiet() && next.get() instanceof UpgradeEvent.Changed;
            decision.status().ifPresentOrElse(host::show, isAtRest ? host::showNothing : () -> {});
            if (decision.answer().isPresent()) {
                answer = decision.answer();
            }
            next = following(next.get(), decision, view);
        }
        return answer;
    }

    /** What comes after a decision whose write is done. */
    private Optional<UpgradeEvent> following(UpgradeEvent event, UpgradeDecision decision, UpgradeView view) {
        Optional<UpgradeEvent> problem = decision.partition().flatMap(change -> move(event, change, view));
        if (problem.isPresent()) {
            return problem;
        }
        Optional<UpgradeEvent> outcome = decision.call().flatMap(call -> call(call, view));
        boolean isWaiting = decision.call().isPresent() && decision.call().get() instanceof Call.AskForTurn;
        if (outcome.isPresent() || isWaiting) {
            return outcome;
        }
        boolean isLast = decision.isQuiet()
                && (event instanceof UpgradeEvent.Changed || event instanceof UpgradeEvent.PartitionFailed);
        return isLast ? Optional.empty() : Optional.of(new UpgradeEvent.Changed());
    }

    private Optional<UpgradeEvent> move(UpgradeEvent event, PartitionChange change, UpgradeView view) {
        OptionalInt seen = view.partition();
        try {
            if (seen.isEmpty() || change.changes(seen.getAsInt())) {
                partition.set(change.to());
            }
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(new UpgradeEvent.PartitionFailed(event, Problem.of(e)));
        }
    }

    private Optional<UpgradeEvent> call(Call call, UpgradeView view) {
        if (call instanceof Call.AskForTurn) {
            return host.takeTurn() ? Optional.of(new UpgradeEvent.TurnTaken()) : Optional.empty();
        } else if (call instanceof Call.Upgrade) {
            return replaceWorkload();
        } else if (call instanceof Call.Check check) {
            return Optional.of(check(check.command(), view));
        }
        upgrade.logRollbackInstructions();
        return Optional.empty();
    }

    private Optional<UpgradeEvent> replaceWorkload() {
        try {
            return switch (upgrade.onUpgradeGranted()) {
                case COMPLETED -> Optional.of(new UpgradeEvent.Completed());
                case LATER -> Optional.empty();
            };
        } catch (RuntimeException e) {
            return Optional.of(new UpgradeEvent.Failed(Problem.of(e)));
        }
    }

    private UpgradeEvent check(UpgradeCommand.Check command, UpgradeView view) {
        try {
            upgrade.preUpgradeCheck();
            List<UnitName> order = view.onKubernetes()
                    ? List.of()
                    : upgrade.buildUpgradeStack(List.copyOf(view.existing()), view.self());
            return new UpgradeEvent.Checked(command, order);
        } catch (RuntimeException e) {
            return new UpgradeEvent.CheckFailed(command, Problem.of(e));
        }
    }
}
