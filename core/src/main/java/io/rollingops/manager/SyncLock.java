// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.spi.SyncLockBackend;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A lock that is held until it is closed; for try-with-resources. Closing gives it back, once, and does not throw for a
 * lock that is lost already.
 */
public final class SyncLock implements AutoCloseable {
    private final Optional<FencingToken> token;
    private final LockSignal signal;
    private final LockSignal clusterSignal;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    SyncLock(Optional<FencingToken> token, LockSignal signal, Runnable release) {
        this(token, signal, new LockSignal(), release);
    }

    /**
     * A lock that is two at once.
     *
     * @param clusterSignal tells when the one that applications share is lost and the other one is kept
     */
    SyncLock(Optional<FencingToken> token, LockSignal signal, LockSignal clusterSignal, Runnable release) {
        this.token = token;
        this.signal = signal;
        this.clusterSignal = clusterSignal;
        this.release = release;
    }

    /**
     * Acquires a lock that the user brought; blocks until it is held.
     *
     * @throws io.rollingops.RollingOpsException.LockTimeout when it is not held after the given time
     */
    public static SyncLock acquire(SyncLockBackend backend, Duration timeout) throws InterruptedException {
        backend.acquire(timeout);
        return new SyncLock(Optional.empty(), new LockSignal(), backend::release);
    }

    /**
     * A lock that a host holds and watches over.
     *
     * @param loss is given what it has to call, with the reason, when the lock is lost
     * @param release gives it back
     */
    public static SyncLock watched(FencingToken token, Consumer<Consumer<String>> loss, Runnable release) {
        LockSignal signal = new LockSignal();
        loss.accept(signal::lose);
        return new SyncLock(Optional.of(token), signal, release);
    }

    /** Proof of holding the lock; empty for a lock that the user brought. */
    public Optional<FencingToken> token() {
        return token;
    }

    /** Tells when the lock is lost. */
    public LockSignal signal() {
        return signal;
    }

    /**
     * Tells when the lock that applications share is lost while this one is kept: its token for the cluster is void then, and
     * units of other applications may begin. Never for a lock that is not shared.
     */
    public LockSignal clusterSignal() {
        return clusterSignal;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            release.run();
        }
    }
}
