// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.RolloutPartition;
import io.rollingops.upgrade.Substrate;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * How a charm is upgraded.
 *
 * @param peerRelation the name of the peer relation, by convention of the interface {@code upgrade}
 * @param substrate who replaces the workload
 * @param release what this revision of the charm brings onto a unit; two revisions that bring the same have the same name
 * @param declared the versions of its parts, and which of them may be upgraded; without models nothing is compared
 * @param upgrade what knows the workload
 * @param partition makes what moves the partition of the StatefulSet; called on Kubernetes, at most once in a hook
 * @param folder below which each unit keeps a folder of its own, unless rolling operations say where
 */
public record UpgradeSettings(
        String peerRelation,
        Substrate substrate,
        Release release,
        DependencyDocument declared,
        CharmUpgrade upgrade,
        Function<JujuContext, RolloutPartition> partition,
        Path folder) {
    /** The name that the original gives the peer relation. */
    public static final String DEFAULT_RELATION = "upgrade";

    /** For units on machines, which replace their workloads themselves. */
    public static UpgradeSettings onMachines(Release release, CharmUpgrade upgrade) {
        return new UpgradeSettings(
                DEFAULT_RELATION,
                Substrate.VM,
                release,
                new DependencyDocument(Map.of()),
                upgrade,
                context -> new NoPartition(),
                RollingOpsSettings.DEFAULT_FOLDER);
    }

    /** For units on Kubernetes, which replaces their pods. */
    public static UpgradeSettings onKubernetes(
            Release release, CharmUpgrade upgrade, Function<JujuContext, RolloutPartition> partition) {
        return new UpgradeSettings(
                DEFAULT_RELATION,
                Substrate.K8S,
                release,
                new DependencyDocument(Map.of()),
                upgrade,
                partition,
                RollingOpsSettings.DEFAULT_FOLDER);
    }

    /** With another peer relation. */
    public UpgradeSettings withRelation(String name) {
        return new UpgradeSettings(name, substrate, release, declared, upgrade, partition, folder);
    }

    /** With what the charm declares of versions. */
    public UpgradeSettings declaring(DependencyDocument document) {
        return new UpgradeSettings(peerRelation, substrate, release, document, upgrade, partition, folder);
    }

    /** With another folder. */
    public UpgradeSettings withFolder(Path newFolder) {
        return new UpgradeSettings(peerRelation, substrate, release, declared, upgrade, partition, newFolder);
    }

    /** Machines have none, and nobody asks. */
    private static final class NoPartition implements RolloutPartition {
        @Override
        public OptionalInt current() {
            return OptionalInt.empty();
        }

        @Override
        public void set(int number) {
            throw new IllegalStateException("there is no partition on machines");
        }
    }
}
