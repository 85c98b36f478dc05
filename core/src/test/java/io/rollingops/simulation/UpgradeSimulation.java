// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import io.rollingops.UnitName;
import io.rollingops.testing.Agenda;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.OperatorOrder;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradePause;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeStatus;
import java.util.List;
import java.util.Optional;

/**
 * One run: an application is upgraded by an operator of moods, in a time of faults; then comes quiet, in which everything
 * must come to rest or say what it waits for; then an operator who does what the states tell, and that must suffice.
 */
final class UpgradeSimulation {
    static final long MILLI = 1_000_000;

    private static final String APPLICATION = "app";
    private static final long TROUBLED = 60_000 * MILLI;
    private static final long QUIET = TROUBLED + 90_000 * MILLI;
    private static final long END = QUIET + 1_200_000 * MILLI;
    private static final int STEPS_MAX = 100_000;
    private static final Release OLD = new Release("1.0");
    private static final Release NEW = new Release("1.1");
    private static final Release NEWER = new Release("1.2");

    /** Who brings a release onto a unit. */
    enum Kind {
        /** The program of each unit, as a charm. */
        PROGRAM,
        /** The application has a target, as on hosts. */
        TARGET,
        /** Kubernetes. */
        PODS
    }

    private final long seed;
    private final UpgradeBug bug;
    private final Agenda agenda;
    private final SimulatedApplication application;
    private final Kind kind;
    private final boolean canLook;
    private final double crashes;
    private boolean orderly = true;
    private int nextNumber;
    private int steps;
    private int partition;
    private Release wanted = OLD;
    private Release before = OLD;
    private Release podsNow = OLD;
    private Release podsNext = OLD;
    private Optional<UnitName> podUnderWay = Optional.empty();

    /** What became of a run. */
    record Result(long seed, List<String> violations, List<String> diary) {
        boolean isClean() {
            return violations.isEmpty();
        }

        String story() {
            int from = Math.max(0, diary.size() - 250);
            return "seed " + seed + ": " + violations + "\n" + String.join("\n", diary.subList(from, diary.size()))
                    + "\n";
        }
    }

    private UpgradeSimulation(long seed, UpgradeBug bug, boolean keepsDiary) {
        this.seed = seed;
        this.bug = bug;
        this.agenda = new Agenda(seed, keepsDiary);
        this.application = new SimulatedApplication(agenda);
        this.kind = Kind.values()[agenda.pick(3)];
        this.canLook = kind != Kind.PODS && agenda.chance(0.4);
        this.crashes = agenda.chance(0.5) ? 0.02 : 0;
    }

    static Result run(long seed, UpgradeBug bug) {
        return new UpgradeSimulation(seed, bug, false).run();
    }

    static Result replay(long seed, UpgradeBug bug) {
        return new UpgradeSimulation(seed, bug, true).run();
    }

    UpgradeBug bug() {
        return bug;
    }

    boolean isTroubled() {
        return agenda.nowNanos() < TROUBLED;
    }

    boolean isOnKubernetes() {
        return kind == Kind.PODS;
    }

    boolean hasTarget() {
        return kind == Kind.TARGET;
    }

    boolean canLook() {
        return canLook;
    }

    int partition() {
        return partition;
    }

    void maybeCrash() {
        if (isTroubled() && agenda.chance(crashes)) {
            throw new SimulatedMember.Crash();
        }
    }

    private Result run() {
        int count = 2 + agenda.pick(3);
        for (int i = 0; i < count; i++) {
            add();
        }
        agenda.in(300 * MILLI, this::elect);
        agenda.in(agenda.between(1_000, 3_000) * MILLI, this::begin);
        int moods = agenda.pick(7);
        for (int i = 0; i < moods; i++) {
            agenda.in(agenda.between(2_000 * MILLI, TROUBLED), this::mood);
        }
        int faults = agenda.pick(8);
        for (int i = 0; i < faults; i++) {
            agenda.in(agenda.between(1_000 * MILLI, TROUBLED), this::fault);
        }
        if (isOnKubernetes()) {
            agenda.in(500 * MILLI, this::rollPods);
        }
        advance(TROUBLED);
        heal();
        advance(QUIET);
        if (application.violations().isEmpty() && !isAtRest() && !isTold()) {
            application.violated("I8 nothing goes on and nobody says why");
        }
        while (application.violations().isEmpty() && !isFinished() && agenda.nowNanos() < END) {
            help();
            advance(agenda.nowNanos() + 20_000 * MILLI);
        }
        if (application.violations().isEmpty() && !isFinished()) {
            application.violated("I9 no help brings it to an end");
        }
        return new Result(seed, List.copyOf(application.violations()), agenda.diary());
    }

    private void advance(long untilNanos) {
        agenda.at(untilNanos, () -> {});
        while (application.violations().isEmpty() && agenda.step(untilNanos)) {
            if (++steps > STEPS_MAX) {
                throw new AssertionError("seed " + seed + " takes more than " + STEPS_MAX + " steps");
            }
        }
    }

    private void add() {
        Release program = hasTarget() ? installedByMost() : isOnKubernetes() ? podsNow : wanted;
        if (isOnKubernetes() && nextNumber >= partition) {
            program = podsNext;
            orderly &= application.application().read().stack().isEmpty();
        }
        SimulatedMember member =
                new SimulatedMember(new UnitName(APPLICATION, nextNumber++), this, application, agenda, program);
        application.add(member);
        agenda.in(agenda.between(0, 200) * MILLI, member::start);
    }

    private Release installedByMost() {
        return application.members().values().stream()
                .flatMap(member -> member.workload().stream())
                .findFirst()
                .orElse(OLD);
    }

    private void elect() {
        List<SimulatedMember> candidates = application.members().values().stream()
                .filter(SimulatedMember::isUp)
                .toList();
        if (application.leader().filter(SimulatedMember::isUp).isPresent()) {
            return;
        }
        if (candidates.isEmpty()) {
            agenda.in(500 * MILLI, this::elect);
        } else {
            application.elect(candidates.get(agenda.pick(candidates.size())).name());
        }
    }

    private void loseLeader() {
        application.dismiss();
        agenda.in(agenda.between(200, 3_000) * MILLI, this::elect);
    }

    void restartLater(SimulatedMember member) {
        if (application.isLedBy(member.name())) {
            loseLeader();
        }
        agenda.in(agenda.between(50, 9_000) * MILLI, () -> {
            if (isOnKubernetes() && !member.isUp()) {
                recreate(member);
            } else {
                member.start();
            }
        });
    }

    private void fault() {
        List<SimulatedMember> members = List.copyOf(application.members().values());
        SimulatedMember any = members.get(agenda.pick(members.size()));
        switch (agenda.pick(8)) {
            case 0, 1, 2 -> {
                any.crash();
                restartLater(any);
            }
            case 3, 4 -> loseLeader();
            case 5 -> any.fails(1 + agenda.pick(2));
            case 6 -> {
                if (nextNumber < 6) {
                    add();
                }
            }
            default -> {
                if (members.size() > 2) {
                    removeOne(isOnKubernetes() ? members.get(members.size() - 1) : any);
                }
            }
        }
    }

    private void removeOne(SimulatedMember member) {
        boolean led = application.isLedBy(member.name());
        member.crash();
        application.remove(member.name());
        if (podUnderWay.equals(Optional.of(member.name()))) {
            podUnderWay = Optional.empty();
        }
        if (isOnKubernetes()) {
            nextNumber = member.name().number();
        }
        if (led) {
            loseLeader();
        }
    }

    private void begin() {
        application.members().values().forEach(member -> member.fails(agenda.chance(0.15) ? 1 : 0));
        check(wanted.equals(NEW) ? NEWER : NEW);
    }

    private void check(Release release) {
        Optional<String> overruled = agenda.chance(0.1) ? Optional.of("it must be") : Optional.empty();
        UpgradePause pause = agenda.chance(0.25)
                ? new UpgradePause.After(1 + agenda.pick(2))
                : agenda.chance(0.5) ? new UpgradePause.Never() : new UpgradePause.BySubstrate();
        boolean done =
                ask(new UpgradeCommand.Check(hasTarget() ? Optional.of(release) : Optional.empty(), pause, overruled));
        boolean isBegun = application.application().read().stack().units().size() > 0 && !isReturning();
        if (done && isBegun && !hasTarget()) {
            agenda.in(agenda.between(0, 4_000) * MILLI, () -> refresh(release));
        } else if (done && isBegun) {
            moveTo(release);
        }
    }

    private boolean isReturning() {
        return application.application().read().orders().stream()
                .anyMatch(order -> order.kind() == OperatorOrder.Kind.ROLLBACK);
    }

    private void moveTo(Release release) {
        if (!release.equals(wanted)) {
            before = wanted;
            wanted = release;
        }
    }

    private void refresh(Release release) {
        moveTo(release);
        agenda.note(() -> "refresh to " + release);
        if (isOnKubernetes()) {
            boolean isOneAfterTheOther = podsNext.equals(podsNow) || podsNext.equals(release);
            orderly &= isOneAfterTheOther
                    && application.members().keySet().stream()
                            .allMatch(unit -> isReturning() || application.is(unit, UpgradeState.IDLE));
            podsNext = release;
            return;
        }
        application.members().values().forEach(member -> {
            long delay = agenda.chance(0.2) ? agenda.between(0, 15_000) : agenda.between(0, 1_000);
            agenda.in(delay * MILLI, () -> {
                if (application.members().containsKey(member.name())) {
                    member.refresh(wanted);
                }
            });
        });
    }

    /** Asks the leader, if there is one. */
    private boolean ask(UpgradeCommand command) {
        return application
                .leader()
                .flatMap(leader -> leader.command(command))
                .filter(UpgradeAnswer.Done.class::isInstance)
                .isPresent();
    }

    private void mood() {
        List<SimulatedMember> members = List.copyOf(application.members().values());
        SimulatedMember one = members.get(agenda.pick(members.size()));
        UnitName any = one.name();
        switch (agenda.pick(11)) {
            case 0 -> ask(new UpgradeCommand.Pause("lunch"));
            case 1, 2 ->
                ask(new UpgradeCommand.Resume(
                        agenda.chance(0.3) ? new UpgradePause.After(1) : new UpgradePause.Never()));
            case 3, 4 -> retryFailed();
            case 5 -> ask(new UpgradeCommand.Skip(any, "it is being repaired"));
            case 6 -> {
                if (!one.isUp() && !isOnKubernetes()) {
                    ask(new UpgradeCommand.LeaveOut(any, "its disk burns"));
                }
            }
            case 7 -> goBack();
            case 8 -> ask(new UpgradeCommand.Abandon("enough"));
            case 9 -> {
                if (!hasTarget()) {
                    orderly = false;
                    refresh(agenda.chance(0.5) ? NEWER : before);
                }
            }
            default -> check(agenda.chance(0.5) ? NEW : NEWER);
        }
    }

    private void retryFailed() {
        for (SimulatedMember member : application.members().values()) {
            if (application.is(member.name(), UpgradeState.FAILED)) {
                member.fails(0);
                ask(
                        agenda.chance(0.8)
                                ? new UpgradeCommand.Retry(member.name(), "mended")
                                : new UpgradeCommand.Force(member.name(), "mended"));
                return;
            }
        }
    }

    private void goBack() {
        Optional<Release> previous = application.application().read().previous();
        if (ask(new UpgradeCommand.Rollback("it is slow")) && previous.isPresent()) {
            if (hasTarget()) {
                moveTo(previous.get());
            } else {
                agenda.in(agenda.between(0, 6_000) * MILLI, () -> refresh(previous.get()));
            }
        }
    }

    private void heal() {
        application.members().values().forEach(member -> member.fails(0));
        application.members().values().forEach(member -> {
            if (!member.isUp() && !podUnderWay.equals(Optional.of(member.name()))) {
                restartLater(member);
            }
        });
        agenda.in(12_000 * MILLI, this::elect);
    }

    /** The units are idle and have what they shall have; those that an operator took out of the upgrade apart. */
    private boolean isAtRest() {
        return application.application().read().stack().isEmpty()
                && application.members().values().stream()
                        .allMatch(member -> application.is(member.name(), UpgradeState.IDLE));
    }

    private boolean isFinished() {
        return isAtRest()
                && application.leader().isPresent()
                && application.members().values().stream()
                        .allMatch(member -> member.workload().equals(Optional.of(wanted))
                                && application
                                        .unit(member.name())
                                        .orElseThrow()
                                        .read()
                                        .installed()
                                        .equals(Optional.of(wanted)));
    }

    /** Somebody shows what only a person can change. */
    private boolean isTold() {
        return application.members().values().stream()
                .flatMap(member -> member.shown().stream())
                .anyMatch(status -> status.kind() == UpgradeStatus.Kind.BLOCKED
                        || status.text().contains("waits for a new program")
                        || status.text().contains("failed")
                        || status.text().contains("pauses")
                        || status.text().contains("waits for the previous release")
                        || status.text().contains("has the program of")
                        || status.text().contains("has no new program yet"));
    }

    /** An operator who looks at the states and does one thing. */
    private void help() {
        ApplicationUpgrade app = application.application().read();
        boolean anyFailed =
                application.members().keySet().stream().anyMatch(unit -> application.is(unit, UpgradeState.FAILED));
        boolean otherProgram = !hasTarget()
                && application.members().values().stream()
                        .anyMatch(member -> !member.program().equals(wanted));
        if (anyFailed && (!isReturning() || agenda.chance(0.3))) {
            retryFailed();
        } else if (isReturning()
                && app.previous().isPresent()
                && !app.previous().get().equals(wanted)) {
            moveTo(app.previous().get());
            if (!hasTarget()) {
                refresh(wanted);
            }
        } else if (app.pause().isNow()) {
            ask(new UpgradeCommand.Resume(new UpgradePause.Never()));
        } else if (app.stack().isEmpty() && isAtRest()) {
            ask(new UpgradeCommand.Check(
                    hasTarget() || isOnKubernetes() ? Optional.of(wanted) : Optional.empty(),
                    new UpgradePause.Never(),
                    Optional.of("the last attempt")));
        } else if (otherProgram && !isOnKubernetes()) {
            refresh(wanted);
        } else if (agenda.chance(0.3)) {
            ask(new UpgradeCommand.Abandon("to begin anew"));
        }
    }

    // Kubernetes

    void setPartition(int number) {
        int next = number;
        if (bug == UpgradeBug.PARTITION_TOO_LOW && number < partition) {
            next = Math.max(0, number - 1);
        } else if (bug == UpgradeBug.PARTITION_NOT_HELD && number > partition) {
            return;
        }
        application.partitioned(partition, next);
        int now = next;
        agenda.note(() -> "the partition is " + now);
        partition = next;
    }

    /** As the controller of a StatefulSet: the highest pod that is behind, when all others are there. */
    private void rollPods() {
        agenda.in(400 * MILLI, this::rollPods);
        boolean allThere =
                podUnderWay.isEmpty() && application.members().values().stream().allMatch(SimulatedMember::isUp);
        if (!allThere) {
            return;
        }
        for (SimulatedMember member : application.members().descendingMap().values()) {
            if (member.name().number() >= partition && !member.program().equals(podsNext)) {
                replace(member);
                return;
            }
        }
        if (partition == 0) {
            podsNow = podsNext;
        }
    }

    private void replace(SimulatedMember member) {
        if (orderly && !isReturning()) {
            application.replaces(member.name());
        }
        podUnderWay = Optional.of(member.name());
        boolean led = application.isLedBy(member.name());
        member.crash();
        if (led) {
            loseLeader();
        }
        agenda.in(agenda.between(500, 3_000) * MILLI, () -> {
            if (application.members().get(member.name()) == member) {
                podUnderWay = Optional.empty();
                recreate(member);
            }
        });
    }

    private void recreate(SimulatedMember member) {
        if (application.members().get(member.name()) == member && !podUnderWay.equals(Optional.of(member.name()))) {
            member.replaced(member.name().number() >= partition ? podsNext : podsNow);
        }
    }
}
