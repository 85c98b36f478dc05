// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.time.Duration;
import java.util.List;

/**
 * What the store says about a lease that it still has.
 *
 * @param granted what each renewal sets the rest back to
 * @param left what is left of it, by the store's clock and in whole seconds; a lease about to end has zero left
 * @param keys what ends together with the lease, in the order of the keys
 */
public record LeaseStatus(LeaseId id, Duration granted, Duration left, List<Bytes> keys) {
    public LeaseStatus {
        keys = keys.stream().sorted().toList();
    }
}
