// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

/** What a unit does while the cluster-wide lock cannot be had. Inside the application both are equally safe. */
public enum ClusterLossPolicy {
    /**
     * Goes on under the application's grant alone: nothing waits, and until the unit has returned, units of other
     * applications may run at the same time. As the original does.
     */
    DEGRADE,
    /** Waits until the lock can be had again: units of different applications never run at the same time. */
    BLOCK
}
