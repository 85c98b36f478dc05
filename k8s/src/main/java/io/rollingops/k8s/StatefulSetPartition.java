// SPDX-License-Identifier: Apache-2.0
package io.rollingops.k8s;

import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.rollingops.upgrade.RolloutPartition;
import io.rollingops.upgrade.UpgradeError;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The partition of a StatefulSet, by one {@code PATCH} of {@code spec.updateStrategy.rollingUpdate.partition} for each
 * change. On Juju the StatefulSet has the application's name and its namespace the model's. The client is the caller's: he
 * chooses how long a call may take, and closes it.
 */
public final class StatefulSetPartition implements RolloutPartition {
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final String FAILED = "Kubernetes StatefulSet patch failed";

    private final KubernetesClient client;
    private final String namespace;
    private final String name;

    /** The partition of the StatefulSet of that name. */
    public StatefulSetPartition(KubernetesClient client, String namespace, String name) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
    }

    /** Where it is; 0 when the StatefulSet says nothing, as Kubernetes has it. Empty when it cannot be read. */
    @Override
    public OptionalInt current() {
        try {
            return Optional.ofNullable(statefulSet().get())
                    .map(set -> OptionalInt.of(partition(set)))
                    .orElse(OptionalInt.empty());
        } catch (KubernetesClientException e) {
            return OptionalInt.empty(); // the unit shows that it cannot be read, and looks again at its next event
        }
    }

    @Override
    public void set(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("a partition is not below 0: " + number);
        }
        String patch = "{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":" + number + "}}}}";
        try {
            statefulSet().patch(PatchContext.of(PatchType.JSON_MERGE), patch);
        } catch (KubernetesClientException e) {
            throw error(e);
        }
    }

    private RollableScalableResource<StatefulSet> statefulSet() {
        return client.apps().statefulSets().inNamespace(namespace).withName(name);
    }

    private static int partition(StatefulSet set) {
        return Optional.ofNullable(set.getSpec())
                .flatMap(spec -> Optional.ofNullable(spec.getUpdateStrategy()))
                .flatMap(strategy -> Optional.ofNullable(strategy.getRollingUpdate()))
                .flatMap(rolling -> Optional.ofNullable(rolling.getPartition()))
                .orElse(0);
    }

    private UpgradeError.KubernetesClientError error(KubernetesClientException e) {
        return switch (e.getCode()) {
            case FORBIDDEN ->
                new UpgradeError.KubernetesClientError(
                        FAILED, "`juju trust` needed", "juju trust " + name + " --scope=cluster");
            case NOT_FOUND ->
                new UpgradeError.KubernetesClientError(
                        FAILED,
                        "there is no StatefulSet " + name + " in namespace " + namespace,
                        "see that it has the application's name, and its namespace the model's");
            default ->
                new UpgradeError.KubernetesClientError(
                        FAILED,
                        String.valueOf(e.getMessage()),
                        "it is tried again; see that Kubernetes can be reached");
        };
    }
}
