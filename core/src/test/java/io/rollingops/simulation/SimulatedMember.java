// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import io.rollingops.UnitName;
import io.rollingops.simulation.SimulatedApplication.Seen;
import io.rollingops.testing.Agenda;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.Problem;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.RollingUpgrade;
import io.rollingops.upgrade.RolloutPartition;
import io.rollingops.upgrade.Substrate;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradeDecision.Write;
import io.rollingops.upgrade.UpgradeDriver;
import io.rollingops.upgrade.UpgradeError.ClusterNotReadyError;
import io.rollingops.upgrade.UpgradeError.KubernetesClientError;
import io.rollingops.upgrade.UpgradeEvent;
import io.rollingops.upgrade.UpgradeHost;
import io.rollingops.upgrade.UpgradePause;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeStatus;
import io.rollingops.upgrade.UpgradeView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/** One unit: its process, its program, its workload, and what it has seen of the others. */
final class SimulatedMember implements UpgradeHost, RollingUpgrade, RolloutPartition {
    private static final long MILLI = UpgradeSimulation.MILLI;
    private static final DependencyDocument DECLARED = DependencyDocument.read("{\"charm\": {\"dependencies\": {},"
            + " \"name\": \"app\", \"upgrade_supported\": \">0\", \"version\": \"1\"}}");

    private final UnitName name;
    private final UpgradeSimulation simulation;
    private final SimulatedApplication application;
    private final Agenda agenda;
    private final UpgradeBug bug;
    private final UpgradeDriver driver = new UpgradeDriver(this, this, this);
    private final Map<UnitName, Seen<UnitUpgrade>> seen = new HashMap<>();
    private Seen<ApplicationUpgrade> seenApplication;
    private boolean viewMustBeFresh;
    private boolean isTakingTurn;
    private Optional<UpgradeView> viewWhenAsked = Optional.empty();
    private boolean up;
    private boolean working;
    private boolean lostTurn;
    private boolean reporting;
    private boolean needless;
    private long life;
    private int failuresLeft;
    private Release program;
    private Optional<Release> workload;
    private Optional<UpgradeStatus> shown = Optional.empty();

    /** The process dies here. An error, so that nothing on the way takes it for an answer. */
    static final class Crash extends Error {
        private static final long serialVersionUID = 1;

        Crash() {
            super("crash", null, false, false);
        }
    }

    SimulatedMember(
            UnitName name,
            UpgradeSimulation simulation,
            SimulatedApplication application,
            Agenda agenda,
            Release program) {
        this.name = name;
        this.simulation = simulation;
        this.application = application;
        this.agenda = agenda;
        this.bug = simulation.bug();
        this.program = program;
        this.workload = Optional.of(program);
        this.seenApplication = application.application();
    }

    UnitName name() {
        return name;
    }

    boolean isUp() {
        return up;
    }

    boolean isWorking() {
        return working;
    }

    boolean hasLostTurn() {
        return lostTurn;
    }

    Release program() {
        return program;
    }

    Optional<Release> workload() {
        return workload;
    }

    Optional<UpgradeStatus> shown() {
        return shown;
    }

    void fails(int times) {
        failuresLeft = times;
    }

    private boolean exists() {
        return application.members().get(name) == this;
    }

    /** The process starts; its first view is fresh. */
    void start() {
        if (up || !exists()) {
            return;
        }
        up = true;
        life++;
        agenda.note(() -> name + " starts");
        if (application.unit(name).isEmpty()) {
            workload = Optional.of(program);
        }
        catchUp();
        handle(new UpgradeEvent.Joined());
        if (agenda.chance(0.5)) {
            handle(new UpgradeEvent.Refreshed());
        }
        handle(new UpgradeEvent.Changed());
        tick(life);
    }

    private void catchUp() {
        seenApplication = application.application();
        application.members().keySet().forEach(this::see);
    }

    private void see(UnitName other) {
        application
                .unit(other)
                .ifPresent(now ->
                        seen.merge(other, now, (before, after) -> before.version() > after.version() ? before : after));
    }

    private void tick(long inLife) {
        agenda.in(agenda.between(8_000, 14_000) * MILLI, () -> {
            if (life == inLife && exists()) {
                handle(new UpgradeEvent.Changed());
                tick(inLife);
            }
        });
    }

    /** The process dies, and the work that it does with it. What was being replaced is in pieces then. */
    void crash() {
        if (!up) {
            return;
        }
        agenda.note(() -> name + " crashes");
        up = false;
        life++;
        working = false;
        reporting = false;
        viewWhenAsked = Optional.empty();
    }

    /** It sees, after some time, what is written now; and mostly it is told, too. */
    void deliver(Optional<UnitName> writer) {
        boolean slow = simulation.isTroubled() && agenda.chance(0.15);
        long delay = slow ? agenda.between(1, SimulatedApplication.LAG_MAX) : agenda.between(1, 200) * MILLI;
        boolean told = !simulation.isTroubled() || agenda.chance(0.9);
        agenda.in(delay, () -> {
            if (writer.isPresent()) {
                see(writer.get());
            } else {
                seenApplication = application.application();
            }
            if (told) {
                handle(new UpgradeEvent.Changed());
            }
        });
    }

    void notice(long delay) {
        agenda.in(delay, () -> handle(new UpgradeEvent.Changed()));
    }

    /** It gets another program. The event may be lost; then it finds out at the next one. */
    void refresh(Release next) {
        program = next;
        if (up && agenda.chance(0.85)) {
            handle(new UpgradeEvent.Refreshed());
        }
        handle(new UpgradeEvent.Changed());
    }

    Optional<UpgradeAnswer> command(UpgradeCommand command) {
        agenda.note(() -> name + " is asked for " + command);
        Optional<UpgradeAnswer> answer = handle(command);
        agenda.note(() -> name + " answers " + answer);
        return answer;
    }

    Optional<UpgradeAnswer> handle(UpgradeEvent event) {
        if (!up || !exists()) {
            return Optional.empty();
        }
        try {
            Optional<UpgradeAnswer> answer = driver.handle(event);
            if (simulation.isOnKubernetes()) {
                reportSoon();
            }
            return answer;
        } catch (IllegalStateException e) {
            application.violated("I10 " + e.getMessage());
            return Optional.empty();
        } catch (Crash e) {
            crash();
            simulation.restartLater(this);
            return Optional.empty();
        }
    }

    /** On Kubernetes the program of a replaced pod sees by and by whether its workload is well. */
    private void reportSoon() {
        if (reporting || !application.is(name, UpgradeState.UPGRADING)) {
            return;
        }
        reporting = true;
        long inLife = life;
        agenda.in(agenda.between(300, 4_000) * MILLI, () -> {
            if (life == inLife) {
                reporting = false;
                end();
            }
        });
    }

    private void end() {
        boolean failed = failuresLeft > 0;
        if (failed) {
            failuresLeft--;
        } else if (!simulation.isOnKubernetes()) {
            workload = application.unit(name).orElseThrow().read().offered();
        } else {
            workload = Optional.of(program);
        }
        handle(
                failed
                        ? new UpgradeEvent.Failed(new Problem("it does not start", "exit status 1", ""))
                        : new UpgradeEvent.Completed());
    }

    @Override
    public UpgradeView view() {
        boolean leads = application.isLedBy(name);
        boolean mayBeOld = leads && !viewMustBeFresh && simulation.isTroubled() && agenda.chance(0.5);
        if (leads && !mayBeOld) {
            seenApplication = application.application();
        }
        viewMustBeFresh = false;
        if (bug == UpgradeBug.TURN_ON_OLD_VIEW && isTakingTurn && viewWhenAsked.isPresent()) {
            isTakingTurn = false;
            return viewWhenAsked.get();
        }
        return freshView(leads);
    }

    private UpgradeView freshView(boolean leads) {
        NavigableMap<UnitName, UnitUpgrade> units = new TreeMap<>();
        TreeSet<UnitName> existing = new TreeSet<>(application.members().keySet());
        if (!leads) {
            existing.removeIf(other -> !seen.containsKey(other));
        }
        seen.forEach((other, bag) -> units.put(other, forged(bag.read())));
        application.unit(name).ifPresent(bag -> units.put(name, forgedOwn(bag.read())));
        ApplicationUpgrade app = seenApplication.read();
        if (bug == UpgradeBug.PAUSE_UNSEEN && app.pause().isNow()) {
            app = new ApplicationUpgrade(
                    app.dependencies(),
                    app.stack(),
                    app.round(),
                    new UpgradePause.Never(),
                    app.orders(),
                    app.target(),
                    app.previous(),
                    app.damage());
        }
        OwnFacts facts = new OwnFacts(
                simulation.isOnKubernetes() ? Substrate.K8S : Substrate.VM,
                DECLARED,
                simulation.hasTarget() ? workload.orElse(program) : program,
                simulation.canLook() ? workload : Optional.empty(),
                Map.of(),
                working && bug != UpgradeBug.WORK_UNNOTICED);
        return new UpgradeView(
                name,
                leads,
                facts,
                existing,
                units,
                app,
                simulation.isOnKubernetes() ? OptionalInt.of(simulation.partition()) : OptionalInt.empty());
    }

    private UnitUpgrade forged(UnitUpgrade bag) {
        long round = seenApplication.read().round();
        return switch (bug) {
            case DONE_WITHOUT_ROUND ->
                bag.is(UpgradeState.COMPLETED)
                        ? copy(bag, bag.state(), bag.round(), OptionalLong.of(round), bag.installed())
                        : bag;
            case ROUNDS_UNNOTED -> copy(bag, bag.state(), OptionalLong.of(round), bag.done(), bag.installed());
            case FAILURE_UNSEEN ->
                bag.is(UpgradeState.FAILED)
                        ? copy(bag, Optional.of(UpgradeState.READY), bag.round(), bag.done(), bag.installed())
                        : bag;
            default -> bag;
        };
    }

    private UnitUpgrade forgedOwn(UnitUpgrade bag) {
        return switch (bug) {
            case DONE_FORGOTTEN -> copy(bag, bag.state(), bag.round(), OptionalLong.empty(), bag.installed());
            case INSTALLED_UNKNOWN -> copy(bag, bag.state(), bag.round(), bag.done(), Optional.empty());
            default -> bag;
        };
    }

    private static UnitUpgrade copy(
            UnitUpgrade bag,
            Optional<UpgradeState> state,
            OptionalLong round,
            OptionalLong done,
            Optional<Release> installed) {
        return new UnitUpgrade(state, round, done, bag.offered(), installed, bag.problem(), bag.damage());
    }

    @Override
    public boolean write(Write write, UpgradeView decidedOn) {
        simulation.maybeCrash();
        if (write instanceof Write.OfUnit) {
            Optional<UnitUpgrade> before = application.unit(name).map(Seen::read);
            lostTurn = !UpgradeState.UPGRADING.wire().equals(write.changes().get(UnitUpgrade.STATE));
            needless = !lostTurn
                    && before.isPresent()
                    && before.get().installed().isPresent()
                    && before.get().installed().equals(before.get().offered());
        }
        boolean written = application.write(name, write, seenApplication);
        viewMustBeFresh = !written;
        if (written && write instanceof Write.OfApplication) {
            seenApplication = application.application();
        }
        simulation.maybeCrash();
        return written;
    }

    @Override
    public boolean takeTurn() {
        if (agenda.chance(0.7)) {
            return true;
        }
        viewWhenAsked = Optional.of(view());
        long inLife = life;
        agenda.in(agenda.between(1, simulation.isTroubled() ? 20_000 : 2_000) * MILLI, () -> {
            if (life == inLife) {
                isTakingTurn = true;
                handle(new UpgradeEvent.TurnTaken());
                isTakingTurn = false;
            }
        });
        return false;
    }

    @Override
    public void show(UpgradeStatus status) {
        shown = Optional.of(status);
    }

    @Override
    public void showNothing() {
        shown = Optional.empty();
    }

    @Override
    public void preUpgradeCheck() {
        if (simulation.isTroubled() && agenda.chance(0.1)) {
            throw new ClusterNotReadyError("a member is not well", "by chance");
        }
    }

    @Override
    public List<UnitName> buildUpgradeStack(List<UnitName> units, UnitName leader) {
        return agenda.chance(0.5) ? RollingUpgrade.super.buildUpgradeStack(units, leader) : units;
    }

    @Override
    public Turn onUpgradeGranted() {
        Release release = application.unit(name).orElseThrow().read().offered().orElseThrow();
        agenda.note(() -> name + " replaces its workload by " + release);
        application.begins(this, release, needless);
        needless = false;
        lostTurn = true;
        working = true;
        workload = Optional.empty();
        long inLife = life;
        agenda.in(agenda.between(200, 8_000) * MILLI, () -> {
            if (life == inLife && working) {
                working = false;
                end();
            }
        });
        return Turn.LATER;
    }

    @Override
    public void logRollbackInstructions() {
        agenda.note(() -> name + " tells the way back");
    }

    @Override
    public OptionalInt current() {
        return OptionalInt.of(simulation.partition());
    }

    @Override
    public void set(int number) {
        if (simulation.isTroubled() && agenda.chance(0.25)) {
            throw new KubernetesClientError("Kubernetes StatefulSet patch failed", "`juju trust` needed");
        }
        simulation.maybeCrash();
        simulation.setPartition(number);
    }

    /** On Kubernetes the pod comes back, with that program. */
    void replaced(Release next) {
        program = next;
        workload = Optional.of(next);
        up = true;
        life++;
        reporting = false;
        agenda.note(() -> name + " comes back with " + next);
        catchUp();
        handle(new UpgradeEvent.Joined());
        handle(new UpgradeEvent.Refreshed());
        handle(new UpgradeEvent.Changed());
        tick(life);
    }
}
