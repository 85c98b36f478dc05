// SPDX-License-Identifier: Apache-2.0
package io.rollingops.lease;

/**
 * Until when the holder of a lease may rely on it, by its own clock. Nanoseconds are those of a clock that counts
 * suspended time (rule L3).
 *
 * @param terms the lease's times
 * @param sentNanos when the last answered renewal was sent
 */
public record LeaseTrust(LeaseTerms terms, long sentNanos) {

    /** After a renewal was answered that was sent at that moment; an older one adds nothing. */
    public LeaseTrust renewed(long answeredRenewalSentNanos) {
        return answeredRenewalSentNanos - sentNanos > 0 ? new LeaseTrust(terms, answeredRenewalSentNanos) : this;
    }

    /** The moment at which the work must be told to stop. */
    public long deadlineNanos() {
        return sentNanos + terms.trusted().toNanos();
    }

    public boolean isTrusted(long nowNanos) {
        return nowNanos - deadlineNanos() < 0;
    }
}
