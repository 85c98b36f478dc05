// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.upgrade.UpgradeDecision.Call;
import io.rollingops.upgrade.UpgradeDecision.PartitionChange;
import io.rollingops.upgrade.UpgradeDecision.PartitionChange.Direction;
import java.util.Optional;
import java.util.function.Supplier;

/** What a unit decides for itself. It writes its own databag and nothing else. */
final class UnitDecisions {
    private final UpgradeView view;
    private final UnitName self;
    private final UnitUpgrade own;
    private final ApplicationUpgrade application;

    UnitDecisions(UpgradeView view) {
        this.view = view;
        this.self = view.self();
        this.own = view.own();
        this.application = view.application();
    }

    /** A new unit is at rest, with what its program brought. One that has said something before keeps what it said. */
    UpgradeDecision joined() {
        if (!own.isUnset()) {
            return UpgradeDecision.NOTHING;
        }
        UnitUpgrade fresh = own.idle()
                .offering(view.release())
                .having(view.facts().found().orElse(view.facts().release()))
                .noting(application.round());
        return write(fresh, self + " joins");
    }

    /** The first thing that is to be done now, if there is any. */
    Optional<UpgradeDecision> next() {
        if (own.isUnset() || isAtWork()) {
            return Optional.empty();
        }
        return mended().or(this::noted)
                .or(() -> refreshed(false))
                .or(this::corrected)
                .or(this::byState);
    }

    /** The unit has another program: it is ready for its turn, or on Kubernetes in the middle of it. */
    Optional<UpgradeDecision> refreshed(boolean told) {
        boolean isNew = !own.offered().equals(Optional.of(view.release()));
        boolean isKnown = told || own.tellsReleases();
        if (!isNew || !isKnown || isAtWork()) {
            return Optional.empty();
        }
        UnitUpgrade offering = own.offering(view.release());
        UnitUpgrade after = view.onKubernetes() ? offering.havingNothingCertain() : offering;
        if (view.stack().isEmpty() || view.isSkipped(self)) {
            return Optional.of(write(after.idle(), self + " has the program of " + view.release() + ", unasked"));
        }
        if (after.isDue() || view.stack().contains(self)) {
            return Optional.of(readied(after));
        }
        return Optional.of(
                write(after.is(UpgradeState.COMPLETED) ? after : after.idle(), self + " has its old program"));
    }

    /** The unit was given its turn. What is true now counts, not what was true when it asked. */
    UpgradeDecision turnTaken() {
        boolean maybeMine = own.is(UpgradeState.READY) || hasLostItsTurn();
        if (isAtWork() || isDoneForThisRound() || !maybeMine) {
            return UpgradeDecision.NOTHING.because("the turn is not taken: there is nothing to do");
        }
        Turn turn = Turn.of(view);
        if (!hasLostItsTurn() && !turn.isFor(self)) {
            return UpgradeDecision.NOTHING.because("the turn is not taken: "
                    + turn.obstacles().stream()
                            .findFirst()
                            .map(Turn.Obstacle::text)
                            .orElse("it is not this unit's"));
        }
        if (own.is(UpgradeState.READY) && view.needsNothing(own)) {
            return UpgradeDecision.NOTHING.because("the turn is not taken: there is nothing to replace any more");
        }
        return DependencyCheck.of(view.facts().declared(), view.facts().reported())
                .refusal()
                .filter(refusal -> !view.isForced())
                .map(refusal -> failed(Problem.of(refusal)))
                .orElseGet(() -> write(own.begun(), self + " begins").calling(new Call.Upgrade()));
    }

    /** The workload is replaced and well. Of a unit that has nothing to do it is an echo of something earlier. */
    UpgradeDecision completed() {
        boolean mayComplete = own.is(UpgradeState.UPGRADING)
                || own.is(UpgradeState.FAILED)
                || (own.is(UpgradeState.RECOVERY) && view.onKubernetes());
        if (!mayComplete) {
            return UpgradeDecision.NOTHING.because(
                    self + " is not upgrading; its completion is late or was told twice");
        }
        Optional<Release> found = view.facts().found();
        if (own.tellsReleases() && found.isPresent() && !found.equals(own.offered())) {
            return failed(new Problem(
                    "the upgrade left " + found.get() + " in place of "
                            + own.offered().get(),
                    "the upgrade ended without an error, but another release was found installed",
                    "look at the workload of " + self + ", then let the unit try again"));
        }
        UpgradeDecision decision =
                write(own.offered().map(own::having).orElse(own).completed(), self + " is done");
        return ownRelease().map(decision::moving).orElse(decision);
    }

    /** It is not. */
    UpgradeDecision failed(Problem problem) {
        if (own.is(UpgradeState.FAILED) && own.problem().equals(Optional.of(problem))) {
            return UpgradeDecision.NOTHING;
        }
        return write(own.failed(problem), self + " failed: " + problem.message())
                .calling(new Call.TellWayBack());
    }

    private boolean isAtWork() {
        return view.facts().working() && !view.onKubernetes();
    }

    private boolean isDoneForThisRound() {
        return application.round() > 0 && own.isDoneFor(application.round());
    }

    /** It was in the middle of its turn when its process ended. */
    private boolean hasLostItsTurn() {
        return own.is(UpgradeState.UPGRADING)
                && !view.onKubernetes()
                && !view.facts().working()
                && view.stack().isTop(self);
    }

    private Optional<UpgradeDecision> mended() {
        return when(
                own.state().isEmpty(),
                () -> write(own.idle(), self + " could not read its own state and is at rest now"));
    }

    /** Between two turns a unit takes note of what was ordered; see {@link Turn}. */
    private Optional<UpgradeDecision> noted() {
        long noted = own.round().orElse(0);
        if (noted >= application.round()) {
            return Optional.empty();
        }
        UnitUpgrade after = own;
        for (OperatorOrder order : application.orders()) {
            if (order.round() > noted) {
                after = obeying(order, after);
            }
        }
        if (after.is(UpgradeState.UPGRADING) && !view.onKubernetes()) {
            after = after.now(UpgradeState.READY);
        }
        after = after.noting(application.round());
        if (after.is(UpgradeState.COMPLETED) && (!after.tellsReleases() || view.needsNothing(after))) {
            after = after.completed();
        }
        return Optional.of(write(after, self + " notes round " + application.round()));
    }

    private UnitUpgrade obeying(OperatorOrder order, UnitUpgrade unit) {
        boolean isMine = order.isFor(self);
        return switch (order.kind()) {
            case CHECK, PAUSE, RESUME -> unit;
            case ABANDON -> unit.idle();
            case SKIP, LEAVE_OUT -> isMine ? unit.idle() : unit;
            case ROLLBACK -> isMine && application.target().isEmpty() ? unit.now(UpgradeState.RECOVERY) : unit;
            case RETRY, FORCE ->
                isMine && (unit.is(UpgradeState.FAILED) || unit.is(UpgradeState.UPGRADING))
                        ? unit.mended().now(view.onKubernetes() ? UpgradeState.UPGRADING : UpgradeState.READY)
                        : unit;
        };
    }

    /** Somebody else changed the workload. While it is being replaced, or just was, that is no news. */
    private Optional<UpgradeDecision> corrected() {
        Optional<Release> found = view.facts().found();
        boolean atRest = own.is(UpgradeState.IDLE) || own.is(UpgradeState.READY);
        return when(
                atRest && own.installed().isPresent() && found.isPresent() && !found.equals(own.installed()),
                () -> write(own.having(found.orElseThrow()), self + " was found to have " + found.orElseThrow()));
    }

    private Optional<UpgradeDecision> byState() {
        return switch (own.state().orElseThrow()) {
            case IDLE -> idle();
            case READY -> ready();
            case UPGRADING -> when(hasLostItsTurn() && !isDoneForThisRound(), this::asking);
            case COMPLETED -> completedBefore();
            case RECOVERY -> recovering();
            case FAILED -> Optional.empty();
        };
    }

    private Optional<UpgradeDecision> idle() {
        if (view.stack().isEmpty() || view.isSkipped(self)) {
            return Optional.empty();
        }
        boolean willBeReplaced =
                view.onKubernetes() && view.goal().isPresent() && !own.offered().equals(view.goal());
        if (own.isDue() && !willBeReplaced) {
            return Optional.of(readied(own));
        }
        boolean isThere = view.stack().contains(self) && view.needsNothing(own) && isGoalKnown();
        if (isThere && !view.onKubernetes()) {
            return Optional.of(readied(own));
        }
        return when(
                isThere && view.stack().isTop(self),
                () -> write(own.completed(), self + " has " + own.installed().orElseThrow() + " already"));
    }

    /** The application says where the upgrade leads; or another unit that takes part shows that it leads here. */
    private boolean isGoalKnown() {
        return view.goal().isPresent()
                || view.firstThat(unit -> (unit.isDue() || unit.is(UpgradeState.COMPLETED))
                                && unit.offered().equals(own.offered()))
                        .isPresent();
    }

    private Optional<UpgradeDecision> ready() {
        boolean isOutside = !view.stack().contains(self);
        if (own.tellsReleases() && isOutside && (!own.isDue() || view.stack().isEmpty() || view.isSkipped(self))) {
            return Optional.of(write(own.idle(), self + " has no part in the upgrade any more"));
        }
        if (isDoneForThisRound() || !Turn.of(view).isFor(self)) {
            return Optional.empty();
        }
        return Optional.of(
                own.tellsReleases() && view.needsNothing(own)
                        ? write(own.completed(), self + " has " + own.offered().orElseThrow() + " already")
                        : asking());
    }

    private Optional<UpgradeDecision> completedBefore() {
        if (own.tellsReleases() && own.isDue() && !view.stack().isEmpty() && !view.isSkipped(self)) {
            return Optional.of(readied(own));
        }
        if (application.round() > 0
                && view.stack().isTop(self)
                && !own.isDoneFor(application.round())
                && (!own.tellsReleases() || view.needsNothing(own))) {
            return Optional.of(write(own.completed(), self + " is done for round " + application.round()));
        }
        boolean isOver = view.stack().isEmpty()
                && application.damage().isEmpty()
                && view.firstThat(unit -> unit.state().isPresent()
                                && !unit.is(UpgradeState.IDLE)
                                && !unit.is(UpgradeState.COMPLETED))
                        .isEmpty();
        if (isOver) {
            return Optional.of(write(own.idle(), "all units are done, " + self + " is at rest")
                    .showing(UpgradeStatus.active()));
        }
        Optional<PartitionChange> release = ownRelease()
                .filter(change -> view.partition().isPresent()
                        && change.changes(view.partition().getAsInt())
                        && !view.anyIs(UpgradeState.FAILED));
        return release.map(change ->
                UpgradeDecision.NOTHING.moving(change).because("pods from " + change.to() + " on may be replaced"));
    }

    private Optional<UpgradeDecision> recovering() {
        boolean isExpected = !view.isReturning() || own.offered().equals(view.goal());
        if (!own.tellsReleases() || !isExpected) {
            return Optional.empty();
        }
        return Optional.of(
                own.isDue() || (!view.onKubernetes() && view.stack().contains(self))
                        ? readied(own)
                        : write(own.idle(), self + " waits no longer for the previous release"));
    }

    /**
     * The unit takes part: ready for its turn, or where Kubernetes has replaced it already, in the middle of it. Versions
     * are compared by each unit, so that the answer depends on nobody's leading or number.
     */
    private UpgradeDecision readied(UnitUpgrade unit) {
        Optional<UpgradeError.VersionError> refusal = VersionCheck.of(
                        application.dependencies(), view.facts().declared())
                .refusal();
        if (refusal.isPresent() && !view.isForced() && !view.needsNothing(unit)) {
            return write(unit.failed(Problem.of(refusal.get())), self + " refuses its program: " + refusal.get())
                    .calling(new Call.TellWayBack());
        }
        return view.onKubernetes()
                ? write(unit.mended().now(UpgradeState.UPGRADING), self + " was replaced by Kubernetes")
                : write(unit.mended().now(UpgradeState.READY), self + " is ready");
    }

    private UpgradeDecision asking() {
        return UpgradeDecision.NOTHING.calling(new Call.AskForTurn()).because("it is the turn of " + self);
    }

    /**
     * As the original: a pod that is done lets the next one go. Only where no leader of ours ordered the upgrade; one that
     * did lets pods go itself, after it has seen who is done, and so obeys pauses.
     */
    private Optional<PartitionChange> ownRelease() {
        return when(
                view.onKubernetes()
                        && application.round() == 0
                        && !application.pause().isNow()
                        && self.number() > 0
                        && !self.equals(view.highest()),
                () -> new PartitionChange(self.number() - 1, Direction.RELEASE));
    }

    private UpgradeDecision write(UnitUpgrade after, String reason) {
        UpgradeDecision decision = UpgradeDecision.writing(own, after, reason);
        return StatusText.of(view.with(after)).map(decision::showing).orElse(decision);
    }

    private static <T> Optional<T> when(boolean condition, Supplier<T> value) {
        return condition ? Optional.of(value.get()) : Optional.empty();
    }
}
