// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what another process does, which cannot be told when it is done. */
final class Polling {
    private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private Polling() {}

    /**
     * Waits until the condition holds.
     *
     * @throws IllegalStateException when it does not hold within the limit, or the thread is interrupted
     */
    static void until(Duration limit, String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > limit.toNanos()) {
                throw new IllegalStateException("after " + limit.toMillis() + " ms it is still not so that " + what);
            }
            LockSupport.parkNanos(EVERY_NANOS);
            if (Thread.interrupted()) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting until " + what);
            }
        }
    }
}
