// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The synchronous lock of a replicated store: the application's own grant. It is an operation like any other, behind
 * what this unit has already queued, whose callback is "whoever waits for it" (rule S2). So it excludes every callback of
 * the application, and the unit's own queued work cannot lock it out. Safe for several threads.
 */
final class NativeSyncLock {
    /** The callback id of the operations; users cannot register it. */
    static final String CALLBACK = Callbacks.RESERVED_PREFIX + "sync-lock";

    private static final String TICKET = "ticket";
    private static final Duration WITHDRAW_LIMIT = Duration.ofSeconds(5);

    /** One waiting caller. */
    private static final class Waiter {
        final CompletableFuture<CallbackContext> granted = new CompletableFuture<>();
        final CountDownLatch released = new CountDownLatch(1);
    }

    private final PeerStore store;
    private final Supplier<String> tickets;
    private final LongSupplier steadyNanos;
    private final Map<String, Waiter> waiting = new ConcurrentHashMap<>();

    /**
     * The lock of one unit.
     *
     * @param tickets gives a text that was never given before
     * @param steadyNanos the host's steady clock
     */
    NativeSyncLock(PeerStore store, Supplier<String> tickets, LongSupplier steadyNanos) {
        this.store = store;
        this.tickets = tickets;
        this.steadyNanos = steadyNanos;
    }

    /** The callback of the operations: hands the lock to the caller, and is over when the caller has let go. */
    OperationResult hand(CallbackContext context) {
        Waiter waiter = waiting.remove(context.arguments().string(TICKET));
        if (waiter == null || !waiter.granted.complete(context)) {
            context.notes().accept("nobody waits for this lock any more");
            return OperationResult.RELEASE;
        }
        awaitRelease(waiter);
        context.lock().checkpoint();
        return OperationResult.RELEASE;
    }

    /**
     * Blocks until the lock is held. The time covers the request as well as the wait.
     *
     * @throws RollingOpsException.LockTimeout when it is not held after the given time
     */
    SyncLock acquire(Duration timeout) throws InterruptedException {
        String ticket = tickets.get();
        Waiter waiter = new Waiter();
        waiting.put(ticket, waiter);
        Optional<OperationId> operation = Optional.empty();
        try {
            long begun = steadyNanos.getAsLong();
            operation = Optional.of(request(ticket, timeout));
            long left = timeout.toNanos() - (steadyNanos.getAsLong() - begun);
            CallbackContext context = waiter.granted.get(Math.max(left, 0), TimeUnit.NANOSECONDS);
            return new SyncLock(
                    Optional.of(context.token()), context.lock(), context.clusterLock(), waiter.released::countDown);
        } catch (TimeoutException e) {
            throw new RollingOpsException.LockTimeout(
                    "the lock was not to be had within " + timeout.toMillis() + " ms");
        } catch (ExecutionException | CancellationException e) {
            throw new IllegalStateException("nobody else completes a waiter", e);
        } finally {
            waiting.remove(ticket);
            giveUp(waiter, operation);
        }
    }

    private OperationId request(String ticket, Duration timeout) {
        PeerCommand request = new PeerCommand.Request(
                CALLBACK, Json.object().put(TICKET, ticket).build(), OptionalInt.of(0));
        PeerReply reply = store.submit(request, timeout).reply();
        if (reply instanceof PeerReply.Queued queued) {
            return Optional.ofNullable(queued.operations().get(store.self())).orElseThrow();
        }
        throw new RollingOpsException.Refused("the lock cannot be asked for: "
                + (reply instanceof PeerReply.Refused refused ? refused.message() : reply));
    }

    /** Nothing to do when the caller has the lock; otherwise the wish for it goes, and if it comes yet it goes back. */
    private void giveUp(Waiter waiter, Optional<OperationId> operation) {
        if (waiter.granted.cancel(false) && operation.isPresent()) {
            try {
                store.submit(new PeerCommand.Withdraw(operation.get()), WITHDRAW_LIMIT);
            } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
                // It may stay queued. When its turn comes nobody waits for it, and it is released at once.
            }
        } else if (!waiter.granted.isCancelled() && Thread.currentThread().isInterrupted()) {
            waiter.released.countDown();
        }
    }

    /**
     * Until the caller lets go the run is not over, whatever becomes of the lock: the caller was told through the signal,
     * and if it does not let go in time the host is halted as with any other callback.
     */
    private static void awaitRelease(Waiter waiter) {
        boolean released = false;
        while (!released) {
            try {
                waiter.released.await();
                released = true;
            } catch (InterruptedException e) {
                // The lock is lost: see above. CallbackRun clears and judges the interruption.
            }
        }
    }
}
