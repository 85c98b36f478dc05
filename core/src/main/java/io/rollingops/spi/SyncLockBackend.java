// SPDX-License-Identifier: Apache-2.0
package io.rollingops.spi;

import io.rollingops.RollingOpsException;
import java.time.Duration;

/**
 * A lock that the user brings for synchronous work, for example one that the operated system has itself. It is acquired
 * and released on the calling thread.
 */
public interface SyncLockBackend {

    /**
     * Blocks until the lock is held.
     *
     * @throws RollingOpsException.LockTimeout when it is not held after the given time
     */
    void acquire(Duration timeout) throws InterruptedException;

    /** Gives the lock back. Called once after each successful {@link #acquire}. */
    void release();
}
