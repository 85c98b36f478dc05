// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import java.util.Optional;

/**
 * One run of one callback: calls it, and turns what comes back into an {@link Ending}. {@link #call} is for one thread;
 * the rest is safe for several.
 */
final class CallbackRun {
    private final Operation operation;
    private final FencingToken token;
    private final RetryPause pause;
    private final LockSignal lock = new LockSignal();
    private final LockSignal clusterLock = new LockSignal();

    private Optional<Thread> thread = Optional.empty();
    private boolean ended;
    private String remark = "";

    CallbackRun(Operation operation, FencingToken token, RetryPause pause) {
        this.operation = operation;
        this.token = token;
        this.pause = pause;
    }

    Operation operation() {
        return operation;
    }

    /** Runs it on the calling thread. */
    Ending call(Callback callback) {
        begin();
        try {
            return ending(callback);
        } finally {
            end();
        }
    }

    /** There is nothing to call. */
    Ending unknown(String note) {
        end();
        return new Ending.Dropped(note);
    }

    /** Tells it that its lock is lost, and interrupts it. */
    synchronized void cancel(String reason) {
        lock.lose(reason);
        thread.ifPresent(Thread::interrupt);
    }

    boolean isClustered() {
        return token.cluster().isPresent();
    }

    /** Tells it, once, that the cluster-wide lock is lost; whether it goes on is for others to decide. */
    boolean loseClusterToken() {
        return clusterLock.lose("the lease of the cluster-wide lock cannot be relied upon any more");
    }

    synchronized boolean isOn(Thread other) {
        return thread.equals(Optional.of(other));
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    private synchronized void remark(String text) {
        remark = text;
    }

    private synchronized String remark() {
        return remark;
    }

    private synchronized void begin() {
        thread = Optional.of(Thread.currentThread());
        if (lock.isLost()) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void end() {
        thread = Optional.empty();
        ended = true;
        if (lock.isLost()) {
            Thread.interrupted(); // it was meant for this run, not for what the thread does next
        }
    }

    private Ending ending(Callback callback) {
        CallbackContext context = new CallbackContext(
                operation.id(), operation.arguments(), operation.attempt() + 1, token, lock, clusterLock, this::remark);
        try {
            OperationResult result = callback.run(context);
            return answered(result, remark());
        } catch (RollingOpsException.LockLost | InterruptedException e) {
            return new Ending.Interrupted(!lock.isLost());
        } catch (Exception e) {
            return lock.isLost()
                    ? new Ending.Interrupted(false)
                    : answered(OperationResult.RETRY_RELEASE, "failed: " + e);
        }
    }

    private Ending answered(OperationResult result, String note) {
        Operation tried = operation.attemptedAgain();
        boolean again = result != OperationResult.RELEASE && !tried.isRetryLimitReached();
        return new Ending.Answered(
                result, note, again && !pause.after(tried.attempt()).isZero());
    }
}
