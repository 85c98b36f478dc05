// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.OperationResult;
import io.rollingops.RollingOpsState;
import io.rollingops.json.Json;
import io.rollingops.manager.HostClock;
import io.rollingops.testkit.juju.CharmMetadata;
import io.rollingops.testkit.juju.EmulatedCharm;
import io.rollingops.testkit.juju.ExecResult;
import io.rollingops.testkit.juju.HookRun;
import io.rollingops.testkit.juju.JujuEmulator;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.UnaryOperator;

/**
 * A charm of this module inside the emulator, without a process: each callback notes that it begins and ends. What a unit
 * wants to have dispatched is kept until the test lets it go through {@code juju-exec}.
 */
final class RollingCharm implements EmulatedCharm {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Path folder;
    private final List<String> notes = Collections.synchronizedList(new ArrayList<>());
    private final Queue<String> wakes = new ConcurrentLinkedQueue<>();
    private final Map<String, Integer> failures = new ConcurrentHashMap<>();
    private final UnaryOperator<RollingOpsSettings> settings;

    RollingCharm(Path folder) {
        this(folder, UnaryOperator.identity());
    }

    RollingCharm(Path folder, UnaryOperator<RollingOpsSettings> settings) {
        this.folder = folder;
        this.settings = settings;
    }

    @Override
    public CharmMetadata metadata() {
        return CharmMetadata.named("rolling")
                .withPeer("restart", "rolling_op")
                .withAction("restart")
                .withAction("failed-restart")
                .withAction("deferred-restart")
                .withAction("state")
                .withAction("force-release");
    }

    @Override
    public void run(HookRun hook) {
        Map<String, String> environment = new HashMap<>(hook.environment());
        if (!hook.commands().isEmpty()) {
            String assignment = hook.commands().substring(0, hook.commands().indexOf(' '));
            environment.put("JUJU_DISPATCH_PATH", assignment.substring(assignment.indexOf('=') + 1));
        }
        HookCommand.Runner runner = commands ->
                commands.stream().map(command -> call(hook, command)).toList();
        int exitCode = charm(hook.unit().toString())
                .run(
                        JujuContext.parse(environment),
                        runner,
                        new HostClock(System::nanoTime, Clock.systemUTC()),
                        (context, unitFolder) -> after -> wakes.add(hook.unit().toString()));
        if (exitCode != 0) {
            throw new IllegalStateException("exit code " + exitCode);
        }
    }

    /** What callbacks did, in order: {@code begin app/0 restart}. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /** Lets the unit's next hooks fail after all handlers, as many as that. */
    void failAfterCallback(String unit, int times) {
        failures.put(unit, times);
    }

    /** Runs the model, and everything that units want to have dispatched, until nobody has anything to do. */
    void settle(JujuEmulator juju) {
        juju.settle(LIMIT);
        for (String unit = wakes.poll(); unit != null; unit = wakes.poll()) {
            dispatch(juju, unit);
            juju.settle(LIMIT);
        }
    }

    /** Dispatches the hook of a grant on a unit that is still there. */
    ExecResult dispatch(JujuEmulator juju, String unit) {
        return juju.units(unit.substring(0, unit.indexOf('/'))).contains(unit)
                ? juju.exec(unit, "JUJU_DISPATCH_PATH=hooks/" + RollingOps.GRANTED_HOOK + " ./dispatch")
                : new ExecResult(1, "", "gone");
    }

    /** The unit that wants something dispatched, taken from the list; empty when there is none. */
    String nextWake() {
        String unit = wakes.poll();
        return unit == null ? "" : unit;
    }

    private JujuCharm charm(String unit) {
        RollingOpsSettings plain = RollingOpsSettings.onPeers("restart")
                .withFolder(folder)
                .withCallback("restart", context -> work(unit, "restart", OperationResult.RELEASE))
                .withCallback("failed-restart", context -> work(unit, "failed-restart", OperationResult.RETRY_RELEASE))
                .withCallback(
                        "deferred-restart", context -> work(unit, "deferred-restart", OperationResult.RETRY_HOLD));
        return JujuCharm.builder()
                .rollingOps(settings.apply(plain))
                .onHook(RollingOps.GRANTED_HOOK, hook -> {})
                .onAction("restart", RollingCharm::request)
                .onAction("failed-restart", RollingCharm::request)
                .onAction("deferred-restart", RollingCharm::request)
                .onAction(
                        "state",
                        action -> report(action, action.hook().rollingOps().state()))
                .onAction(
                        "force-release",
                        action -> action.hook()
                                .rollingOps()
                                .forceRelease(
                                        io.rollingops.UnitName.parse(
                                                action.parameters().string("unit")),
                                        action.parameters().integer("epoch")))
                .build();
    }

    private OperationResult work(String unit, String callback, OperationResult result) {
        notes.add("begin " + unit + " " + callback);
        notes.add("end " + unit + " " + callback);
        return result;
    }

    private HookCommand.Result call(HookRun hook, HookCommand command) {
        String unit = hook.unit().toString();
        boolean answers = command.name().equals("relation-set")
                && command.input().orElse("").contains("done_epoch");
        if (answers && failures.merge(unit, -1, Integer::sum) >= 0) {
            return new HookCommand.Result(1, "", "ERROR connection is shut down\n");
        }
        ExecResult result = hook.call(
                command.name(), command.line().subList(1, command.line().size()), command.input());
        return new HookCommand.Result(result.exitCode(), result.stdout(), result.stderr());
    }

    private static void request(Action action) {
        Json.Obj parameters = action.parameters();
        OptionalInt maxRetry = parameters.find("max-retry").isPresent()
                ? OptionalInt.of((int) parameters.integer("max-retry"))
                : OptionalInt.empty();
        RollingOps rolling = action.hook().rollingOps();
        rolling.requestAsyncLock(action.name(), Json.Obj.EMPTY, maxRetry);
        report(action, rolling.state());
    }

    private static void report(Action action, RollingOpsState state) {
        action.results(Map.of(
                "status",
                state.status().wire(),
                "backend",
                state.processingBackend().wire()));
    }
}
