// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Runs a model: starts what its units have to do, answers the hook commands of what runs, and draws the consequences
 * when it has ended.
 *
 * <p>One thread owns the model; everything here is done on it, but for {@link #ask}, {@link #change}, {@link #drive},
 * {@link #quiet}, {@link #beginOne} and {@link #close}, which any thread may call and which wait for it. Charms run on
 * threads of their own, one operation of a unit at a time, and one of a machine, since all agents of a machine share its
 * lock. New operations begin only while somebody drives or for a single step; what has begun goes on to its end in any
 * case.
 */
final class Controller implements AutoCloseable {
    private final JujuModel model;
    private final int parallelMax;
    private final FaultPlan faults = new FaultPlan();
    private final Journal journal = new Journal();
    private final Pulse pulse = new Pulse();
    private final ModelThread owner = new ModelThread(pulse);
    private final ExecutorService threads =
            Executors.newCachedThreadPool(task -> ModelThread.daemon(task, "juju-charm"));
    private final CharmHost host;

    private final Map<UnitName, Running> running = new HashMap<>();
    private final Set<Integer> busyMachines = new HashSet<>();
    private boolean driving;
    private int begun;

    /**
     * A controller that stands still.
     *
     * @param parallelMax how many charms may run at the same time
     */
    Controller(ModelSettings settings, HostSettings hostSettings, int parallelMax) throws IOException {
        this.model = new JujuModel(settings);
        this.parallelMax = parallelMax;
        this.host = new CharmHost(hostSettings, threads, this::answer);
    }

    JujuModel model() {
        return model;
    }

    FaultPlan faults() {
        return faults;
    }

    Journal journal() {
        return journal;
    }

    CharmHost host() {
        return host;
    }

    /** Beats whenever something has changed. */
    Pulse pulse() {
        return pulse;
    }

    <T> T ask(Callable<T> question) {
        return owner.ask(question);
    }

    /** As {@link #ask}; afterwards whatever became due begins, if somebody drives. */
    <T> T change(Supplier<T> change) {
        return ask(() -> {
            T answer = change.get();
            changed();
            return answer;
        });
    }

    private void changed() {
        if (driving) {
            beginAllReady();
        }
        pulse.beat();
    }

    // --- beginning and ending operations

    void drive(boolean on) {
        ask(() -> {
            driving = on;
            changed();
            return on;
        });
    }

    /** Whether nothing runs and nothing is due. */
    boolean quiet() {
        return ask(() -> running.isEmpty() && ready().isEmpty());
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

    UnitAgent agentOf(JujuUnit unit) {
        return new UnitAgent(model, unit, faults, (level, message) -> {
            Running now = running.get(unit.name);
            journal.log(unit.name, new LogLine(level, now == null ? "" : now.context.name(), message));
        });
    }

    /** Begins the agent's next operation; gives its number if it runs the charm. */
    private Optional<Integer> begin(UnitAgent agent) {
        JujuUnit unit = agent.unit();
        Operation operation = agent.next().orElseThrow();
        if (operation instanceof Operation.AcceptLeadership) {
            agent.acceptLeadership();
        } else if (operation instanceof Operation.ResignLeadership) {
            agent.resignLeadership();
        } else if (operation instanceof Operation.UpgradeCharm) {
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
        Running now = new Running(++begun, agent, context, launch, model.now());
        running.put(unit.name, now);
        busyMachines.add(unit.machine);
        threads.execute(() -> {
            RunReport report = runCharm(now);
            owner.post(() -> ended(now, report));
        });
        return now.number;
    }

    /** On a thread of the charm's. */
    private RunReport runCharm(Running now) {
        try {
            Optional<CharmRun> run = host.start(now.launch);
            if (run.isEmpty()) {
                return RunReport.missing();
            }
            owner.post(() -> now.started(run.get()));
            return run.get().await();
        } catch (RuntimeException e) {
            return new RunReport(
                    new RunReport.Ending.Exited(1), "", "the emulator: " + e, Duration.ZERO, Duration.ZERO, 0);
        }
    }

    private void ended(Running ended, RunReport report) {
        JujuUnit unit = ended.unit();
        HookContext context = ended.context;
        journal.logOutput(unit.name, context.name(), report);
        boolean stillThere = model.findUnit(unit.name).filter(unit::equals).isPresent();
        Outcome outcome = stillThere ? ended.agent.end(context, report) : Outcome.FAILED;
        running.remove(unit.name);
        busyMachines.remove(unit.machine);
        journal.add(ended.traced(report, outcome));
        boolean rebootDue = context.reboot() == HookContext.Reboot.NOW
                || (context.reboot() == HookContext.Reboot.AFTER_HOOK && outcome == Outcome.COMMITTED);
        if (rebootDue) {
            reboot(unit.machine);
        }
        changed();
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
            now.terminate();
        }
        model.abortCommands(unit.name);
        unit.remoteDatabags.clear();
    }

    /** The unit goes without a hook of its own. */
    void removeByForce(JujuUnit unit) {
        Running now = running.get(unit.name);
        if (now != null) {
            now.kill();
        }
        model.unitGone(unit);
    }

    /** How the unit's agent is doing: what it runs, or which hook has failed. */
    Status agentStatus(JujuUnit unit) {
        Running now = running.get(unit.name);
        return now == null || unit.inError()
                ? unit.agentStatus()
                : new Status("executing", "running " + now.describe());
    }

    /** What runs now, for people. */
    List<String> runningNow() {
        return running.values().stream().map(Running::toString).sorted().toList();
    }

    // --- hook commands

    /** Answers a hook command, or takes a juju-exec, whose answer comes when its commands have run. */
    private CompletableFuture<CommandReply> answer(int machine, CommandServer.Request request) {
        CompletableFuture<CommandReply> answer = new CompletableFuture<>();
        boolean open = owner.post(() -> {
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
        if (!open) {
            answer.complete(CommandReply.error(1, "the emulator is closed"));
        }
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
        Invocation call = request.call();
        CommandReply reply = hookCommand(caller.get(), call);
        if (!reply.equals(CommandReply.NEEDS_STDIN)) {
            caller.get().commands.add(new CommandCall(call.command(), call.args(), reply.exitCode(), reply.stderr()));
        }
        return reply;
    }

    private CommandReply hookCommand(Running caller, Invocation call) {
        UnitName unit = caller.unit().name;
        if (faults.killsAt(unit, caller.commands.size() + 1)) {
            caller.kill();
            return CommandReply.error(1, "the charm was killed");
        }
        if (faults.failsCommand(unit, call.command())) {
            return CommandReply.error(1, "the command was made to fail");
        }
        CommandReply reply = HookCommands.run(caller.context, call);
        if (caller.context.reboot() == HookContext.Reboot.NOW) {
            caller.kill();
        }
        return reply;
    }

    /** Ends all charms. What runs in this process goes on to its next hook command. May be called twice. */
    @Override
    public void close() {
        if (!owner.closed()) {
            owner.post(() -> {
                driving = false;
                running.values().forEach(Running::kill);
                model.units().forEach(unit -> model.abortCommands(unit.name));
            });
        }
        owner.close();
        try {
            host.close();
        } catch (IOException e) {
            throw new UncheckedIOException("left behind: " + host.root(), e);
        } finally {
            threads.shutdown();
        }
    }
}
