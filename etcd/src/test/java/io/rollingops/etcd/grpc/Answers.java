// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.RollingOpsException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for futures in tests: longer than any call may take, so that none can hang a test. */
final class Answers {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private Answers() {}

    /** What the call answers. */
    static <T> T answer(CompletableFuture<T> call) {
        try {
            return call.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RollingOpsException error) {
                throw error;
            }
            throw new AssertionError("a call failed with an error that is not ours", e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("a call has not ended after " + PATIENCE, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** The error with which the call fails. */
    static RollingOpsException error(CompletableFuture<?> call) {
        try {
            throw new AssertionError("no error but " + answer(call));
        } catch (RollingOpsException e) {
            return e;
        }
    }
}
