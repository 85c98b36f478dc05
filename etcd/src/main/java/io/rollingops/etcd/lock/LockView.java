// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Who has the lock and who waits for it, over all applications.
 *
 * @param holder nobody, if the lock is free
 * @param waiters whose turns come next, in order; pollers without a ticket are not among them
 */
public record LockView(Optional<Holder> holder, List<String> waiters) {

    /**
     * Who has the lock.
     *
     * @param owner the model's identity and the unit's name, with {@code -} for {@code /}
     * @param token the fencing token
     * @param leaseLeft how long its lease lives on without another renewal; empty without a lease
     */
    public record Holder(String owner, long token, Optional<Duration> leaseLeft) {}

    public LockView {
        waiters = List.copyOf(waiters);
    }
}
