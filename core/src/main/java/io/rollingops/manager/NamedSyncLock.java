// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.RollingOpsException;
import io.rollingops.peer.NamedLock;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A lock with a name of its own in a replicated store: first come, first served among the units, unrelated to the
 * application's grant. It is held under the unit's lease and lost with it. Safe for several threads.
 */
final class NamedSyncLock {
    private static final Duration DROP_LIMIT = Duration.ofSeconds(5);

    private final PeerStore store;
    private final Supplier<String> tickets;
    private final Function<LockSignal, Runnable> guard;
    private final HostClock clock;

    /**
     * The locks of one unit.
     *
     * @param tickets gives a text that was never given before
     * @param guard has the signal told when the unit's lease is lost, until what it returns is called
     */
    NamedSyncLock(PeerStore store, Supplier<String> tickets, Function<LockSignal, Runnable> guard, HostClock clock) {
        this.store = store;
        this.tickets = tickets;
        this.guard = guard;
        this.clock = clock;
    }

    /** Blocks until the lock is held, at most for the given time. */
    SyncLock acquire(String name, Duration timeout) throws InterruptedException {
        String ticket = tickets.get();
        LockSignal signal = new LockSignal();
        Runnable endGuard = guard.apply(signal);
        Runnable release = () -> {
            endGuard.run();
            drop(name, ticket);
        };
        boolean held = false;
        try {
            long token = take(name, ticket, timeout);
            signal.checkpoint();
            held = true;
            return new SyncLock(Optional.of(new FencingToken(token, OptionalLong.empty())), signal, release);
        } finally {
            if (!held) {
                release.run();
            }
        }
    }

    private long take(String name, String ticket, Duration timeout) throws InterruptedException {
        long endNanos = clock.bootNanos() + timeout.toNanos();
        Semaphore changed = new Semaphore(0);
        Runnable stop = store.onChange(changed::release);
        try {
            Optional<Long> token = ask(name, ticket, timeout);
            while (token.isEmpty()) {
                if (!changed.tryAcquire(endNanos - clock.bootNanos(), TimeUnit.NANOSECONDS)) {
                    throw new RollingOpsException.LockTimeout(
                            "the lock '" + name + "' was not to be had within " + timeout.toMillis() + " ms");
                }
                changed.drainPermits();
                if (isOurs(name, ticket)) {
                    token = ask(name, ticket, timeout);
                }
            }
            return token.get();
        } finally {
            stop.run();
        }
    }

    private Optional<Long> ask(String name, String ticket, Duration limit) {
        PeerReply reply =
                store.submit(new PeerCommand.TakeLock(name, ticket), limit).reply();
        if (reply instanceof PeerReply.LockState state) {
            return state.token();
        }
        throw new RollingOpsException.Refused("the lock '" + name + "' cannot be asked for: "
                + (reply instanceof PeerReply.Refused refused ? refused.message() : reply));
    }

    private boolean isOurs(String name, String ticket) {
        return Optional.ofNullable(store.snapshot().locks().get(name))
                .flatMap(NamedLock::holder)
                .equals(Optional.of(new NamedLock.Ticket(store.self(), ticket)));
    }

    private void drop(String name, String ticket) {
        try {
            store.submit(new PeerCommand.DropLock(name, ticket), DROP_LIMIT);
        } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
            // The store frees it when the unit's lease ends, or when it hears of this process's end.
        }
    }
}
