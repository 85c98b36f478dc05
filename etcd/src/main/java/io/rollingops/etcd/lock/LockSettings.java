// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.lease.LeaseTerms;
import java.time.Duration;

/**
 * The times of a lock.
 *
 * @param lease of everything that the process writes
 * @param awayAfter without an answer for so long, etcd counts as away
 * @param settledAfter etcd that was away has to answer for so long before work returns to it (rule B3)
 * @param pollerPatience how long the free lock is left to somebody who asked first and only polls; longer than the 15 s
 *     after which {@code charmlibs-rollingops} looks again
 * @param pollerAgain after how long somebody who did not come is given another chance; whole seconds
 */
public record LockSettings(
        LeaseTerms lease, Duration awayAfter, Duration settledAfter, Duration pollerPatience, Duration pollerAgain) {
    /** The shortest lease that leaves a process time to stop and to be slow. */
    public static final Duration LEASE_MIN = Duration.ofSeconds(5);

    /** As the original: a lease of a minute. */
    public static final LockSettings DEFAULT = of(Duration.ofSeconds(60));

    /**
     * The usual times for a lease of that length, where what runs under the lock is stopped by whoever asks for this: a sixth
     * of it, and 10 s at most, to stop.
     *
     * @throws IllegalArgumentException if it is shorter than {@link #LEASE_MIN} or not in whole seconds
     */
    public static LockSettings of(Duration ttl) {
        return of(
                ttl,
                shorter(ttl.dividedBy(6), Duration.ofSeconds(10)),
                shorter(ttl.dividedBy(20), Duration.ofSeconds(1)));
    }

    /**
     * The times for work that takes so long to stop. The lock is told to be lost that long before the lease can end (rule
     * L1), so these are to be the times after which the work really has ended, not a share of the lease.
     *
     * @param stopWithin D, see {@link LeaseTerms}
     * @param checkEvery P
     * @throws IllegalArgumentException if the lease is shorter than {@link #LEASE_MIN} or than the two need, or not in whole
     *     seconds
     */
    public static LockSettings of(Duration ttl, Duration stopWithin, Duration checkEvery) {
        if (ttl.compareTo(LEASE_MIN) < 0 || ttl.toNanosPart() != 0) {
            throw new IllegalArgumentException("a lease in etcd lasts whole seconds, at least " + LEASE_MIN.toSeconds()
                    + ", not " + ttl.toMillis() + " ms");
        }
        return new LockSettings(
                new LeaseTerms(ttl, stopWithin, checkEvery),
                Duration.ofSeconds(3),
                Duration.ofSeconds(30),
                Duration.ofSeconds(20),
                Duration.ofMinutes(10));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** The same, but work returns to etcd when that has answered for so long. */
    public LockSettings returningAfter(Duration duration) {
        return new LockSettings(lease, awayAfter, duration, pollerPatience, pollerAgain);
    }
}
