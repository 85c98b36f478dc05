// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An operation whose charm runs, or is just being started. For the thread that owns the model. */
final class Running {
    final int number;
    final UnitAgent agent;
    final HookContext context;
    final Launch launch;
    final List<CommandCall> commands = new ArrayList<>();

    private final Instant modelTime;
    private final Instant begun = Instant.now();
    private Optional<CharmRun> run = Optional.empty();
    private boolean killed;
    private boolean terminated;

    Running(int number, UnitAgent agent, HookContext context, Launch launch, Instant modelTime) {
        this.number = number;
        this.agent = agent;
        this.context = context;
        this.launch = launch;
        this.modelTime = modelTime;
    }

    JujuUnit unit() {
        return context.unit;
    }

    /** The charm is there; who wanted its end before that gets it now. */
    void started(CharmRun newRun) {
        run = Optional.of(newRun);
        if (killed) {
            newRun.kill();
        } else if (terminated) {
            newRun.terminate();
        }
    }

    void kill() {
        killed = true;
        run.ifPresent(CharmRun::kill);
    }

    void terminate() {
        terminated = true;
        run.ifPresent(CharmRun::terminate);
    }

    TraceEntry traced(RunReport report, Outcome outcome) {
        return new TraceEntry(
                number,
                unit().name,
                kind(),
                context.commands().map(task -> task.request().commands()).orElse(context.name()),
                describe(),
                modelTime,
                begun,
                report.wall(),
                report.cpu(),
                report.maxMemoryKib(),
                report.ending().toString(),
                outcome,
                commands);
    }

    private TraceEntry.Kind kind() {
        if (context.action().isPresent()) {
            return TraceEntry.Kind.ACTION;
        }
        return context.commands().isPresent() ? TraceEntry.Kind.COMMANDS : TraceEntry.Kind.HOOK;
    }

    /** What it is, with its subject. */
    String describe() {
        return context.hook()
                .map(Hook::describe)
                .or(() -> context.action().map(task -> "action " + task.name))
                .orElseGet(() -> "juju-exec "
                        + context.commands().orElseThrow().request().commands());
    }

    @Override
    public String toString() {
        return "#" + number + " " + unit().name + " " + describe() + ": still running";
    }
}
