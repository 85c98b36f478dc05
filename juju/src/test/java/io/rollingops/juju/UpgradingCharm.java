// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.manager.HostClock;
import io.rollingops.testkit.juju.CharmMetadata;
import io.rollingops.testkit.juju.EmulatedCharm;
import io.rollingops.testkit.juju.ExecResult;
import io.rollingops.testkit.juju.HookRun;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.Problem;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.RolloutPartition;
import io.rollingops.upgrade.Substrate;
import io.rollingops.upgrade.UpgradeError;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/**
 * One revision of a charm that upgrades its workload, inside the emulator and without a process. All revisions share a
 * {@link Scene}: what is really installed on each unit, what happened, and what is to go wrong. For models that run one
 * charm at a time.
 */
final class UpgradingCharm implements EmulatedCharm {
    static final String RELATION = "upgrade";

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String DISPATCH = "JUJU_DISPATCH_PATH=hooks/" + RollingOps.GRANTED_HOOK + " ./dispatch";

    private final Scene scene;
    private final String release;
    private final String supported;

    /** What the revisions of a charm share. */
    static final class Scene {
        final Path folder;
        final Substrate substrate;
        final boolean rolls;
        /** What is really there, by unit; {@code half} while it is replaced. */
        final Map<String, String> installed = new TreeMap<>();
        /** What happened to workloads, and what was ordered, in order: {@code app/2 begins 2}, {@code order resume-upgrade}. */
        final List<String> notes = new ArrayList<>();
        /** Releases that cannot be brought to a unit: {@code app/1 2}. */
        final Set<String> broken = new HashSet<>();
        /** Units whose next hook dies in the middle of the work. */
        final Set<String> dies = new HashSet<>();
        /** The partition of the StatefulSet, and where it was set. */
        final List<Integer> partitions = new ArrayList<>(List.of(0));

        final List<String> wakes = new ArrayList<>();
        final List<String> instructions = new ArrayList<>();
        final List<String> hooksWithWork = new ArrayList<>();
        /** Units that replaced their workload and wrote for the application in one hook. */
        final List<String> mixed = new ArrayList<>();

        /** Units that wrote for the application. */
        final Set<String> ledBy = new HashSet<>();

        boolean ready = true;
        /** What the charm orders, bottom of the stack first; empty for the usual order. */
        List<Integer> order = List.of();

        boolean isTrusted = true;
        boolean isRelated = true;
        /** What the document asks of other applications, and what these report. */
        Map<String, String> needs = Map.of();

        Callable<Map<String, String>> reported = Map::of;
        Duration checkTakes = Duration.ZERO;
        long skippedNanos;

        Scene(Path folder, Substrate substrate, boolean rolls) {
            this.folder = folder;
            this.substrate = substrate;
            this.rolls = rolls;
        }

        static Scene onMachines(Path folder) {
            return new Scene(folder, Substrate.VM, false);
        }

        UpgradingCharm revision(String release) {
            return new UpgradingCharm(this, release, ">0");
        }

        /** One that may follow some releases only. */
        UpgradingCharm revision(String release, String supported) {
            return new UpgradingCharm(this, release, supported);
        }

        /** What happened to workloads. */
        List<String> work() {
            return notes.stream().filter(note -> !note.startsWith("order ")).toList();
        }

        /** Who began, in order: {@code app/2 2}. */
        List<String> begun() {
            return notes.stream()
                    .filter(note -> note.contains(" begins "))
                    .map(note -> note.replace(" begins", ""))
                    .toList();
        }

        /** Runs the model, and everything that units want to have dispatched, until nobody has anything to do. */
        void settle(JujuEmulator juju) {
            juju.settleWithErrors(LIMIT);
            while (!wakes.isEmpty()) {
                dispatch(juju, wakes.remove(0));
                juju.settleWithErrors(LIMIT);
            }
        }

        ExecResult dispatch(JujuEmulator juju, String unit) {
            return juju.units("app").contains(unit) ? juju.exec(unit, DISPATCH) : new ExecResult(1, "", "gone");
        }

        boolean queueWake(JujuEmulator juju) {
            if (wakes.isEmpty()) {
                return false;
            }
            String unit = wakes.remove(0);
            if (juju.units("app").contains(unit)) {
                juju.queueExec(unit, DISPATCH);
            }
            return true;
        }
    }

    private UpgradingCharm(Scene scene, String release, String supported) {
        this.scene = scene;
        this.release = release;
        this.supported = supported;
    }

    @Override
    public CharmMetadata metadata() {
        CharmMetadata metadata = CharmMetadata.named("upgrading");
        if (scene.isRelated) {
            metadata = metadata.withPeer(RELATION, "upgrade");
        }
        for (String action : UpgradeActions.NAMES) {
            metadata = metadata.withAction(action);
        }
        metadata =
                metadata.withAction("well").withAction("idle").withAction("ill").withAction("restart");
        return scene.rolls ? metadata.withPeer("restart", "rolling_op") : metadata;
    }

    @Override
    public void run(HookRun hook) {
        Map<String, String> environment = new HashMap<>(hook.environment());
        if (!hook.commands().isEmpty()) {
            if (!hook.commands().startsWith("JUJU_DISPATCH_PATH=")) {
                String[] words = hook.commands().split(" ");
                hook.run(words[0], List.of(words).subList(1, words.length).toArray(String[]::new));
                return;
            }
            String assignment = hook.commands().substring(0, hook.commands().indexOf(' '));
            environment.put("JUJU_DISPATCH_PATH", assignment.substring(assignment.indexOf('=') + 1));
        }
        String unit = hook.unit().toString();
        scene.installed.putIfAbsent(unit, release);
        if (hook.hook().equals("remove")) {
            scene.notes.add(unit + " is gone");
        }
        int workedBefore = scene.hooksWithWork.size();
        HookCommand.Runner runner = commands -> {
            boolean isForApplication = commands.stream()
                    .anyMatch(command -> command.name().equals("relation-set")
                            && command.line().contains("--app"));
            if (isForApplication) {
                scene.ledBy.add(unit);
            }
            if (isForApplication && scene.hooksWithWork.size() > workedBefore) {
                scene.mixed.add(unit);
            }
            return commands.stream().map(command -> call(hook, command)).toList();
        };
        int exitCode = charm(unit, hook.dispatchPath())
                .run(
                        JujuContext.parse(environment),
                        runner,
                        new HostClock(() -> System.nanoTime() + scene.skippedNanos, Clock.systemUTC()),
                        (context, unitFolder) -> after -> scene.wakes.add(unit));
        if (UpgradeActions.NAMES.contains(hook.variable("JUJU_ACTION_NAME"))) {
            scene.notes.add("order " + hook.variable("JUJU_ACTION_NAME"));
        }
        if (exitCode != 0) {
            throw new IllegalStateException("exit code " + exitCode);
        }
    }

    UpgradeSettings settings(String unit, String hook) {
        Workload workload = new Workload(unit, hook);
        UpgradeSettings settings = scene.substrate == Substrate.VM
                ? UpgradeSettings.onMachines(new Release(release), workload)
                : UpgradeSettings.onKubernetes(new Release(release), workload, context -> new Partition());
        return settings.declaring(DependencyDocument.read(document())).withFolder(scene.folder);
    }

    String document() {
        String needs = scene.needs.entrySet().stream()
                .map(need -> "\"" + need.getKey() + "\": \"" + need.getValue() + "\"")
                .collect(Collectors.joining(", "));
        return "{\"service\": {\"dependencies\": {" + needs + "}, \"name\": \"svc\", \"upgrade_supported\": \""
                + supported + "\", \"version\": \"" + release + "\"}}";
    }

    private JujuCharm charm(String unit, String hook) {
        JujuCharm.Builder builder = JujuCharm.builder()
                .upgrades(settings(unit, hook))
                .onAction(
                        "idle",
                        action -> action.results(Map.of(
                                "idle",
                                Boolean.toString(action.hook().upgrades().isIdle()))))
                .onAction("well", action -> action.hook().upgrades().setUnitCompleted())
                .onAction(
                        "ill",
                        action -> action.hook()
                                .upgrades()
                                .setUnitFailed(new Problem("no connection", "it waited for 5 min", "look at its log")))
                .onAction("restart", action -> action.hook().rollingOps().requestAsyncLock("restart"));
        if (scene.rolls) {
            builder.rollingOps(RollingOpsSettings.onPeers("restart")
                    .withFolder(scene.folder)
                    .withCallback("restart", (of, context) -> {
                        scene.notes.add(unit + " restarts");
                        return OperationResult.RELEASE;
                    }));
        }
        return builder.build();
    }

    private static HookCommand.Result call(HookRun hook, HookCommand command) {
        ExecResult result = hook.call(
                command.name(), command.line().subList(1, command.line().size()), command.input());
        return new HookCommand.Result(result.exitCode(), result.stdout(), result.stderr());
    }

    /** The unit's workload. */
    private final class Workload implements CharmUpgrade {
        private final String unit;
        private final String hook;

        Workload(String unit, String hook) {
            this.unit = unit;
            this.hook = hook;
        }

        @Override
        public void preUpgradeCheck(Hook of) {
            scene.skippedNanos += scene.checkTakes.toNanos();
            if (!scene.ready) {
                throw new UpgradeError.ClusterNotReadyError("not healthy", "a member is down", "start it");
            }
        }

        @Override
        public List<UnitName> buildUpgradeStack(Hook of, List<UnitName> units, UnitName leader) throws Exception {
            return scene.order.isEmpty()
                    ? CharmUpgrade.super.buildUpgradeStack(of, units, leader)
                    : scene.order.stream()
                            .map(number -> new UnitName("app", number))
                            .toList();
        }

        @Override
        public Map<String, String> reported(Hook of) throws Exception {
            return scene.reported.call();
        }

        @Override
        public void onUpgradeGranted(Hook of) {
            scene.notes.add(unit + " begins " + release);
            scene.hooksWithWork.add(hook);
            scene.installed.put(unit, "half");
            if (scene.dies.remove(unit)) {
                throw new AssertionError("the process is killed");
            }
            if (scene.broken.contains(unit + " " + release)) {
                scene.notes.add(unit + " fails");
                throw new UpgradeError.ClusterNotReadyError("it does not start", "port 80 is taken");
            }
            scene.installed.put(unit, release);
            scene.notes.add(unit + " has " + release);
        }

        @Override
        public void logRollbackInstructions(Hook of) {
            scene.instructions.add(unit);
        }
    }

    private final class Partition implements RolloutPartition {
        @Override
        public OptionalInt current() {
            return scene.isTrusted
                    ? OptionalInt.of(scene.partitions.get(scene.partitions.size() - 1))
                    : OptionalInt.empty();
        }

        @Override
        public void set(int number) {
            if (!scene.isTrusted) {
                throw new UpgradeError.KubernetesClientError(
                        "Kubernetes StatefulSet patch failed", "`juju trust` needed", "juju trust app --scope=cluster");
            }
            scene.partitions.add(number);
        }
    }

    /** For parameters of actions. */
    static Map<String, Json> parameters(String... pairs) {
        Map<String, Json> parameters = new TreeMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            parameters.put(pairs[i], Json.of(pairs[i + 1]));
        }
        return parameters;
    }
}
