// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.upgrade.UpgradeDecision.PartitionChange;
import io.rollingops.upgrade.UpgradeDecision.PartitionChange.Direction;
import java.util.EnumSet;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the leader decides for the application without being asked. All of it follows from what is written, so a leader
 * that comes late, or after another, does what is left to do.
 */
final class LeaderDecisions {
    /** What keeps the next pod from being let go. The rest says only that it was not replaced yet. */
    private static final Set<Turn.Kind> HOLDING_BACK = EnumSet.of(
            Turn.Kind.DAMAGED,
            Turn.Kind.FAILED,
            Turn.Kind.UNREADABLE,
            Turn.Kind.GONE,
            Turn.Kind.UPGRADING,
            Turn.Kind.PAUSED,
            Turn.Kind.NOT_NOTED,
            Turn.Kind.DONE);

    private final UpgradeView view;
    private final ApplicationUpgrade application;

    LeaderDecisions(UpgradeView view) {
        this.view = view;
        this.application = view.application();
    }

    /** The first thing that is to be done now, if there is any. */
    Optional<UpgradeDecision> next() {
        if (!application.damage().isEmpty()) {
            return Optional.empty();
        }
        return withoutGone()
                .or(this::withoutDone)
                .or(this::withDue)
                .or(this::declared)
                .or(this::released);
    }

    private Optional<UpgradeDecision> withoutGone() {
        Set<UnitName> gone = new TreeSet<>(Turn.concerned(view));
        gone.removeAll(view.existing());
        if (gone.isEmpty()) {
            return Optional.empty();
        }
        ApplicationUpgrade after = application
                .stacked(application.stack().keeping(unit -> !gone.contains(unit)))
                .keeping(order -> order.unit().filter(gone::contains).isEmpty());
        return Optional.of(write(after, "of the stack has left: " + UpgradeStack.names(gone)));
    }

    private Optional<UpgradeDecision> withoutDone() {
        Optional<UnitName> top = application.stack().top().filter(view::isDone);
        if (top.isEmpty()) {
            return Optional.empty();
        }
        UpgradeStack left = application.stack().popped();
        return Optional.of(write(
                application.pausing(application.pause().minus(1)).stacked(left),
                top.get() + " is done, " + (left.isEmpty() ? "and was the last" : "still to come: " + left)));
    }

    /** Units that have another program since they were done, or joined with an older one: they come below the top. */
    private Optional<UpgradeDecision> withDue() {
        NavigableSet<UnitName> due = new TreeSet<>();
        view.counted().forEach((unit, bag) -> {
            boolean isOutside = !application.stack().contains(unit) && !view.isSkipped(unit);
            if (isOutside && (bag.isDue() || isBehind(bag))) {
                due.add(unit);
            }
        });
        if (due.isEmpty() || application.stack().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(write(
                application.stacked(joinedBy(view, due)).inRound(view.nextRound()),
                "to be upgraded as well: " + UpgradeStack.names(due)));
    }

    /** A pod that joined with the old program: Kubernetes will replace it as well when the partition comes below it. */
    private boolean isBehind(UnitUpgrade bag) {
        if (!view.onKubernetes() || !bag.is(UpgradeState.IDLE) || !bag.tellsReleases()) {
            return false;
        }
        return view.goal().isPresent()
                ? !bag.offered().equals(view.goal())
                : view.firstThat(other -> other.is(UpgradeState.COMPLETED)
                                && other.tellsReleases()
                                && !other.offered().equals(bag.offered()))
                        .isPresent();
    }

    static UpgradeStack joinedBy(UpgradeView view, NavigableSet<UnitName> more) {
        UpgradeStack joined = view.stack().joinedBy(more);
        return view.onKubernetes() ? UpgradeStack.highestFirst(joined.units()) : joined;
    }

    /** What the program declares is stored when it is what runs: the next program will be compared with it. */
    private Optional<UpgradeDecision> declared() {
        UnitUpgrade own = view.own();
        Optional<String> document = Optional.of(view.facts().declared().write());
        boolean isOver = application.stack().isEmpty()
                && view.firstThat(unit -> unit.state().isPresent()
                                && !unit.is(UpgradeState.IDLE)
                                && !unit.is(UpgradeState.COMPLETED))
                        .isEmpty();
        boolean runsIt = own.tellsReleases() ? !own.isDue() : own.is(UpgradeState.COMPLETED);
        boolean isFirst = application.dependencies().isEmpty() && own.is(UpgradeState.IDLE) && !own.isDue();
        if (!isOver
                || !(runsIt || isFirst)
                || view.facts().declared().models().isEmpty()
                || application.dependencies().equals(document)) {
            return Optional.empty();
        }
        return Optional.of(write(application.declaring(document.get()), "the versions of this program are stored"));
    }

    /** The next pod is let go; or, as long as the way back has not begun, none but the highest. */
    private Optional<UpgradeDecision> released() {
        Optional<UnitName> top = application.stack().top();
        OptionalInt partition = view.partition();
        if (!view.onKubernetes() || application.round() == 0 || top.isEmpty() || partition.isEmpty()) {
            return Optional.empty();
        }
        boolean isWayBackHeld = view.isReturning() && top.get().equals(view.highest());
        PartitionChange change =
                new PartitionChange(top.get().number(), isWayBackHeld ? Direction.HOLD : Direction.RELEASE);
        boolean isHeldBack = Turn.of(view).obstacles().stream()
                .filter(obstacle -> obstacle.kind() != Turn.Kind.FAILED
                        || obstacle.unit().filter(view::isLeftBehind).isEmpty())
                .anyMatch(obstacle -> HOLDING_BACK.contains(obstacle.kind()));
        return (isHeldBack && !isWayBackHeld) || !change.changes(partition.getAsInt())
                ? Optional.empty()
                : Optional.of(UpgradeDecision.NOTHING
                        .moving(change)
                        .because("Kubernetes may replace pods from " + change.to() + " on"));
    }

    private UpgradeDecision write(ApplicationUpgrade after, String reason) {
        return UpgradeDecision.writing(application, after, reason);
    }
}
