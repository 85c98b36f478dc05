// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.lease.LeaseWatch;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the member that leads does for all: makes itself known in the store, and lets leases expire that were not renewed
 * (rule L2). Whoever begins to lead starts every lease at its full length, and takes everything else as it stands (rule U2). All
 * of it happens on one thread of the timers.
 */
final class LeaderDuties {
    private static final Duration LIMIT = Duration.ofSeconds(2);
    private static final Duration AGAIN_AFTER = Duration.ofMillis(200);

    private record LeaseName(UnitName unit, String id) {}

    /** Whether this member leads, and in which term. */
    record Leading(boolean ready, long term) {}

    private final PeerStore store;
    private final Supplier<Leading> leading;
    private final ScheduledExecutorService timer;
    private final LongSupplier nanos;
    private final LeaseWatch<LeaseName> watch = new LeaseWatch<>();

    private long knownTerm;
    private boolean leads;
    private long nextCheckNanos = Long.MAX_VALUE;

    /**
     * The duties of one member.
     *
     * @param timer one thread
     * @param nanos a steady clock
     */
    LeaderDuties(PeerStore store, Supplier<Leading> leading, ScheduledExecutorService timer, LongSupplier nanos) {
        this.store = store;
        this.leading = leading;
        this.timer = timer;
        this.nanos = nanos;
    }

    /** Leadership or the store changed; returns at once. */
    void wake() {
        after(Duration.ZERO, this::look);
    }

    private void look() {
        Leading now = leading.get();
        if (!now.ready()) {
            leads = false;
            return;
        }
        if (!leads || knownTerm != now.term()) {
            leads = announce(now.term());
            knownTerm = now.term();
            watch.clear();
        }
        if (leads) {
            countLeases();
        } else {
            after(AGAIN_AFTER, this::look);
        }
    }

    private boolean announce(long term) {
        try {
            return !(store.submit(new PeerCommand.Lead(term), LIMIT).reply() instanceof PeerReply.Refused);
        } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
            return false;
        }
    }

    private void countLeases() {
        PeerSnapshot seen = store.snapshot();
        long now = nanos.getAsLong();
        Set<LeaseName> alive = new HashSet<>();
        seen.members()
                .forEach((unit, member) -> member.lease().ifPresent(lease -> {
                    LeaseName name = new LeaseName(unit, lease.id());
                    alive.add(name);
                    watch.seen(name, lease.keepAlives(), lease.ttl(), now);
                }));
        watch.retain(alive);
        for (Map.Entry<LeaseName, Long> expired : watch.expired(now)) {
            expire(expired.getKey(), expired.getValue());
        }
        OptionalLong next = watch.nextNanos();
        if (next.isPresent() && (nextCheckNanos - now <= 0 || next.getAsLong() < nextCheckNanos)) {
            nextCheckNanos = Math.max(next.getAsLong() + 1, now + AGAIN_AFTER.toNanos());
            after(Duration.ofNanos(nextCheckNanos - now), this::look);
        }
    }

    private void expire(LeaseName lease, long keepAlives) {
        try {
            store.submit(new PeerCommand.Expire(lease.unit(), lease.id(), keepAlives), LIMIT);
        } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
            // Looked at again in a moment: as long as the lease stands there it is still expired.
        }
    }

    private void after(Duration delay, Runnable action) {
        try {
            Future<?> unused = timer.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            leads = false; // the node is closing
        }
    }
}
