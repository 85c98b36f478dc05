// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/**
 * Runs a model: starts what its units have to do, answers the hook commands of what runs, and draws the consequences
 * when it has ended.
 *
 * <p>One thread owns the model; everything that touches it is done there, by {@link #ask} or {@link #post}. Charms run
 * on threads of their own, one operation of a unit at a time, and one of a machine, since all agents of a machine share
 * its lock. New operations begin only while somebody drives ({@link #drive}) or for a single step; what has begun goes
 * on to its end in any case.
 */
final class Controller implements AutoCloseable {
    private final JujuModel model;
    private final int parallelMax;
    private final FaultPlan faults = new FaultPlan();
    private final CharmHost host;
    private final Pulse pulse = new Pulse();
    private final ExecutorService owner;
    private final ExecutorService threads;
    private final Thread ownerThread;

    private final Map<UnitName, Running> running = new HashMap<>();
    private final Set<Integer> busyMachines = new HashSet<>();
    private final List<TraceEntry> trace = new ArrayList<>();
    private final Map<UnitName, List<LogLine>> logs = new HashMap<>();
    private Optional<RuntimeException> broken = Optional.empty();
    private boolean driving;
    private int begun;

    /** An operation whose charm runs. */
    private static final class Running {
        final int number;
        final HookContext context;
        final Launch launch;
        final Instant modelTime;
        final Instant begun = Instant.now();
        final List<CommandCall> commands = new ArrayList<>();
        Optional<CharmRun> run = Optional.empty();

        Running(int number, HookContext context, Launch launch, Instant modelTime) {
            this.number = number;
            this.context = context;
            this.launch = launch;
            this.modelTime = modelTime;
        }
    }

    /**
     * A controller that stands still.
     *
     * @param parallelMax how many charms may run at the same time
     */
    Controller(ModelSettings settings, HostSettings hostSettings, int parallelMax) throws IOException {
        this.model = new JujuModel(settings);
        this.parallelMax = parallelMax;
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        this.owner = Executors.newSingleThreadExecutor(task -> {
            Thread t = daemon(task, "juju-model");
            thread.complete(t);
            return t;
        });
        this.threads = Executors.newCachedThreadPool(task -> daemon(task, "juju-charm"));
        owner.execute(() -> {});
        this.ownerThread = thread.join();
        this.host = new CharmHost(hostSettings, threads, this::answer);
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    JujuModel model() {
        return model;
    }

    FaultPlan faults() {
        return faults;
    }

    CharmHost host() {
        return host;
    }

    Pulse pulse() {
        return pulse;
    }

    // --- getting to the thread that owns the model

    /** Does something with the model, and waits for it; an exception of the question is the caller's. */
    <T> T ask(Callable<T> question) {
        if (Thread.currentThread() == ownerThread) {
            return call(question);
        }
        try {
            return owner.submit(question).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("the emulator failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the emulator worked", e);
        }
    }

    /** As {@link #ask}; afterwards whatever became due begins, if somebody drives. */
    <T> T change(Supplier<T> change) {
        return ask(() -> {
            T answer = change.get();
            changed();
            return answer;
        });
    }

    private static <T> T call(Callable<T> question) {
        try {
            return question.call();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("the emulator failed", e);
        }
    }

    /** An error of ours stops the model: the next who waits for it gets the error. */
    private void post(Runnable message) {
        try {
            owner.execute(() -> {
                try {
                    message.run();
                } catch (RuntimeException e) {
                    broken = Optional.of(e);
                    pulse.beat();
                }
            });
        } catch (RejectedExecutionException closed) {
            // The emulator is closed; what still comes in concerns nobody.
        }
    }

    private void changed() {
        if (driving) {
            beginAllReady();
        }
        pulse.beat();
    }

    // --- beginning operations

    void drive(boolean on) {
        ask(() -> {
            driving = on;
            changed();
            return on;
        });
    }

    /** Whether nothing runs and nothing is due. */
    boolean quiet() {
        return ask(() -> {
            if (broken.isPresent()) {
                throw new IllegalStateException("the emulator failed", broken.get());
            }
            return running.isEmpty() && ready().isEmpty();
        });
    }

    /** Begins one operation, of that unit or of any; gives its number. */
    Optional<Integer> beginOne(Optional<UnitName> wanted) {
        return ask(() -> {
            while (true) {
                List<UnitAgent> candidates = ready().stream()
                        .filter(agent -> wanted.isEmpty() || wanted.get().equals(agent.unit().name))
                        .toList();
                if (candidates.isEmpty()) {
                    return Optional.empty();
                }
                Optional<Integer> number = begin(model.any(candidates));
                if (number.isPresent()) {
                    return number;
                }
            }
        });
    }

    private void beginAllReady() {
        while (running.size() < parallelMax) {
            List<UnitAgent> candidates = ready();
            if (candidates.isEmpty()) {
                return;
            }
            begin(model.any(candidates));
        }
    }

    /** The units that have something to do and may do it now. */
    private List<UnitAgent> ready() {
        List<UnitAgent> ready = new ArrayList<>();
        for (JujuUnit unit : model.units()) {
            UnitAgent agent = agentOf(unit);
            if (!unit.starved
                    && !running.containsKey(unit.name)
                    && !busyMachines.contains(unit.machine)
                    && agent.next().isPresent()) {
                ready.add(agent);
            }
        }
        return ready;
    }

    private UnitAgent agentOf(JujuUnit unit) {
        return new UnitAgent(
                model, unit, faults, (level, message) -> log(unit.name, new LogLine(level, sourceOf(unit), message)));
    }

    private String sourceOf(JujuUnit unit) {
        return Optional.ofNullable(running.get(unit.name))
                .map(now -> now.context.name())
                .orElse("");
    }

    /** Begins the agent's next operation; gives its number if it runs the charm. */
    private Optional<Integer> begin(UnitAgent agent) {
        Operation operation = agent.next().orElseThrow();
        if (operation instanceof Operation.AcceptLeadership) {
            agent.acceptLeadership();
        } else if (operation instanceof Operation.ResignLeadership) {
            agent.resignLeadership();
        } else if (operation instanceof Operation.UpgradeCharm) {
            JujuUnit unit = agent.unit();
            host.install(unit.name, unit.machine, unit.app.charm());
            agent.charmUpgraded();
        } else if (operation instanceof Operation.Die) {
            agent.die();
        } else {
            return agent.begin(operation).map(context -> run(agent, context));
        }
        return Optional.empty();
    }

    private int run(UnitAgent agent, HookContext context) {
        JujuUnit unit = agent.unit();
        String path = context.hook()
                .map(hook -> "hooks/" + hook.hookName())
                .or(() -> context.action().map(task -> "actions/" + task.name))
                .orElse("");
        Launch launch = new Launch(
                unit.name,
                unit.machine,
                unit.app.charm(),
                HookEnvironment.of(context, host.folders(unit.name, unit.machine)),
                path,
                context.commands().map(task -> task.request().commands()));
        Running started = new Running(++begun, context, launch, model.now());
        running.put(unit.name, started);
        busyMachines.add(unit.machine);
        unit.agent = new Status("executing", "running " + describe(context));
        threads.execute(() -> {
            RunReport report = runCharm(started);
            post(() -> ended(agent, started, report));
        });
        return started.number;
    }

    /** On a thread of the charm's. */
    private RunReport runCharm(Running started) {
        Optional<CharmRun> run;
        try {
            run = host.start(started.launch);
        } catch (UncheckedIOException e) {
            return new RunReport(
                    new RunReport.Ending.Exited(1), "", String.valueOf(e.getCause()), Duration.ZERO, Duration.ZERO, 0);
        }
        if (run.isEmpty()) {
            return RunReport.missing();
        }
        post(() -> started.run = run);
        return run.get().await();
    }

    private void ended(UnitAgent agent, Running ended, RunReport report) {
        JujuUnit unit = agent.unit();
        HookContext context = ended.context;
        logOutput(unit.name, context.name(), "DEBUG", report.stdout());
        logOutput(unit.name, context.name(), "WARNING", report.stderr());
        boolean stillThere = model.findUnit(unit.name).filter(unit::equals).isPresent();
        Outcome outcome = stillThere ? agent.end(context, report) : Outcome.FAILED;
        if (!unit.inError()) {
            unit.agent = Status.IDLE;
        }
        running.remove(unit.name);
        busyMachines.remove(unit.machine);
        trace.add(new TraceEntry(
                ended.number,
                unit.name,
                kind(context),
                context.commands().map(task -> task.request().commands()).orElse(context.name()),
                describe(context),
                ended.modelTime,
                ended.begun,
                report.wall(),
                report.cpu(),
                report.maxMemoryKib(),
                report.ending().toString(),
                outcome,
                ended.commands));
        boolean rebootDue = context.reboot() == HookContext.Reboot.NOW
                || (context.reboot() == HookContext.Reboot.AFTER_HOOK && outcome == Outcome.COMMITTED);
        if (rebootDue) {
            reboot(unit.machine);
        }
        changed();
    }

    private static TraceEntry.Kind kind(HookContext context) {
        if (context.action().isPresent()) {
            return TraceEntry.Kind.ACTION;
        }
        return context.commands().isPresent() ? TraceEntry.Kind.COMMANDS : TraceEntry.Kind.HOOK;
    }

    private static String describe(HookContext context) {
        return context.hook()
                .map(Hook::describe)
                .or(() -> context.action().map(task -> "action " + task.name))
                .orElseGet(() -> "juju-exec "
                        + context.commands().orElseThrow().request().commands());
    }

    // --- machines and agents

    /** Ends everything on a machine and starts its agents anew. */
    void reboot(int machine) {
        for (JujuUnit unit : model.unitsOn(machine)) {
            interrupt(unit);
            unit.rebooted = true;
        }
        host.findMachine(machine).ifPresent(found -> {
            try {
                found.reboot();
            } catch (IOException e) {
                throw new UncheckedIOException("machine " + machine + " does not come back", e);
            }
        });
    }

    /** The unit's agent stops: what it runs is asked to end, those who wait for it are sent away, it forgets. */
    void interrupt(JujuUnit unit) {
        Running now = running.get(unit.name);
        if (now != null) {
            unit.interrupted = true;
            now.run.ifPresent(CharmRun::terminate);
        }
        model.abortCommands(unit.name);
        unit.remoteDatabags.clear();
    }

    /** The unit goes without a hook of its own. */
    void removeByForce(JujuUnit unit) {
        Running now = running.get(unit.name);
        if (now != null) {
            now.run.ifPresent(CharmRun::kill);
        }
        model.unitGone(unit);
    }

    // --- hook commands

    /** Answers a hook command, or takes a juju-exec, whose answer comes when its commands have run. */
    private CompletableFuture<CommandReply> answer(int machine, CommandServer.Request request) {
        CompletableFuture<CommandReply> answer = new CompletableFuture<>();
        post(() -> {
            try {
                if (request.call().command().equals("juju-exec")) {
                    jujuExec(machine, request, answer);
                } else {
                    answer.complete(hookCommand(request));
                }
            } catch (RuntimeException e) {
                answer.complete(new CommandReply(3, "", "panic: " + e + "\n"));
                throw e;
            }
        });
        return answer;
    }

    private void jujuExec(int machine, CommandServer.Request request, CompletableFuture<CommandReply> answer) {
        List<UnitName> units =
                model.unitsOn(machine).stream().map(unit -> unit.name).toList();
        try {
            JujuExec exec = JujuExec.parse(request.call().args(), request.contextId(), units);
            model.addCommands(exec, answer);
            changed();
        } catch (CommandFailure e) {
            answer.complete(e.reply());
        }
    }

    private CommandReply hookCommand(CommandServer.Request request) {
        String contextId = request.contextId();
        if (contextId.isEmpty()) {
            return CommandReply.error(1, "JUJU_CONTEXT_ID not set");
        }
        Optional<Running> caller = running.values().stream()
                .filter(now -> now.context.id().equals(contextId))
                .findFirst();
        if (caller.isEmpty()) {
            return CommandReply.error(1, "bad request: wrong context ID; got " + CommandFailure.quoted(contextId));
        }
        CommandReply reply = hookCommand(caller.get(), request.call());
        if (!reply.equals(CommandReply.NEEDS_STDIN)) {
            caller.get()
                    .commands
                    .add(new CommandCall(
                            request.call().command(), request.call().args(), reply.exitCode(), reply.stderr()));
        }
        return reply;
    }

    private CommandReply hookCommand(Running caller, Invocation call) {
        UnitName unit = caller.launch.unit();
        if (faults.killsAt(unit, caller.commands.size() + 1)) {
            caller.run.ifPresent(CharmRun::kill);
            return CommandReply.error(1, "the charm was killed");
        }
        if (faults.failsCommand(unit, call.command())) {
            return CommandReply.error(1, "the command was made to fail");
        }
        CommandReply reply = HookCommands.run(caller.context, call);
        if (caller.context.reboot() == HookContext.Reboot.NOW) {
            caller.run.ifPresent(CharmRun::kill);
        }
        return reply;
    }

    // --- what was done and said

    private void logOutput(UnitName unit, String source, String level, String text) {
        text.lines().forEach(line -> log(unit, new LogLine(level, source, line)));
    }

    private void log(UnitName unit, LogLine line) {
        logs.computeIfAbsent(unit, name -> new ArrayList<>()).add(line);
    }

    List<LogLine> log(UnitName unit) {
        return List.copyOf(logs.getOrDefault(unit, List.of()));
    }

    /** What has ended, in the order in which it began. */
    List<TraceEntry> trace() {
        return trace.stream()
                .sorted(Comparator.comparingInt(TraceEntry::number))
                .toList();
    }

    /** What runs now, for people. */
    List<String> runningNow() {
        return running.values().stream()
                .map(now ->
                        "#" + now.number + " " + now.launch.unit() + " " + describe(now.context) + ": still running")
                .sorted()
                .toList();
    }

    /** Ends all charms. What runs in this process goes on to its next hook command. May be called twice. */
    @Override
    public void close() {
        if (!owner.isShutdown()) {
            ask(() -> {
                driving = false;
                running.values().forEach(now -> now.run.ifPresent(CharmRun::kill));
                model.units().forEach(unit -> model.abortCommands(unit.name));
                return true;
            });
        }
        try {
            host.close();
        } catch (IOException e) {
            throw new UncheckedIOException("left behind: " + host.root(), e);
        } finally {
            owner.shutdownNow();
            threads.shutdownNow();
        }
    }
}
