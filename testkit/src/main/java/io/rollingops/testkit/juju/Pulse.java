// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.time.Duration;

/** Counts changes, so that others can wait for the next one without missing it. For all threads. */
final class Pulse {
    private long beats;

    synchronized long beats() {
        return beats;
    }

    synchronized void beat() {
        beats++;
        notifyAll();
    }

    /** Blocks until there were more beats than the caller has seen, or the time is up. */
    synchronized void awaitAfter(long seen, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (beats == seen) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return;
            }
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
    }
}
