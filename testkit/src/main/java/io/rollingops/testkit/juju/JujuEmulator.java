// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A Juju model without Juju: runs unchanged charms, as processes, through hooks, actions and {@code juju-exec}, with
 * relations, secrets, leaders and everything else that their hook commands ask for.
 *
 * <pre>{@code
 * try (JujuEmulator juju = JujuEmulator.builder().seed(7).build()) {
 *     juju.deploy(Path.of("target/charm"), "kafka", 3);
 *     juju.settle(Duration.ofMinutes(1));
 *     ActionResult result = juju.runAction("kafka/1", "restart", Map.of()).result();
 *     ...
 * }
 * }</pre>
 *
 * <p><b>The model moves only while somebody waits for it</b>: in {@link #settle}, {@link #runUntil}, {@link #step} and
 * the results of actions. In between new operations do not begin, so that a test can look and change things in peace;
 * what a charm left running in the background goes on, and a {@code juju-exec} of it waits.
 *
 * <p>The clock of the model stands still until {@link #advance}: leases, retries of failed hooks and {@code
 * update-status} follow it. Charms see the real clock. Chance comes from the seed; with {@link Builder#parallel
 * parallel(1)} or {@link #step} the same seed gives the same order, as far as background processes of the charms let it.
 *
 * <p>For one test thread. Wrong names are {@link IllegalArgumentException}s. What takes too long or ends in a failed
 * hook is an {@link AssertionError} that tells what each unit did. {@link #close} ends every process that was started,
 * directly or by a charm.
 */
public final class JujuEmulator implements AutoCloseable {
    /** How often conditions are looked at that no operation makes true. */
    private static final Duration POLL = Duration.ofMillis(50);

    private final Controller controller;
    private final Faults faults;

    private JujuEmulator(Controller controller) {
        this.controller = controller;
        this.faults = new Faults(controller);
    }

    public static Builder builder() {
        return new Builder();
    }

    // --- deploying and changing the model

    /** Deploys a charm folder, as it lies in a {@code .charm} file, with each unit on a machine of its own. */
    public void deploy(Path charm, String app, int units) {
        deploy(charm, app, units, Map.of());
    }

    /** As {@link #deploy(Path, String, int)}, with configuration. */
    public void deploy(Path charm, String app, int units, Map<String, Json> config) {
        deploy(folder(charm), app, units, config);
    }

    /** Deploys a charm that is Java code. */
    public void deploy(EmulatedCharm charm, String app, int units) {
        deploy(new CharmSource.InProcess(charm), app, units, Map.of());
    }

    private void deploy(CharmSource charm, String app, int units, Map<String, Json> config) {
        change(() -> controller.model().addApp(app, charm, config));
        addUnits(app, units);
    }

    /** Adds units, each on a machine of its own. */
    public void addUnits(String app, int count) {
        for (int i = 0; i < count; i++) {
            addUnit(app, OptionalInt.empty());
        }
    }

    /** Adds a unit on the machine of another one, with which it shares the machine lock and all files. */
    public void addUnitBeside(String app, String other) {
        addUnit(app, OptionalInt.of(ask(() -> unit(other).machine)));
    }

    private void addUnit(String app, OptionalInt machine) {
        change(() -> {
            JujuUnit unit = controller.model().addUnit(app, machine);
            controller.host().install(unit.name, unit.machine, unit.app.charm());
            return unit;
        });
    }

    /**
     * Relates two applications, each written as {@code app} or {@code app:endpoint}.
     *
     * @return the relation's number
     */
    public int relate(String one, String other) {
        return change(
                () -> controller.model().addRelation(RelationRequest.between(controller.model(), one, other)).number);
    }

    public void removeRelation(int relation) {
        changing(() -> controller.model().removeRelation(controller.model().relation(relation)));
    }

    /** Removes a unit in the orderly way: it runs its last hooks. */
    public void removeUnit(String unit) {
        changing(() -> controller.model().removeUnit(unit(unit)));
    }

    /** Removes a unit at once; it runs no hook any more. Its processes in the background are not ended. */
    public void forceRemoveUnit(String unit) {
        changing(() -> controller.removeByForce(unit(unit)));
    }

    public void removeApplication(String app) {
        changing(() -> controller.model().removeApp(controller.model().app(app)));
    }

    public void configure(String app, Map<String, Json> values) {
        changing(() -> controller.model().app(app).configure(values));
    }

    /** Gives an application another charm; each unit runs {@code upgrade-charm}. */
    public void upgrade(String app, Path charm) {
        changing(() -> controller.model().app(app).upgradeTo(folder(charm)));
    }

    /** As {@link #upgrade(String, Path)}, to a charm that is Java code. */
    public void upgrade(String app, EmulatedCharm charm) {
        changing(() -> controller.model().app(app).upgradeTo(new CharmSource.InProcess(charm)));
    }

    private static CharmSource folder(Path charm) {
        try {
            return new CharmSource.Folder(charm.toAbsolutePath(), CharmFolder.read(charm));
        } catch (IOException e) {
            throw new UncheckedIOException("not a charm folder: " + charm, e);
        }
    }

    // --- making things happen

    /** Asks for an action; {@link ActionRun#result} runs the model until it is done. */
    public ActionRun runAction(String unit, String action, Map<String, Json> parameters) {
        return new ActionRun(this, change(() -> controller.model().addAction(unit(unit), action, parameters)));
    }

    /** Runs commands in the context of a unit, as {@code juju exec} does, and the model until they are done. */
    public ExecResult exec(String unit, String commands) {
        CompletableFuture<CommandReply> answer = new CompletableFuture<>();
        JujuExec request = new JujuExec(UnitName.parse(unit), commands, OptionalInt.empty(), Optional.empty());
        changing(() -> controller.model().addCommands(request, answer));
        runUntil("'" + commands + "' on " + unit + " is done", answer::isDone, Duration.ofMinutes(1));
        CommandReply reply = answer.join();
        return new ExecResult(reply.exitCode(), reply.stdout(), reply.stderr());
    }

    /** Has commands wait for a unit, as {@link #exec} does, and does not run the model; what comes of them is not told. */
    public void queueExec(String unit, String commands) {
        JujuExec request = new JujuExec(UnitName.parse(unit), commands, OptionalInt.empty(), Optional.empty());
        changing(() -> controller.model().addCommands(request, new CompletableFuture<>()));
    }

    /** Makes {@code update-status} due. */
    public void updateStatus(String unit) {
        changing(() -> unit(unit).updateStatusDue = true);
    }

    /** Moves the leadership at once. The old leader gets no hook for that. */
    public void setLeader(String unit) {
        changing(() -> controller.model().lead(unit(unit)));
    }

    /** Lets the unit's failed hook run again, without waiting for its time. */
    public void resolve(String unit) {
        changing(() -> unit(unit).retry());
    }

    /** Lets the unit go on as if its failed hook had succeeded. */
    public void resolveWithoutRetry(String unit) {
        changing(() -> {
            JujuUnit found = unit(unit);
            if (found.inError()) {
                new UnitAgent(controller.model(), found, controller.faults(), (level, message) -> {}).skipFailedHook();
            }
        });
    }

    /** Restarts a unit's agent: its hook is asked to end, and what it remembered of others is forgotten. */
    public void restartAgent(String unit) {
        changing(() -> controller.interrupt(unit(unit)));
    }

    /** Stops a unit's agent, as when its machine is cut off: it runs nothing, and its lease runs out. */
    public void stopAgent(String unit) {
        changing(() -> {
            JujuUnit found = unit(unit);
            found.agentRuns = false;
            controller.interrupt(found);
        });
    }

    public void startAgent(String unit) {
        changing(() -> {
            JujuUnit found = unit(unit);
            found.agentRuns = true;
            controller.model().elect(found.app);
        });
    }

    /** Reboots a unit's machine: all its processes are gone, and its units run {@code start} again. */
    public void reboot(String unit) {
        changing(() -> controller.reboot(unit(unit).machine));
    }

    /** Moves the clock of the model: leases, retries, and {@code update-status} every five minutes. */
    public void advance(Duration time) {
        changing(() -> controller.model().advance(time));
    }

    /** Sets a variable for a unit's charm that Juju would not: for a knob of the charm, or for a library to preload. */
    public void setVariable(String unit, String name, String value) {
        changing(() -> unit(unit).extraVariables.put(name, value));
    }

    public Faults faults() {
        return faults;
    }

    // --- letting the model move

    /**
     * Runs the model until nobody has anything to do.
     *
     * @throws AssertionError when that takes too long, or a unit is in error then
     */
    public void settle(Duration limit) {
        settleWithErrors(limit);
        List<UnitStatus> failed =
                statuses().stream().filter(UnitStatus::inError).toList();
        if (!failed.isEmpty()) {
            throw new AssertionError("in error: " + failed + "\n" + story());
        }
    }

    /** As {@link #settle}, but units may be in error. */
    public void settleWithErrors(Duration limit) {
        runUntil("nobody has anything to do", controller::quiet, limit);
    }

    /**
     * Runs the model until something is so. Then nothing new begins, but what has begun may still run.
     *
     * @param what for the message
     * @param condition asked on this thread, after each operation and every 50 ms
     * @throws AssertionError when that takes too long
     */
    public void runUntil(String what, BooleanSupplier condition, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        controller.drive(true);
        try {
            while (true) {
                long seen = controller.pulse().beats();
                if (condition.getAsBoolean()) {
                    return;
                }
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("not within " + limit + ": " + what + "\n" + story());
                }
                controller.pulse().awaitAfter(seen, POLL);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting until " + what, e);
        } finally {
            controller.drive(false);
        }
    }

    /** Runs one operation of any unit to its end; nothing when nobody has anything to do. */
    public Optional<TraceEntry> step() {
        return step(Optional.empty());
    }

    /** Runs one operation of that unit to its end; nothing when it has nothing to do. */
    public Optional<TraceEntry> step(String unit) {
        return step(Optional.of(UnitName.parse(unit)));
    }

    private Optional<TraceEntry> step(Optional<UnitName> unit) {
        Optional<Integer> number = controller.beginOne(unit);
        if (number.isEmpty()) {
            return Optional.empty();
        }
        Supplier<Optional<TraceEntry>> entry = () ->
                trace().stream().filter(done -> done.number() == number.get()).findFirst();
        long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
        try {
            while (entry.get().isEmpty()) {
                long seen = controller.pulse().beats();
                if (entry.get().isEmpty()) {
                    controller.pulse().awaitAfter(seen, POLL);
                }
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("one step takes more than a minute\n" + story());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in a step", e);
        }
        return entry.get();
    }

    // --- looking at the model

    /** The names of the units of an application, lowest number first. */
    public List<String> units(String app) {
        return ask(() -> controller.model().unitsOf(controller.model().app(app)).stream()
                .map(unit -> unit.name.toString())
                .toList());
    }

    public Optional<String> leader(String app) {
        return ask(() -> controller.model().app(app).lease.holder().map(UnitName::toString));
    }

    public UnitStatus status(String unit) {
        return ask(() -> status(unit(unit)));
    }

    public List<UnitStatus> statuses() {
        return ask(() -> controller.model().units().stream().map(this::status).toList());
    }

    /** The status that the leader has set for the application. */
    public Status applicationStatus(String app) {
        return ask(() -> controller.model().app(app).status);
    }

    private UnitStatus status(JujuUnit unit) {
        return new UnitStatus(
                unit.name, unit.app.lease.heldBy(unit.name), unit.dying, unit.workload, controller.agentStatus(unit));
    }

    /** What a unit has committed to its databag in the one relation at that endpoint of its application. */
    public SortedMap<String, String> databag(String endpoint, String unit) {
        return ask(() -> relationAt(UnitName.parse(unit).application(), endpoint)
                .unit(UnitName.parse(unit))
                .orElse(Databag.EMPTY)
                .content());
    }

    /** What an application's leader has committed in the one relation at that endpoint of it. */
    public SortedMap<String, String> appDatabag(String endpoint, String app) {
        return ask(
                () -> relationAt(app, endpoint).app(app).orElse(Databag.EMPTY).content());
    }

    private JujuRelation relationAt(String app, String endpoint) {
        List<JujuRelation> found = controller.model().relationsAt(app, endpoint);
        if (found.size() != 1) {
            throw new IllegalArgumentException(app + ":" + endpoint + " has " + found.size() + " relations, not one");
        }
        return found.get(0);
    }

    public List<SecretView> secrets() {
        return ask(() -> controller.model().secrets.all().stream()
                .map(secret -> new SecretView(
                        "secret:" + secret.id(),
                        secret.unit().map(UnitName::toString).orElse(secret.application()),
                        secret.settings().label().orElse(""),
                        secret.latest(),
                        secret.content(secret.latest()),
                        secret.grants().keySet()))
                .toList());
    }

    /** What was run, in the order in which it began. */
    public List<TraceEntry> trace() {
        return ask(controller.journal()::trace);
    }

    public List<TraceEntry> trace(String unit) {
        UnitName name = UnitName.parse(unit);
        return trace().stream().filter(entry -> entry.unit().equals(name)).toList();
    }

    public List<LogLine> log(String unit) {
        return ask(() -> controller.journal().log(UnitName.parse(unit)));
    }

    /** Where all files of the model lie. */
    public Path folder() {
        return controller.host().root();
    }

    /** The unit's copy of its charm; not for a charm that is Java code. */
    public Path charmFolder(String unit) {
        return ask(() ->
                controller.host().folders(unit(unit).name, unit(unit).machine).charm());
    }

    /** Where the content of a private folder, such as {@code /var/lib/rollingops}, of the unit's machine lies. */
    public Path privateFolder(String unit, String folder) {
        return machineOf(unit).files(folder);
    }

    /** Whether the unit's machine is separate from the others and from the real one. */
    public Isolation isolation(String unit) {
        return machineOf(unit).isolation();
    }

    /** The processes on the unit's machine: its charm, if it runs, and what charms have left in the background. */
    public Collection<ProcessHandle> processes(String unit) {
        return machineOf(unit).processes();
    }

    private Machine machineOf(String unit) {
        int machine = ask(() -> unit(unit).machine);
        try {
            return controller.host().machine(machine);
        } catch (IOException e) {
            throw new UncheckedIOException("machine " + machine + " cannot be started", e);
        }
    }

    /** What each unit has done and how it is doing, for a person who looks at a failed test. */
    public String story() {
        return ask(() -> Story.tell(
                controller.model().units().stream().map(this::status).toList(),
                controller.journal().trace(),
                controller.runningNow(),
                controller.journal()::log));
    }

    <T> T ask(Callable<T> question) {
        return controller.ask(question);
    }

    private <T> T change(Supplier<T> change) {
        return controller.change(change);
    }

    private void changing(Runnable change) {
        controller.change(() -> {
            change.run();
            return true;
        });
    }

    private JujuUnit unit(String name) {
        return controller.model().unit(UnitName.parse(name));
    }

    /** Ends all processes and deletes all files of the model. May be called twice. */
    @Override
    public void close() {
        controller.close();
    }

    /** Collects what holds for the whole model; everything has a default. */
    public static final class Builder {
        private String name = "testing";
        private String uuid = "cdac5656-2423-4388-8f30-41854b4cca7d";
        private String version = "3.6.9";
        private long seed = 1;
        private int parallel = 4;
        private Departures departures = Departures.AT_ONCE;
        private boolean leaderNotifiesItself = true;
        private boolean leadershipRevoked = true;
        private boolean retriesHooks = true;
        private boolean isolation = true;
        private List<String> privateFolders = List.of("/var/lib/rollingops");
        private HookTool.Kind tool = HookTool.Kind.FASTEST;
        private boolean keepsFiles;

        private Builder() {}

        /** What chance comes from. */
        public Builder seed(long newSeed) {
            seed = newSeed;
            return this;
        }

        public Builder model(String newName, String newUuid) {
            name = newName;
            uuid = newUuid;
            return this;
        }

        /** What {@code JUJU_VERSION} says; the behaviour stays that of Juju 3.6. */
        public Builder jujuVersion(String newVersion) {
            version = newVersion;
            return this;
        }

        /** How many charms may run at the same time; on one machine it is always one. */
        public Builder parallel(int charms) {
            parallel = charms;
            return this;
        }

        public Builder departures(Departures newDepartures) {
            departures = newDepartures;
            return this;
        }

        /** Whether a leader gets {@code -relation-changed} for its own write to the peer application databag. */
        public Builder leaderNotifiesItself(boolean does) {
            leaderNotifiesItself = does;
            return this;
        }

        /** Whether a removed leader's lease ends at once; else after 60 s of the model's clock. */
        public Builder leadershipRevoked(boolean is) {
            leadershipRevoked = is;
            return this;
        }

        /** Whether a failed hook runs again by itself, 5 s after the failure and later ever more rarely. */
        public Builder retriesHooks(boolean does) {
            retriesHooks = does;
            return this;
        }

        /** Whether machines are separate where that can be had; see {@link Isolation}. */
        public Builder isolation(boolean wanted) {
            isolation = wanted;
            return this;
        }

        /** The absolute paths of which each machine has its own; {@code /var/lib/rollingops} unless said otherwise. */
        public Builder privateFolders(String... folders) {
            privateFolders = List.of(folders);
            return this;
        }

        /** Takes the Perl program for hook commands even where there is a C compiler. */
        public Builder hookCommandsInPerl() {
            tool = HookTool.Kind.PERL;
            return this;
        }

        /** Keeps the files of the model after {@link JujuEmulator#close}. */
        public Builder keepFiles() {
            keepsFiles = true;
            return this;
        }

        public JujuEmulator build() {
            try {
                return new JujuEmulator(new Controller(
                        new ModelSettings(
                                name,
                                uuid,
                                version,
                                seed,
                                departures,
                                leaderNotifiesItself,
                                leadershipRevoked,
                                retriesHooks),
                        new HostSettings(isolation, privateFolders, tool, keepsFiles),
                        parallel));
            } catch (IOException e) {
                throw new UncheckedIOException("no folder for the model", e);
            }
        }
    }
}
