// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import java.time.Duration;
import java.util.Optional;

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
        mistake(id, ttl).ifPresent(mistake -> {
            throw new IllegalArgumentException(mistake);
        });
    }

    /** What is wrong with a lease of that id and length, if anything; the store refuses it instead of failing. */
    static Optional<String> mistake(String id, Duration ttl) {
        if (id.isBlank() || id.length() > MAX_ID_CHARS) {
            return Optional.of("a lease id has 1 to " + MAX_ID_CHARS + " characters");
        }
        if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0) {
            return Optional.of("a unit lease lives " + MIN_TTL + " to " + MAX_TTL + ", not " + ttl);
        }
        if (!ttl.equals(Duration.ofMillis(ttl.toMillis()))) {
            return Optional.of("a unit lease is counted in whole milliseconds, not " + ttl);
        }
        return Optional.empty();
    }

    UnitLease keptAlive() {
        return new UnitLease(id, ttl, keepAlives + 1);
    }
}
