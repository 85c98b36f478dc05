// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.RollingOpsException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Tells work under a lock that the lock is lost (rule X3). Once lost it stays lost. Safe for several threads.
 */
public final class LockSignal {
    private final CompletableFuture<String> lost = new CompletableFuture<>();

    /** Whether the lock is lost. */
    public boolean isLost() {
        return lost.isDone();
    }

    /** Why the lock was lost, once it is. */
    public Optional<String> reason() {
        return Optional.ofNullable(lost.getNow(null));
    }

    /** Calls the action with the reason when the lock is lost, at once if it is already; on a thread that must not wait. */
    public void onLost(Consumer<String> action) {
        CompletableFuture<Void> unused = lost.thenAccept(action);
    }

    /**
     * To be called by long work between its parts.
     *
     * @throws RollingOpsException.LockLost when the lock is lost
     */
    public void checkpoint() {
        if (isLost()) {
            throw new RollingOpsException.LockLost("the lock is lost: " + reason().orElse(""));
        }
    }

    /** Whether this call was the one that told it. */
    boolean lose(String reason) {
        return lost.complete(reason);
    }
}
