// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

/** Who replaces the workload of a unit. */
public enum Substrate {
    /** The unit itself, on its machine or host, when its turn comes. */
    VM,
    /** Kubernetes: it replaces pods from the highest number downwards, none below the partition. */
    K8S
}
