// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.RollingOpsException;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.lease.LeaseTrust;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Keeps the unit's lease alive, and notices when it can no longer be relied upon (rules L1 and L3). While something
 * runs that relies on it, it looks at the clock every {@link LeaseTerms#checkEvery}; at other times it is enough to ask {@link #isTrusted} before
 * anything begins. Safe for several threads; {@code onLost} is called on a thread of the timers, once per lease.
 */
final class LeaseKeeper {
    private record Held(String leaseId, LeaseTrust trust, Instant wallAtCheck, long nanosAtCheck) {}

    private final PeerStore store;
    private final HostClock clock;
    private final LeaseTerms terms;
    private final ScheduledExecutorService timers;
    private final Consumer<String> onLost;

    private Optional<Held> held = Optional.empty();
    private int watchers;
    private boolean checking;

    LeaseKeeper(
            PeerStore store,
            LeaseTerms terms,
            HostClock clock,
            ScheduledExecutorService timers,
            Consumer<String> onLost) {
        this.store = store;
        this.terms = terms;
        this.clock = clock;
        this.timers = timers;
        this.onLost = onLost;
    }

    /**
     * A lease is open.
     *
     * @param sentNanos when the command that opened it was first sent
     */
    synchronized void opened(String leaseId, long sentNanos) {
        held = Optional.of(new Held(leaseId, new LeaseTrust(terms, sentNanos), clock.wall(), clock.bootNanos()));
        after(terms.renewEvery(), () -> renew(leaseId));
    }

    /** The lease is given up in good order. */
    synchronized void closed() {
        held = Optional.empty();
    }

    /** Whether work that begins now could still be stopped in time. */
    synchronized boolean isTrusted() {
        return held.isPresent() && held.get().trust().isTrusted(clock.bootNanos());
    }

    /** Whether it was neither given up nor found to be lost. */
    synchronized boolean isHeld() {
        return held.isPresent();
    }

    /** Something begins that relies on the lease: look at the clock all the time. */
    synchronized void watch() {
        watchers++;
        if (!checking) {
            checking = true;
            held = held.map(now -> new Held(now.leaseId(), now.trust(), clock.wall(), clock.bootNanos()));
            after(terms.checkEvery(), this::check);
        }
    }

    /** One thing that relied on the lease has ended. */
    synchronized void stopWatching() {
        watchers--;
    }

    private void check() {
        Optional<String> reason;
        synchronized (this) {
            if (watchers == 0) {
                checking = false;
                return;
            }
            after(terms.checkEvery(), this::check);
            reason = held.flatMap(this::reasonToStop);
            if (reason.isPresent()) {
                held = Optional.empty();
            } else {
                held = held.map(now -> new Held(now.leaseId(), now.trust(), clock.wall(), clock.bootNanos()));
            }
        }
        reason.ifPresent(onLost);
    }

    private Optional<String> reasonToStop(Held now) {
        long nanos = clock.bootNanos();
        if (!now.trust().isTrusted(nanos)) {
            return Optional.of("no renewal of the unit lease was answered for "
                    + Duration.ofNanos(nanos - now.trust().sentNanos()).toMillis() + " ms");
        }
        Duration byWall = Duration.between(now.wallAtCheck(), clock.wall());
        Duration jump = byWall.minusNanos(nanos - now.nanosAtCheck()).abs();
        return jump.compareTo(terms.checkEvery()) > 0
                ? Optional.of("the wall clock jumped by " + jump.toMillis()
                        + " ms; the machine may have been suspended without the other clock noticing")
                : Optional.empty();
    }

    private void renew(String leaseId) {
        Held now;
        synchronized (this) {
            if (held.isEmpty() || !held.get().leaseId().equals(leaseId)) {
                return;
            }
            now = held.get();
        }
        long sentNanos = clock.bootNanos();
        Optional<String> reason = Optional.empty();
        Duration next;
        try {
            PeerStore.Answer answer = store.submit(new PeerCommand.KeepAlive(leaseId), terms.renewEvery());
            if (answer.reply() instanceof PeerReply.Refused refused) {
                reason = Optional.of(refused.message());
            } else {
                renewed(leaseId, sentNanos);
            }
            next = isReliedUpon() ? terms.renewEvery() : terms.renewAtRestEvery();
        } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
            next = terms.renewEvery().dividedBy(4);
            if (!now.trust().isTrusted(clock.bootNanos())) {
                reason = Optional.of("the unit lease could not be renewed in time: " + e.getMessage());
            }
        }
        if (reason.isPresent()) {
            lose(leaseId, reason.get());
        } else {
            after(next, () -> renew(leaseId));
        }
    }

    private synchronized boolean isReliedUpon() {
        return watchers > 0;
    }

    private synchronized void renewed(String leaseId, long sentNanos) {
        held = held.map(now -> now.leaseId().equals(leaseId)
                ? new Held(leaseId, now.trust().renewed(sentNanos), now.wallAtCheck(), now.nanosAtCheck())
                : now);
    }

    private void lose(String leaseId, String reason) {
        synchronized (this) {
            if (held.isEmpty() || !held.get().leaseId().equals(leaseId)) {
                return;
            }
            held = Optional.empty();
        }
        onLost.accept(reason);
    }

    private void after(Duration delay, Runnable action) {
        try {
            Future<?> unused = timers.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            held = Optional.empty(); // the host is shutting down; without a watch nothing may be relied upon
        }
    }
}
