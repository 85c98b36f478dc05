// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs tasks one at a time and in order, without a thread of its own: on the thread that brings one while none runs; that
 * thread then runs also what others bring in the meantime. So what etcd tells is acted upon at once, where it is heard.
 *
 * <p>For tasks that are short and never wait. What one throws goes to the handler of the thread's uncaught exceptions, and
 * the next one runs. Safe for all threads.
 */
public final class InTurn implements Executor {
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    /** How many are in the queue or running; who makes it one runs them, until it is zero again. */
    private final AtomicInteger pending = new AtomicInteger();

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        if (pending.getAndIncrement() > 0) {
            return;
        }
        do {
            run(tasks.remove());
        } while (pending.decrementAndGet() > 0);
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            Thread current = Thread.currentThread();
            current.getUncaughtExceptionHandler().uncaughtException(current, e);
        }
    }
}
