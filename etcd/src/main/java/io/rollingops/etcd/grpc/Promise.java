// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.RollingOpsException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** A user's future, completed away from the event thread, so that what depends on it cannot hold that up. */
final class Promise<T> {
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final Executor callbacks;

    Promise(Executor callbacks) {
        this.callbacks = callbacks;
    }

    CompletableFuture<T> future() {
        return future;
    }

    void complete(T value) {
        run(() -> future.complete(value));
    }

    void fail(RollingOpsException error) {
        run(() -> future.completeExceptionally(error));
    }

    private void run(Runnable completion) {
        try {
            callbacks.execute(completion);
        } catch (RejectedExecutionException e) {
            completion.run(); // the executor was closed before the client: better here than never
        }
    }
}
