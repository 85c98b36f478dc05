// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.lease.LeaseTerms;

/**
 * How a unit's process behaves.
 *
 * @param process names this process, different for every start
 * @param lease the times of its lease
 * @param pause how long it waits after a failed attempt
 * @param onClusterLoss what it does while the cluster-wide lock cannot be had
 */
record UnitSettings(String process, LeaseTerms lease, RetryPause pause, ClusterLossPolicy onClusterLoss) {}
