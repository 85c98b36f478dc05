// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.CommandSpec;
import io.rollingops.agent.config.Durations;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.manager.Callback;
import io.rollingops.manager.CallbackContext;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A callback that runs a command. The command's exit status is the result; when its lock is lost or its time is over, the
 * whole process group is ended, first politely, then not.
 */
public final class CommandCallback implements Callback {
    /** How long after the command's end its output is still read: something it started may hold the pipe open. */
    private static final Duration LAST_OUTPUT = Duration.ofMillis(200);

    private final UnitName unit;
    private final CommandSpec spec;
    private final RunDirectories runs;
    private final Duration stopWithin;

    /**
     * A callback of one unit.
     *
     * @param stopWithin how long after the lock is lost everything must have ended
     */
    public CommandCallback(UnitName unit, CommandSpec spec, RunDirectories runs, Duration stopWithin) {
        this.unit = unit;
        this.spec = spec;
        this.runs = runs;
        this.stopWithin = stopWithin;
    }

    @Override
    public OperationResult run(CallbackContext context) throws IOException, InterruptedException {
        Path run = runs.create(context.token().epoch(), spec.id());
        SupervisedProcess process =
                SupervisedProcess.start(spec.command(), spec.directory(), run, environment(context, run));
        Thread reader = readOutput(process, run);
        context.lock().onLost(reason -> process.terminate());
        Optional<Integer> status = await(process, context);
        reader.join(LAST_OUTPUT.toMillis());
        RunDirectories.ended(run);
        context.lock().checkpoint();
        if (status.isEmpty()) {
            context.notes().accept("timed out after " + Durations.text(spec.timeout()));
            return OperationResult.RETRY_RELEASE;
        }
        context.notes().accept(status.get() == 0 ? "" : "exit status " + status.get());
        return spec.result(status.get());
    }

    /** The exit status, or nothing when the time was over; in either case nothing of the group is left. */
    private Optional<Integer> await(SupervisedProcess process, CallbackContext context) throws IOException {
        try {
            Optional<Integer> status = process.await(spec.timeout());
            if (status.isEmpty()) {
                end(process);
            }
            return status;
        } catch (InterruptedException e) {
            end(process);
            if (!context.lock().isLost()) {
                Thread.currentThread().interrupt();
                throw new RollingOpsException.LockLost("the agent is stopping");
            }
            return Optional.empty();
        }
    }

    /** First politely; half of the time to stop is for that. Then not. Returns when it is over, however long it takes. */
    private void end(SupervisedProcess process) throws IOException {
        process.terminate();
        boolean interrupted = Thread.interrupted();
        Optional<Integer> status = Optional.empty();
        Duration patience = stopWithin.dividedBy(2);
        while (status.isEmpty()) {
            try {
                status = process.await(patience);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            if (status.isEmpty()) {
                process.kill();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Map<String, String> environment(CallbackContext context, Path run) {
        Map<String, String> environment = new HashMap<>(spec.environment());
        environment.put(RunDirectories.MARK, run.toString());
        environment.put("ROLLINGOPS_UNIT", unit.toString());
        environment.put("ROLLINGOPS_CALLBACK", spec.id());
        environment.put("ROLLINGOPS_OPERATION", context.operation().value());
        environment.put("ROLLINGOPS_ATTEMPT", Integer.toString(context.attempt()));
        environment.put(
                "ROLLINGOPS_FENCING_TOKEN", Long.toString(context.token().epoch()));
        context.token().cluster().ifPresent(token -> environment.put("ROLLINGOPS_CLUSTER_TOKEN", Long.toString(token)));
        environment.put("ROLLINGOPS_ARGUMENTS", JsonText.write(context.arguments()));
        context.arguments()
                .members()
                .forEach((name, value) -> environment.put("ROLLINGOPS_ARG_" + variable(name), text(value)));
        return environment;
    }

    private static String variable(String name) {
        return name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    /** A text as it is, anything else in its JSON form. */
    private static String text(Json value) {
        return value instanceof Json.Str text ? text.value() : JsonText.write(value);
    }

    private static Thread readOutput(SupervisedProcess process, Path run) {
        Thread reader = new Thread(
                () -> {
                    try {
                        BoundedLog.copy(process.output(), run.resolve("output.log"));
                    } catch (IOException e) {
                        // The pipe is closed, or the disk is full; the command's result does not depend on its log.
                    }
                },
                "rollingops-output");
        reader.setDaemon(true);
        reader.start();
        return reader;
    }
}
