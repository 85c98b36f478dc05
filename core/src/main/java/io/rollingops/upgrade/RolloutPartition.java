// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.OptionalInt;

/**
 * The line in a Kubernetes StatefulSet below which no pod is replaced. Called from one thread at a time; each call may
 * take as long as Kubernetes takes.
 */
public interface RolloutPartition {

    /** Where it is; empty when it cannot be read. */
    OptionalInt current();

    /**
     * Sets it: pods of that number and higher may be replaced, highest first. Harmless when it is there already.
     *
     * @throws UpgradeError.KubernetesClientError when it could not be set, saying what is missing
     */
    void set(int number);
}
