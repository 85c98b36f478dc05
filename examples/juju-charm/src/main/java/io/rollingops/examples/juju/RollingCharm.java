// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import io.rollingops.OperationResult;
import io.rollingops.RollingOpsState;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.juju.Action;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.EtcdSettings;
import io.rollingops.juju.Hook;
import io.rollingops.juju.JujuCharm;
import io.rollingops.juju.RollingOps;
import io.rollingops.juju.RollingOpsSettings;
import io.rollingops.juju.UnitStatus;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.Explanation;
import io.rollingops.manager.SyncLock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Restarts its units one at a time; the work takes as long as it is told to and notes when it began and ended. */
public final class RollingCharm {
    private static final String SYNC_LOCK = "file";

    private RollingCharm() {}

    /** Handles one hook or action. */
    public static void main(String[] args) {
        charm(Optional.ofNullable(System.getenv("ROLLINGOPS_FOLDER")).map(Path::of))
                .dispatch(args);
    }

    /**
     * The charm.
     *
     * @param folder where units keep their files, if not in the usual place
     */
    static JujuCharm charm(Optional<Path> folder) {
        Path files = folder.orElse(RollingOpsSettings.DEFAULT_FOLDER);
        return JujuCharm.builder()
                .rollingOps(RollingOpsSettings.onPeers("restart")
                        .withCallback("restart", (hook, context) -> {
                            work(hook, "restart", context.arguments());
                            return OperationResult.RELEASE;
                        })
                        .withCallback("failed-restart", (hook, context) -> {
                            work(hook, "failed-restart", context.arguments());
                            return OperationResult.RETRY_RELEASE;
                        })
                        .withCallback("deferred-restart", (hook, context) -> {
                            work(hook, "deferred-restart", context.arguments());
                            return OperationResult.RETRY_HOLD;
                        })
                        .withSyncLock(SYNC_LOCK, new FileLock(files.resolve("sync.lock")))
                        .withEtcd(etcd())
                        .withFolder(files))
                .on(Lifecycle.START, RollingCharm::showStatus)
                .on(Lifecycle.CONFIG_CHANGED, RollingCharm::showStatus)
                .on(Lifecycle.UPGRADE_CHARM, RollingCharm::showStatus)
                .on(Lifecycle.UPDATE_STATUS, RollingCharm::showStatus)
                .onAction("restart", RollingCharm::request)
                .onAction("failed-restart", RollingCharm::request)
                .onAction("deferred-restart", RollingCharm::request)
                .onAction("sync-restart", RollingCharm::restartNow)
                .onAction("why", RollingCharm::explain)
                .onAction("force-release", RollingCharm::forceRelease)
                .build();
    }

    /** The application shares its lock with those that have the same cluster id, when it is related to etcd. */
    private static EtcdSettings etcd() {
        EtcdSettings settings = EtcdSettings.of("etcd", EtcdSettings.fromConfig("cluster-id"));
        String lease = System.getenv("ROLLINGOPS_ETCD_LEASE_SECONDS");
        String policy = System.getenv("ROLLINGOPS_ON_ETCD_LOSS");
        EtcdSettings withLease =
                lease == null ? settings : settings.withLease(Duration.ofSeconds(Long.parseLong(lease)));
        return "block".equals(policy) ? withLease.withOnLoss(ClusterLossPolicy.BLOCK) : withLease;
    }

    private static void request(Action action) throws IOException {
        Json.Obj parameters = action.parameters();
        note(action.hook(), "action", action.name());
        OptionalInt maxRetry = parameters.find("max-retry").isPresent()
                ? OptionalInt.of(Math.toIntExact(parameters.integer("max-retry")))
                : OptionalInt.empty();
        RollingOps rolling = action.hook().rollingOps();
        Json.Obj arguments = Json.object().put("delay", parameters.get("delay")).build();
        rolling.requestAsyncLock(action.name(), arguments, maxRetry);
        RollingOpsState state = rolling.state();
        action.results(Map.of(
                "status",
                state.status().wire(),
                "backend",
                state.processingBackend().wire()));
    }

    private static void restartNow(Action action) throws IOException, InterruptedException {
        Json.Obj parameters = action.parameters();
        Duration timeout = Duration.ofSeconds(parameters.integer("timeout"));
        try (SyncLock held = action.hook().rollingOps().acquireSyncLock(SYNC_LOCK, timeout)) {
            held.signal().checkpoint();
            work(action.hook(), "sync-restart", parameters);
        }
    }

    private static void explain(Action action) {
        Explanation why = action.hook().rollingOps().explain();
        action.results(Map.of("reason", why.reason(), "remedy", why.remedy()));
    }

    private static void forceRelease(Action action) {
        Json.Obj parameters = action.parameters();
        action.hook().rollingOps().forceRelease(UnitName.parse(parameters.string("unit")), parameters.integer("epoch"));
    }

    private static void showStatus(Hook hook) {
        Set<UnitName> behind = hook.rollingOps().unitsToUpgrade();
        hook.status(
                behind.isEmpty() ? UnitStatus.active("") : UnitStatus.waiting("not rolling until upgraded: " + behind));
    }

    private static void work(Hook hook, String name, Json.Obj arguments) throws IOException, InterruptedException {
        note(hook, "begin", name);
        try {
            TimeUnit.MILLISECONDS.sleep(millis(arguments));
        } catch (InterruptedException e) {
            note(hook, "stop", name); // the lock is lost, and others may begin soon
            throw e;
        }
        note(hook, "end", name);
    }

    private static long millis(Json.Obj arguments) {
        Json delay = arguments.get("delay");
        return delay instanceof Json.Real seconds
                ? Math.round(seconds.value() * 1000)
                : 1000 * arguments.integer("delay");
    }

    private static void note(Hook hook, String what, String name) throws IOException {
        String line = Instant.now() + " " + hook.unit() + " " + what + " " + name + "\n";
        Files.writeString(
                Path.of(hook.config().string("transitions")),
                line,
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
