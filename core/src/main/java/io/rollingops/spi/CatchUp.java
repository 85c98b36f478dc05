// SPDX-License-Identifier: Apache-2.0
package io.rollingops.spi;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Waits until what is seen of a store here is as new as an answer of it, so that whoever was told of a change also sees
 * it. Safe for several threads.
 */
public final class CatchUp {
    private final PeerStore store;
    private final LongSupplier nanos;

    /**
     * For one store.
     *
     * @param nanos a steady clock
     */
    public CatchUp(PeerStore store, LongSupplier nanos) {
        this.store = store;
        this.nanos = nanos;
    }

    /** Blocks until the snapshot is at least that new, at most for the given time; whether it is. */
    public boolean await(long revision, Duration limit) throws InterruptedException {
        long endNanos = nanos.getAsLong() + limit.toNanos();
        Semaphore changed = new Semaphore(0);
        Runnable stop = store.onChange(changed::release);
        try {
            while (store.snapshot().revision() < revision) {
                if (!changed.tryAcquire(endNanos - nanos.getAsLong(), TimeUnit.NANOSECONDS)) {
                    return false;
                }
                changed.drainPermits();
            }
            return true;
        } finally {
            stop.run();
        }
    }
}
