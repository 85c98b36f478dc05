// SPDX-License-Identifier: Apache-2.0
package io.rollingops.lease;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Counts the time of other processes' leases: what the leader of the replicated store does (rule L2). Time counts from
 * when a renewal is seen applied; whoever begins to watch starts every lease at its full length. Not safe for several
 * threads.
 *
 * @param <K> what names a lease
 */
public final class LeaseWatch<K> {
    private record Watched(long renewals, long untilNanos) {}

    private final Map<K, Watched> leases = new HashMap<>();

    /** A lease was seen alive with that many renewals; only a new number prolongs it. */
    public void seen(K lease, long renewals, Duration ttl, long nowNanos) {
        Watched known = leases.get(lease);
        if (known == null || known.renewals() != renewals) {
            leases.put(lease, new Watched(renewals, nowNanos + ttl.toNanos()));
        }
    }

    /** Forgets all leases but those. */
    public void retain(java.util.Set<K> alive) {
        leases.keySet().retainAll(alive);
    }

    /** Forgets everything: the watch was interrupted, and nobody may be told that it ran out in the meantime. */
    public void clear() {
        leases.clear();
    }

    /** The leases that were not renewed for longer than they live, with the renewals seen. */
    public List<Map.Entry<K, Long>> expired(long nowNanos) {
        List<Map.Entry<K, Long>> expired = new ArrayList<>();
        leases.forEach((lease, watched) -> {
            if (nowNanos - watched.untilNanos() > 0) {
                expired.add(Map.entry(lease, watched.renewals()));
            }
        });
        return expired;
    }

    /** When the next lease can expire. */
    public OptionalLong nextNanos() {
        return leases.values().stream()
                .mapToLong(Watched::untilNanos)
                .reduce((one, other) -> other - one < 0 ? other : one); // the clock's count may wrap around
    }
}
