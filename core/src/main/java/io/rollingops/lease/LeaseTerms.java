// SPDX-License-Identifier: Apache-2.0
package io.rollingops.lease;

import java.time.Duration;

/**
 * How long a lease lives, and how long its holder may rely on it.
 *
 * <p>The holder must have stopped its work before the other side can let the lease expire, although the two clocks run at
 * slightly different rates. So it cancels at {@code sent + ttl·(1−ρ)/(1+ρ) − D − P}, where {@code sent} is the moment
 * before the last answered renewal was sent (rule L1). The bound is exact: {@code models/lease.pml} finds a
 * counterexample one tick later.
 *
 * @param ttl how long the lease lives on the other side after a renewal was carried out there
 * @param stopWithin D: how long the work may take to stop after it was told to
 * @param checkEvery P: how often the holder looks at its clock, and the clock's resolution
 */
public record LeaseTerms(Duration ttl, Duration stopWithin, Duration checkEvery) {
    /** ρ: by how much the rates of two clocks may differ (assumption A4). */
    public static final double CLOCK_RATE_TOLERANCE = 0.01;

    private static final int RENEWALS_IN_TTL = 6;

    public LeaseTerms {
        if (stopWithin.isNegative() || checkEvery.isNegative()) {
            throw new IllegalArgumentException("times are not negative");
        }
        if (ttl.compareTo(Duration.ZERO) <= 0) {
            throw new IllegalArgumentException("a lease lives for some time, not " + ttl);
        }
        if (!ttl.equals(Duration.ofMillis(ttl.toMillis()))) {
            throw new IllegalArgumentException(
                    "a lease is counted in whole milliseconds, not " + ttl + ": the other side would count less");
        }
        if (trusted(ttl, stopWithin, checkEvery)
                        .compareTo(ttl.dividedBy(RENEWALS_IN_TTL).multipliedBy(2))
                < 0) {
            throw new IllegalArgumentException(
                    "a lease of " + ttl.toMillis() + " ms leaves too little time to renew it:"
                            + " it must be trusted for twice the renewal interval after " + stopWithin.toMillis()
                            + " ms to stop and " + checkEvery.toMillis()
                            + " ms to notice; lengthen the lease or shorten the time to stop");
        }
    }

    /** How long after sending an answered renewal the holder may go on. */
    public Duration trusted() {
        return trusted(ttl, stopWithin, checkEvery);
    }

    /** How often the holder renews. */
    public Duration renewEvery() {
        return ttl.dividedBy(RENEWALS_IN_TTL);
    }

    /**
     * How often it renews while nothing relies on the lease: half as often, where what may begin at any moment still has time
     * for another renewal.
     */
    public Duration renewAtRestEvery() {
        Duration slow = renewEvery().multipliedBy(2);
        Duration latest = trusted().minus(renewEvery());
        return slow.compareTo(latest) < 0 ? slow : latest;
    }

    private static Duration trusted(Duration ttl, Duration stopWithin, Duration checkEvery) {
        double sure = ttl.toNanos() * (1 - CLOCK_RATE_TOLERANCE) / (1 + CLOCK_RATE_TOLERANCE);
        return Duration.ofNanos((long) sure).minus(stopWithin).minus(checkEvery);
    }
}
