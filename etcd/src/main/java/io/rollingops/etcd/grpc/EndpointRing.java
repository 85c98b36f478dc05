// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import java.time.Duration;

/**
 * Decides which endpoint is asked next. Knows no network and no clock; time comes in as nanoseconds.
 *
 * <ol>
 *   <li>Stay with the endpoint in use as long as it answers: one warm connection is quicker than three.
 *   <li>One that failed is left at once for the next on the list, and not used again for a while; the while doubles with
 *       each failure and ends with the first answer. Many requests that fail together are one failure.
 *   <li>When all have failed, they are tried in turn, the one that failed longest ago first.
 * </ol>
 *
 * <p>So a call that tries as often as there are endpoints has tried each of them.
 */
final class EndpointRing {
    static final Duration FIRST_SUSPICION = Duration.ofMillis(500);
    static final Duration LONGEST_SUSPICION = Duration.ofSeconds(8);

    /** What fails within this time fails together. */
    static final Duration TOGETHER = Duration.ofMillis(100);

    private final int[] failures;
    private final long[] failedAt;
    private int current;

    /**
     * A ring whose members are all trusted.
     *
     * @param first where to begin: clients that begin at different endpoints share the load
     */
    EndpointRing(int size, int first) {
        failures = new int[size];
        failedAt = new long[size];
        current = first;
    }

    int size() {
        return failures.length;
    }

    int choose(long nowNanos) {
        for (int step = 0; step < size(); step++) {
            int candidate = (current + step) % size();
            if (isTrusted(candidate, nowNanos)) {
                current = candidate;
                return current;
            }
        }
        current = failedLongestAgo();
        return current;
    }

    void answered(int endpoint) {
        failures[endpoint] = 0;
    }

    void failed(int endpoint, long nowNanos) {
        boolean isAnother = failures[endpoint] == 0 || nowNanos - failedAt[endpoint] > TOGETHER.toNanos();
        if (isAnother) {
            failures[endpoint]++;
        }
        failedAt[endpoint] = nowNanos;
    }

    private boolean isTrusted(int endpoint, long nowNanos) {
        return failures[endpoint] == 0 || nowNanos - failedAt[endpoint] >= suspicionNanos(failures[endpoint]);
    }

    private static long suspicionNanos(int failures) {
        int doublings = Math.min(failures - 1, 16);
        return Math.min(FIRST_SUSPICION.toNanos() << doublings, LONGEST_SUSPICION.toNanos());
    }

    private int failedLongestAgo() {
        int oldest = (current + 1) % size();
        for (int step = 2; step <= size(); step++) {
            int candidate = (current + step) % size();
            if (failedAt[candidate] - failedAt[oldest] < 0) {
                oldest = candidate;
            }
        }
        return oldest;
    }
}
