// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Who leads an application, and until when. A unit whose agent runs renews its lease all the time; an agent that is
 * gone keeps it until it expires.
 */
record Lease(Optional<UnitName> holder, Instant expires) {
    static final Duration DURATION = Duration.ofSeconds(60);
    static final Lease FREE = new Lease(Optional.empty(), Instant.EPOCH);

    static Lease claimedBy(UnitName unit, Instant now) {
        return new Lease(Optional.of(unit), now.plus(DURATION));
    }

    boolean heldBy(UnitName unit) {
        return holder.equals(Optional.of(unit));
    }

    /** The lease at a later time: renewed if its holder is there to do so, free if nobody did in time. */
    Lease at(Instant now, boolean holderIsThere) {
        if (holder.isEmpty()) {
            return this;
        }
        if (holderIsThere) {
            return claimedBy(holder.get(), now);
        }
        return now.isBefore(expires) ? this : FREE;
    }
}
