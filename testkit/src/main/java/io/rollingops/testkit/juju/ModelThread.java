// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/**
 * The one thread that owns a model, and how others get to it. Its methods may be called from any thread, {@link #ask}
 * from this one, too.
 */
final class ModelThread {
    private final ExecutorService executor;
    private final Thread thread;
    private final Pulse pulse;
    private volatile Optional<RuntimeException> failure = Optional.empty();

    /** Starts the thread; the pulse beats when it fails. */
    ModelThread(Pulse pulse) {
        this.pulse = pulse;
        CompletableFuture<Thread> started = new CompletableFuture<>();
        this.executor = Executors.newSingleThreadExecutor(task -> {
            Thread newThread = daemon(task, "juju-model");
            started.complete(newThread);
            return newThread;
        });
        executor.execute(() -> {});
        this.thread = started.join();
    }

    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Does something with the model, and waits for it.
     *
     * @throws RuntimeException what the question threw
     * @throws IllegalStateException when an error of the emulator itself has stopped the model
     */
    <T> T ask(Callable<T> question) {
        failure.ifPresent(cause -> {
            throw new IllegalStateException("the emulator failed", cause);
        });
        try {
            return Thread.currentThread() == thread
                    ? question.call()
                    : executor.submit(question).get();
        } catch (RuntimeException e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the emulator worked", e);
        } catch (Exception e) {
            if (e instanceof ExecutionException && e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("the emulator failed", e);
        }
    }

    /**
     * Does something with the model, soon. An error of it stops the model: who asks next gets it.
     *
     * @return false when the model is closed
     */
    boolean post(Runnable message) {
        try {
            executor.execute(() -> {
                try {
                    message.run();
                } catch (RuntimeException e) {
                    failure = Optional.of(e);
                    pulse.beat();
                }
            });
            return true;
        } catch (RejectedExecutionException closed) {
            return false;
        }
    }

    boolean closed() {
        return executor.isShutdown();
    }

    /** What was posted is still done. */
    void close() {
        executor.shutdown();
    }
}
