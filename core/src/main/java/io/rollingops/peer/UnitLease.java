// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import java.time.Duration;

/**
 * A unit process's lease in the replicated store. Who counts its time is the store's leader, by its own clock; the state
 * knows only how often it was kept alive.
 *
 * @param id chosen by the process that opened it, different for every process
 * @param ttl how long it lives after the last keep-alive that was applied
 * @param keepAlives how many were applied
 */
public record UnitLease(String id, Duration ttl, long keepAlives) {
    public static final Duration MIN_TTL = Duration.ofSeconds(1);
    public static final Duration MAX_TTL = Duration.ofHours(1);
    public static final int MAX_ID_CHARS = 64;

    public UnitLease {
        if (id.isBlank() || id.length() > MAX_ID_CHARS) {
            throw new IllegalArgumentException("a lease id has 1 to " + MAX_ID_CHARS + " characters");
        }
        if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0) {
            throw new IllegalArgumentException("a unit lease lives " + MIN_TTL + " to " + MAX_TTL + ", not " + ttl);
        }
    }

    UnitLease keptAlive() {
        return new UnitLease(id, ttl, keepAlives + 1);
    }
}
