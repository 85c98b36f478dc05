// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs things one after the other on an executor that is a guest here: it is neither expected to be serial nor closed.
 *
 * <p>Safe for all threads; {@link #add} does not wait. What is added runs in that order, each thing sees what the ones
 * before it did, and an exception ends only the thing that threw it.
 */
final class Delivery {
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

    private final Executor executor;
    private final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();
    /** How many things are in the queue or running; who makes it one starts the runner, who makes it zero ends it. */
    private final AtomicInteger pending = new AtomicInteger();

    Delivery(Executor executor) {
        this.executor = executor;
    }

    /** Answers false when the executor takes nothing more; then nothing that is in the queue will run. */
    boolean add(Runnable thing) {
        queue.add(thing);
        if (pending.getAndIncrement() > 0) {
            return true;
        }
        try {
            executor.execute(this::runAll);
            return true;
        } catch (RejectedExecutionException e) {
            LOG.warn("The executor of an etcd watch is closed, so the watch ends", e);
            return false;
        }
    }

    private void runAll() {
        do {
            Runnable thing = queue.remove();
            try {
                thing.run();
            } catch (RuntimeException | Error e) {
                LOG.error("The listener of an etcd watch threw; its watch goes on", e);
            }
        } while (pending.decrementAndGet() > 0);
    }
}
