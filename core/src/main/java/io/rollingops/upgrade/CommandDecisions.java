// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.upgrade.UpgradeDecision.Call;
import io.rollingops.upgrade.UpgradeDecision.PartitionChange;
import io.rollingops.upgrade.UpgradeDecision.PartitionChange.Direction;
import io.rollingops.version.Version;
import io.rollingops.version.VersionSyntaxException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What becomes of an operator's command. Each is a question to the leader and one change of the application's databag;
 * what it means for a unit, the unit does when it notes the round.
 */
final class CommandDecisions {
    private static final String NOT_LEADER = "Action must be ran on the Juju leader.";
    private static final String ALREADY = "Cannot run pre-upgrade checks, cluster already upgrading.";
    private static final String NOTHING_TO_RESUME = "Nothing to resume, upgrade stack unset.";
    private static final String TOO_EARLY = "Upgrade can be resumed only once after juju refresh is called.";
    private static final String NO_UPGRADE = "No upgrade is going on.";

    private final UpgradeView view;
    private final ApplicationUpgrade application;

    CommandDecisions(UpgradeView view) {
        this.view = view;
        this.application = view.application();
    }

    UpgradeDecision of(UpgradeCommand command) {
        if (!view.leads()) {
            return UpgradeDecision.refused(NOT_LEADER, "");
        }
        boolean isWayOut = command instanceof UpgradeCommand.Rollback
                || command instanceof UpgradeCommand.Abandon
                || command instanceof UpgradeCommand.Check;
        if (!isWayOut && !application.damage().isEmpty()) {
            return UpgradeDecision.refused(damage(), "restore the key, or abandon the upgrade");
        }
        if (!isWayOut && application.orders().size() >= OperatorOrder.MAX_ORDERS) {
            return UpgradeDecision.refused("too many orders in one upgrade", "go back, or abandon the upgrade");
        }
        if (command instanceof UpgradeCommand.Check check) {
            return check(check);
        } else if (command instanceof UpgradeCommand.Pause pause) {
            return pause(pause.reason());
        } else if (command instanceof UpgradeCommand.Resume resume) {
            return resume(resume.pause());
        } else if (command instanceof UpgradeCommand.Retry retry) {
            return retry(OperatorOrder.Kind.RETRY, retry.unit(), retry.reason());
        } else if (command instanceof UpgradeCommand.Force force) {
            return retry(OperatorOrder.Kind.FORCE, force.unit(), force.reason());
        } else if (command instanceof UpgradeCommand.Skip skip) {
            return skip(OperatorOrder.Kind.SKIP, skip.unit(), skip.reason());
        } else if (command instanceof UpgradeCommand.LeaveOut leaveOut) {
            return skip(OperatorOrder.Kind.LEAVE_OUT, leaveOut.unit(), leaveOut.reason());
        } else if (command instanceof UpgradeCommand.Rollback rollback) {
            return rollback(rollback.reason());
        } else if (command instanceof UpgradeCommand.Abandon abandon) {
            return abandon(abandon.reason());
        }
        throw new AssertionError(command);
    }

    private UpgradeDecision check(UpgradeCommand.Check check) {
        Optional<UpgradeDecision> instead = insteadOfCheck(check);
        if (instead.isPresent()) {
            return instead.get();
        }
        UpgradeDecision decision =
                UpgradeDecision.NOTHING.calling(new Call.Check(check)).because("the check begins");
        return view.onKubernetes() ? heldAtHighest(decision) : decision;
    }

    /** The check found nothing. Since it was asked for, anything may have changed. */
    UpgradeDecision checked(UpgradeCommand.Check check, List<UnitName> order) {
        Optional<UpgradeDecision> instead = insteadOfCheck(check);
        if (instead.isPresent()) {
            return instead.get();
        }
        Optional<String> defect = view.onKubernetes() ? Optional.empty() : UpgradeStack.defect(order, view.existing());
        if (defect.isPresent()) {
            return UpgradeDecision.refused(defect.get(), "correct the order that the program builds");
        }
        return begun(check, view.onKubernetes() ? UpgradeStack.highestFirst(view.existing()) : new UpgradeStack(order));
    }

    UpgradeDecision checkFailed(UpgradeCommand.Check check, Problem problem) {
        if (check.overruled().isEmpty()) {
            return UpgradeDecision.refused(problem.message(), remedy(problem));
        }
        return insteadOfCheck(check).orElseGet(() -> begun(check, defaultOrder()));
    }

    /** A partition could not be set; whatever was asked together with it stands, and it is tried again. */
    UpgradeDecision partitionFailed(UpgradeEvent during, Problem problem) {
        if (during instanceof UpgradeCommand.Resume) {
            return UpgradeDecision.refused("Cannot set rolling update partition.", problem.line());
        } else if (during instanceof UpgradeCommand) {
            return UpgradeDecision.refused(problem.message(), remedy(problem));
        }
        return UpgradeDecision.NOTHING
                .showing(UpgradeStatus.blocked(problem.line()))
                .because("the partition could not be set: " + problem.line());
    }

    private Optional<UpgradeDecision> insteadOfCheck(UpgradeCommand.Check check) {
        if (!view.leads()) {
            return Optional.of(UpgradeDecision.refused(NOT_LEADER, ""));
        }
        if (!application.damage().isEmpty() && check.overruled().isEmpty()) {
            return Optional.of(UpgradeDecision.refused(
                    damage(), "restore the key, abandon the upgrade, or overrule with a reason"));
        }
        if (view.anyIs(UpgradeState.RECOVERY) && check.target().isEmpty()) {
            return Optional.of(UpgradeDecision.done("ready to rollback application"));
        }
        if (view.anyIs(UpgradeState.FAILED) && check.target().isEmpty()) {
            return Optional.of(rollback(""));
        }
        Optional<UnitName> busy = view.firstThat(unit -> !unit.is(UpgradeState.IDLE));
        if (busy.isPresent()) {
            UnitUpgrade bag = view.units().getOrDefault(busy.get(), UnitUpgrade.NEW);
            String what = bag.state().map(UpgradeState::wire).orElse("without a state yet");
            String remedy = busy.get() + " is " + what + "; see the status of the upgrade"
                    + (bag.is(UpgradeState.FAILED) ? ": roll back, or let the unit try again" : "");
            return Optional.of(UpgradeDecision.refused(ALREADY, remedy));
        }
        return olderTarget(check);
    }

    private Optional<UpgradeDecision> olderTarget(UpgradeCommand.Check check) {
        Optional<Release> installed = view.own().installed();
        if (check.target().isEmpty() || installed.isEmpty() || check.overruled().isPresent()) {
            return Optional.empty();
        }
        try {
            Version from = Version.parse(installed.get().name());
            Version to = Version.parse(check.target().get().name());
            return to.compareTo(from) < 0
                    ? Optional.of(UpgradeDecision.refused(
                            to + " is older than " + from + ", which is installed",
                            "give a reason to overrule this, if the older version can read the data of the newer"))
                    : Optional.empty();
        } catch (VersionSyntaxException.InvalidVersion e) {
            return Optional.empty();
        }
    }

    private UpgradeDecision begun(UpgradeCommand.Check check, UpgradeStack stack) {
        long round = view.nextRound();
        UnitUpgrade own = view.own();
        Optional<Release> previous = own.installed()
                .or(() -> own.tellsReleases()
                        ? Optional.empty()
                        : Optional.of(view.facts().release()));
        ApplicationUpgrade after = application
                .cleared()
                .stacked(stack)
                .ordered(
                        round,
                        new OperatorOrder(
                                round,
                                OperatorOrder.Kind.CHECK,
                                Optional.empty(),
                                check.overruled().orElse("")))
                .pausing(pauseOf(check.pause()))
                .goingFor(check.target(), previous);
        return write(after, "checked; the order is " + UpgradeStack.names(stack.inOrder()));
    }

    private UpgradeDecision pause(String reason) {
        if (application.stack().isEmpty()) {
            return UpgradeDecision.refused(NO_UPGRADE, "");
        }
        OperatorOrder order =
                new OperatorOrder(application.round(), OperatorOrder.Kind.PAUSE, Optional.empty(), reason);
        return write(
                application.ordered(application.round(), order).pausing(new UpgradePause.After(0)),
                "the upgrade halts before the next unit; one that has begun ends its turn");
    }

    private UpgradeDecision resume(UpgradePause next) {
        Optional<UnitName> top = application.stack().top();
        if (top.isEmpty()) {
            return UpgradeDecision.refused(NOTHING_TO_RESUME, "");
        }
        Optional<UnitName> failed = view.counted().keySet().stream()
                .filter(unit -> view.units().getOrDefault(unit, UnitUpgrade.NEW).is(UpgradeState.FAILED)
                        && !view.isLeftBehind(unit))
                .findFirst();
        if (failed.isPresent() && application.round() > 0) {
            return UpgradeDecision.refused(
                    failed.get() + " failed", "roll back, or let the unit try again, or skip it");
        }
        boolean isPaused = application.pause().isNow();
        if (!isPaused && !isHaltedByOriginal()) {
            return UpgradeDecision.refused(
                    view.onKubernetes() && application.round() == 0 ? TOO_EARLY : "The upgrade does not pause.",
                    "see the status of the upgrade for what it waits for");
        }
        String message = "Upgrade will resume on unit " + top.get().number();
        OperatorOrder order = new OperatorOrder(application.round(), OperatorOrder.Kind.RESUME, Optional.empty(), "");
        UpgradePause pause = next instanceof UpgradePause.BySubstrate ? new UpgradePause.Never() : next;
        UpgradeDecision decision = isPaused
                ? write(application.ordered(application.round(), order).pausing(pause), message)
                : UpgradeDecision.done(message);
        return view.onKubernetes() && application.round() == 0
                ? decision.moving(new PartitionChange(top.get().number(), Direction.RELEASE))
                : decision;
    }

    /** Where the check was the original's, the upgrade halts on Kubernetes after the highest unit. */
    private boolean isHaltedByOriginal() {
        return view.onKubernetes()
                && application.round() == 0
                && !application.stack().contains(view.highest());
    }

    private UpgradeDecision retry(OperatorOrder.Kind kind, UnitName unit, String reason) {
        UnitUpgrade bag = view.units().getOrDefault(unit, UnitUpgrade.NEW);
        if (!view.existing().contains(unit)) {
            return UpgradeDecision.refused(unit + " does not exist.", "");
        }
        if (!bag.is(UpgradeState.FAILED) && !bag.is(UpgradeState.UPGRADING)) {
            return UpgradeDecision.refused(unit + " has not failed.", "see the status of the upgrade");
        }
        long round = view.nextRound();
        boolean isForward = application.target().isEmpty()
                && bag.tellsReleases()
                && !bag.offered().equals(application.previous());
        NavigableSet<UnitName> one = new TreeSet<>(List.of(unit));
        ApplicationUpgrade after = application
                .keeping(order -> !isForward || order.kind() != OperatorOrder.Kind.ROLLBACK)
                .stacked(LeaderDecisions.joinedBy(view, one))
                .ordered(round, new OperatorOrder(round, kind, Optional.of(unit), reason));
        return write(after, unit + " tries again");
    }

    private UpgradeDecision skip(OperatorOrder.Kind kind, UnitName unit, String reason) {
        boolean hasFailed = view.units().getOrDefault(unit, UnitUpgrade.NEW).is(UpgradeState.FAILED);
        if (!application.stack().contains(unit) && !hasFailed) {
            return UpgradeDecision.refused(unit + " is not among those that are to be upgraded.", "");
        }
        if (view.onKubernetes()
                && view.units().getOrDefault(unit, UnitUpgrade.NEW).is(UpgradeState.IDLE)) {
            return UpgradeDecision.refused(
                    unit + " was not replaced yet; Kubernetes leaves out no pod above the partition.",
                    "halt before it, go back, or abandon the upgrade");
        }
        long round = view.nextRound();
        ApplicationUpgrade after = application
                .stacked(application.stack().keeping(other -> !other.equals(unit)))
                .ordered(round, new OperatorOrder(round, kind, Optional.of(unit), reason));
        return write(after, unit + " stays as it is");
    }

    /** All units take part in the way back: those that were not upgraded yet find that they have nothing to do. */
    private UpgradeDecision rollback(String reason) {
        if (!view.isRolling()) {
            return UpgradeDecision.refused(NO_UPGRADE, "to go to an older version, begin an upgrade to it");
        }
        boolean hasTarget = application.target().isPresent();
        if (hasTarget && application.previous().isEmpty()) {
            return UpgradeDecision.refused("The previous release is not known.", "begin an upgrade to it by name");
        }
        long round = view.nextRound();
        OperatorOrder order = new OperatorOrder(
                round, OperatorOrder.Kind.ROLLBACK, hasTarget ? Optional.empty() : Optional.of(view.self()), reason);
        boolean tooMany = application.orders().size() >= OperatorOrder.MAX_ORDERS;
        ApplicationUpgrade kept = application.mended().keeping(earlier -> switch (earlier.kind()) {
            case SKIP, ROLLBACK -> false;
            case LEAVE_OUT -> true;
            case CHECK, PAUSE, RESUME, RETRY, FORCE, ABANDON -> !tooMany;
        });
        ApplicationUpgrade after = kept.stacked(everybody(view.with(kept)))
                .ordered(round, order)
                .pausing(pauseOf(new UpgradePause.BySubstrate()))
                .goingFor(hasTarget ? application.previous() : Optional.empty(), application.previous());
        UpgradeDecision decision =
                write(after, hasTarget ? "back to " + application.previous().get() : "ready to rollback application");
        return view.onKubernetes() ? heldAtHighest(decision) : decision;
    }

    private UpgradeStack everybody(UpgradeView then) {
        NavigableSet<UnitName> all = new TreeSet<>(then.existing());
        all.removeIf(then::isLeftOut);
        UpgradeStack left = then.stack().keeping(all::contains);
        if (view.onKubernetes()) {
            return UpgradeStack.highestFirst(all);
        }
        return left.isEmpty() ? UpgradeStack.leaderLast(all, view.self()) : left.joinedBy(all);
    }

    private UpgradeDecision abandon(String reason) {
        if (!view.isRolling() && application.damage().isEmpty()) {
            return UpgradeDecision.refused(NO_UPGRADE, "");
        }
        long round = view.nextRound();
        boolean tooMany = application.orders().size() >= OperatorOrder.MAX_ORDERS;
        ApplicationUpgrade after = application
                .mended()
                .keeping(earlier -> !tooMany)
                .stacked(UpgradeStack.EMPTY)
                .ordered(round, new OperatorOrder(round, OperatorOrder.Kind.ABANDON, Optional.empty(), reason))
                .goingFor(Optional.empty(), Optional.empty());
        return write(after, "the upgrade ends here, every unit stays as it is");
    }

    /** Before the program is replaced, Kubernetes must not replace more than the highest pod; nor fewer, or nothing happens. */
    private UpgradeDecision heldAtHighest(UpgradeDecision decision) {
        int highest = view.highest().number();
        if (view.partition().isPresent() && view.partition().getAsInt() == highest) {
            return decision;
        }
        boolean isAbove = view.partition().isPresent() && view.partition().getAsInt() > highest;
        return decision.moving(new PartitionChange(highest, isAbove ? Direction.RELEASE : Direction.HOLD));
    }

    private UpgradeStack defaultOrder() {
        Collection<UnitName> units = new ArrayList<>(view.existing());
        return view.onKubernetes() ? UpgradeStack.highestFirst(units) : UpgradeStack.leaderLast(units, view.self());
    }

    private UpgradePause pauseOf(UpgradePause asked) {
        if (!(asked instanceof UpgradePause.BySubstrate)) {
            return asked;
        }
        return view.onKubernetes() ? new UpgradePause.After(1) : new UpgradePause.Never();
    }

    private String damage() {
        return "The databag of the application is damaged: " + application.damage();
    }

    private static String remedy(Problem problem) {
        return problem.cause() + (problem.resolution().isEmpty() ? "" : "; " + problem.resolution());
    }

    private UpgradeDecision write(ApplicationUpgrade after, String message) {
        return UpgradeDecision.writing(application, after, message).answering(new UpgradeAnswer.Done(message));
    }
}
