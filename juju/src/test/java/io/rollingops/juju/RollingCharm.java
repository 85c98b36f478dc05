// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.OperationResult;
import io.rollingops.RollingOpsState;
import io.rollingops.RollingOpsStatus;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.manager.CallbackContext;
import io.rollingops.manager.HostClock;
import io.rollingops.testing.HistoryEvent;
import io.rollingops.testkit.juju.ActionResult;
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
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/**
 * A charm of this module inside the emulator, without a process: each callback notes that it begins and ends. What a unit
 * wants to have dispatched is kept until the test lets it go through {@code juju-exec}.
 */
final class RollingCharm implements EmulatedCharm {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static final String DISPATCH = "JUJU_DISPATCH_PATH=hooks/" + RollingOps.GRANTED_HOOK + " ./dispatch";

    private final Path folder;
    private final List<String> notes = Collections.synchronizedList(new ArrayList<>());
    private volatile Duration calendarOffset = Duration.ZERO;
    private final AtomicLong skippedNanos = new AtomicLong();
    private final RecordedHistory history = new RecordedHistory();
    private final Queue<String> wakes = new ConcurrentLinkedQueue<>();
    private final Map<String, Integer> failures = new ConcurrentHashMap<>();
    private final UnaryOperator<RollingOpsSettings> settings;
    private volatile JujuCharm.Handler asked = hook -> {};
    private volatile JujuCharm.Handler own = hook -> {};

    /** Something that a handler asks of rolling operations. */
    @FunctionalInterface
    interface Question<T> {
        T ask(RollingOps rolling) throws Exception;
    }

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
                .withRequirer("etcd", "etcd_client")
                .withConfig("cluster-id", Json.of(""))
                .withAction("restart")
                .withAction("failed-restart")
                .withAction("deferred-restart")
                .withAction("state")
                .withAction("ask")
                .withAction("forgotten")
                .withAction("force-release");
    }

    @Override
    public void run(HookRun hook) {
        RecordedHistory.Run record = history.begin(hook.unit().toString());
        Map<String, String> environment = new HashMap<>(hook.environment());
        if (!hook.commands().isEmpty() && !hook.commands().startsWith("JUJU_DISPATCH_PATH=")) {
            String[] words = hook.commands().split(" ");
            hook.run(words[0], List.of(words).subList(1, words.length).toArray(String[]::new));
            return;
        }
        if (!hook.commands().isEmpty()) {
            String assignment = hook.commands().substring(0, hook.commands().indexOf(' '));
            environment.put("JUJU_DISPATCH_PATH", assignment.substring(assignment.indexOf('=') + 1));
        }
        if (!hook.variable("JUJU_DEPARTING_UNIT").isEmpty()) {
            history.leaves(record, hook.variable("JUJU_DEPARTING_UNIT"));
        }
        HookCommand.Runner runner = commands ->
                commands.stream().map(command -> call(hook, command, record)).toList();
        int exitCode = charm(hook.unit().toString(), record)
                .run(
                        JujuContext.parse(environment),
                        runner,
                        new HostClock(
                                () -> System.nanoTime() + skippedNanos.get(),
                                Clock.offset(Clock.systemUTC(), calendarOffset)),
                        (context, unitFolder) -> after -> wakes.add(hook.unit().toString()));
        if (exitCode != 0) {
            throw new IllegalStateException("exit code " + exitCode);
        }
    }

    /** What callbacks did, in order: {@code begin app/0 restart}. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /** Moves the steady clock of all units. */
    void skip(Duration time) {
        skippedNanos.addAndGet(time.toNanos());
    }

    /** Sets how far the wall clock of all units is ahead of the real one. */
    void setCalendar(Duration ahead) {
        calendarOffset = ahead;
    }

    /** What is wrong with everything that was done since the model was made. */
    List<String> violations(JujuEmulator juju) {
        return history.violations(juju);
    }

    /** Asks in an action of the unit; what the question throws fails the action, and is thrown here as well. */
    <T> T ask(JujuEmulator juju, String unit, Question<T> question) throws Exception {
        List<T> answers = new ArrayList<>();
        List<Exception> thrown = new ArrayList<>();
        asked = hook -> {
            try {
                answers.add(question.ask(hook.rollingOps()));
            } catch (Exception e) {
                thrown.add(e);
                throw e;
            }
        };
        ActionResult result = juju.runAction(unit, "ask", Map.of()).result();
        if (!thrown.isEmpty()) {
            throw thrown.get(0);
        }
        if (!result.completed()) {
            throw new IllegalStateException(result.toString());
        }
        return answers.get(0);
    }

    /** What the charm itself does in {@code config-changed}, and in the hook that units have dispatched for themselves. */
    void handle(JujuCharm.Handler handler) {
        own = handler;
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

    /** Lets the first unit that wants something dispatched have it when the model moves; false when there is none. */
    boolean queueWake(JujuEmulator juju) {
        String unit = nextWake();
        if (!unit.isEmpty() && juju.units(unit.substring(0, unit.indexOf('/'))).contains(unit)) {
            juju.queueExec(unit, DISPATCH);
        }
        return !unit.isEmpty();
    }

    /** Dispatches the hook of a grant on a unit that is still there. */
    ExecResult dispatch(JujuEmulator juju, String unit) {
        if (!juju.units(unit.substring(0, unit.indexOf('/'))).contains(unit)) {
            return new ExecResult(1, "", "gone");
        }
        return juju.exec(unit, DISPATCH);
    }

    /** Loses what units want to have dispatched, as a machine that fails does. */
    void forgetWakes() {
        wakes.clear();
    }

    /** The unit that wants something dispatched, taken from the list; empty when there is none. */
    private String nextWake() {
        String unit = wakes.poll();
        return unit == null ? "" : unit;
    }

    private JujuCharm charm(String unit, RecordedHistory.Run record) {
        RollingOpsSettings plain = RollingOpsSettings.onPeers("restart")
                .withFolder(folder)
                .withCallback("restart", (hook, context) -> work(unit, context, record, OperationResult.RELEASE))
                .withCallback(
                        "failed-restart", (hook, context) -> work(unit, context, record, OperationResult.RETRY_RELEASE))
                .withCallback(
                        "deferred-restart", (hook, context) -> work(unit, context, record, OperationResult.RETRY_HOLD));
        return JujuCharm.builder()
                .rollingOps(settings.apply(plain))
                .on(Lifecycle.CONFIG_CHANGED, hook -> own.handle(hook))
                .onHook(RollingOps.GRANTED_HOOK, hook -> own.handle(hook))
                .onAction("restart", RollingCharm::request)
                .onAction("failed-restart", RollingCharm::request)
                .onAction("deferred-restart", RollingCharm::request)
                .onAction("state", RollingCharm::tellState)
                .onAction("ask", action -> asked.handle(action.hook()))
                .onAction(
                        "force-release",
                        action -> action.hook()
                                .rollingOps()
                                .forceRelease(
                                        UnitName.parse(action.parameters().string("unit")),
                                        action.parameters().integer("epoch")))
                .build();
    }

    private OperationResult work(
            String unit, CallbackContext context, RecordedHistory.Run record, OperationResult result) {
        String operation = context.operation().value();
        String callback = operation.substring(operation.indexOf('-') + 1);
        notes.add("begin " + unit + " " + callback);
        record.did()
                .add(HistoryEvent.begin(
                        "app", unit, unit + " " + operation, context.token().epoch(), Optional.empty()));
        notes.add("end " + unit + " " + callback);
        record.did().add(HistoryEvent.of(HistoryEvent.Kind.END, "app", unit, unit + " " + operation));
        return result;
    }

    private HookCommand.Result call(HookRun hook, HookCommand command, RecordedHistory.Run record) {
        String unit = hook.unit().toString();
        boolean answers = command.name().equals("relation-set")
                && command.input().orElse("").contains("done_epoch");
        if (answers && failures.merge(unit, -1, Integer::sum) >= 0) {
            return new HookCommand.Result(1, "", "ERROR connection is shut down\n");
        }
        ExecResult result = hook.call(
                command.name(), command.line().subList(1, command.line().size()), command.input());
        if (command.name().equals("relation-set") && result.exitCode() == 0) {
            (command.line().contains("--app") ? record.appWrites() : record.unitWrites())
                    .add(JsonText.parseObject(command.input().orElseThrow()));
        }
        return new HookCommand.Result(result.exitCode(), result.stdout(), result.stderr());
    }

    private static void request(Action action) {
        Json.Obj parameters = action.parameters();
        OptionalInt maxRetry = parameters.find("max-retry").isPresent()
                ? OptionalInt.of((int) parameters.integer("max-retry"))
                : OptionalInt.empty();
        RollingOps rolling = action.hook().rollingOps();
        rolling.requestAsyncLock(action.name(), Json.Obj.EMPTY, maxRetry);
        action.results(Map.of("to-upgrade", rolling.unitsToUpgrade().toString()));
        report(action, rolling.state());
    }

    private static void tellState(Action action) {
        RollingOpsState state = action.hook().rollingOps().state();
        report(action, state);
        action.log("leader: " + action.hook().isLeader());
        if (state.status() == RollingOpsStatus.NOT_READY) {
            action.fail("not ready");
        }
    }

    private static void report(Action action, RollingOpsState state) {
        action.results(Map.of(
                "status",
                state.status().wire(),
                "backend",
                state.processingBackend().wire()));
    }
}
