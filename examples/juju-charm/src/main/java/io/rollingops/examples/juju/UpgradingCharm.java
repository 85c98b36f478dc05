// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import io.rollingops.OperationResult;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmUpgrade;
import io.rollingops.juju.Hook;
import io.rollingops.juju.JujuCharm;
import io.rollingops.juju.RollingOpsSettings;
import io.rollingops.juju.UnitStatus;
import io.rollingops.juju.UpgradeSettings;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UpgradeError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Upgrades and restarts its units one at a time. Its workload is a file with a version, which stands for a package; the
 * version that a revision of the charm brings stands in the charm's file {@code release}.
 */
public final class UpgradingCharm {
    private UpgradingCharm() {}

    /** Handles one hook or action. */
    public static void main(String[] args) throws IOException {
        Path folder = Optional.ofNullable(System.getenv("ROLLINGOPS_FOLDER"))
                .map(Path::of)
                .orElse(RollingOpsSettings.DEFAULT_FOLDER);
        Path charm =
                Path.of(Optional.ofNullable(System.getenv("JUJU_CHARM_DIR")).orElse(""));
        charm(Files.readString(charm.resolve("release")).strip(), folder).dispatch(args);
    }

    /** The charm, in the revision that brings a release. */
    static JujuCharm charm(String release, Path folder) {
        DependencyDocument declared =
                DependencyDocument.read("{\"service\": {\"dependencies\": {}, \"name\": \"service\","
                        + " \"upgrade_supported\": \">=1\", \"version\": \"" + release + "\"}}");
        return JujuCharm.builder()
                .rollingOps(RollingOpsSettings.onPeers("restart")
                        .withFolder(folder)
                        .withCallback("restart", (hook, context) -> {
                            note(hook, "restarts");
                            return OperationResult.RELEASE;
                        }))
                .upgrades(UpgradeSettings.onMachines(new Release(release), new Service(release, folder))
                        .declaring(declared))
                .on(Lifecycle.START, hook -> {
                    bring(hook, folder, release);
                    hook.status(UnitStatus.active(""));
                })
                .onAction("restart", action -> action.hook().rollingOps().requestAsyncLock("restart"))
                .build();
    }

    /** What the charm knows of its workload. */
    private record Service(String release, Path folder) implements CharmUpgrade {
        @Override
        public void preUpgradeCheck(Hook hook) throws IOException {
            if (installed(hook).isEmpty()) {
                throw new UpgradeError.ClusterNotReadyError("not installed", hook.unit() + " has no service");
            }
        }

        @Override
        public void onUpgradeGranted(Hook hook) throws IOException {
            note(hook, "begins " + release);
            bring(hook, folder, release);
        }

        @Override
        public Optional<Release> installed(Hook hook) throws IOException {
            Path file = version(hook, folder);
            return Files.exists(file) ? Optional.of(new Release(Files.readString(file))) : Optional.empty();
        }

        @Override
        public void logRollbackInstructions(Hook hook) {
            hook.log("run pre-upgrade-check on the leader, then refresh to the previous revision");
        }
    }

    private static void bring(Hook hook, Path folder, String release) throws IOException {
        Path file = version(hook, folder);
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, release);
    }

    private static Path version(Hook hook, Path folder) {
        return folder.resolve("service-" + hook.unit().number()).resolve("VERSION");
    }

    private static void note(Hook hook, String what) throws IOException {
        Files.writeString(
                Path.of(hook.config().string("transitions")),
                hook.unit() + " " + what + "\n",
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
