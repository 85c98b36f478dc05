// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

/**
 * The name that the store gave to a lease.
 *
 * @param number never zero, which stands for no lease
 */
public record LeaseId(long number) {
    public LeaseId {
        if (number == 0) {
            throw new IllegalArgumentException("no lease has the number zero");
        }
    }

    /** As {@code etcdctl} writes it. */
    @Override
    public String toString() {
        return Long.toHexString(number);
    }
}
