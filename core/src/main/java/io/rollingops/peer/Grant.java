// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.UnitName;
import java.time.Instant;
import java.util.Optional;

/**
 * The application's one grant: who may run, and under which epoch. Epochs only grow and are never reset; they are the
 * fencing tokens inside the application.
 *
 * @param unit who was granted last; kept after the answer, since a unit that holds on for a retry goes first
 * @param epoch the number of the last grant, 0 before the first
 * @param phase how far the grant has come
 * @param hold whether the running callback keeps its slot although the unit's lease ends (rule L5)
 * @param grantedAt when, by the clock of whoever made it; for people only, never compared
 */
public record Grant(Optional<UnitName> unit, long epoch, Phase phase, boolean hold, Optional<Instant> grantedAt) {

    /** No grant was ever made. */
    public static final Grant NONE = new Grant(Optional.empty(), 0, Phase.FREE, false, Optional.empty());

    /** How far a grant has come. */
    public enum Phase {
        /** Answered, or taken from a unit whose lease ended: the next grant may be made. */
        FREE,
        /** Made, and the unit has not said that it starts. */
        GRANTED,
        /** The unit said that it starts; its callback may be running. */
        RUNNING
    }

    public Grant {
        if (phase != Phase.FREE && (unit.isEmpty() || epoch < 1)) {
            throw new IllegalArgumentException("an open grant names its unit and epoch");
        }
        if (hold && phase != Phase.RUNNING) {
            throw new IllegalArgumentException("only a running grant is held");
        }
    }

    /** The next grant, under the next epoch. */
    Grant next(UnitName to, Instant at) {
        return new Grant(Optional.of(to), epoch + 1, Phase.GRANTED, false, Optional.of(at));
    }

    /** The grant after its unit said that it starts. */
    Grant started(boolean holds) {
        return new Grant(unit, epoch, Phase.RUNNING, holds, grantedAt);
    }

    /** The grant after its answer. */
    Grant answered() {
        return new Grant(unit, epoch, Phase.FREE, false, grantedAt);
    }

    /** The grant after it was taken from a unit that left or whose lease ended; nobody holds on any more. */
    Grant withdrawn() {
        return new Grant(Optional.empty(), epoch, Phase.FREE, false, Optional.empty());
    }

    public boolean isOpen() {
        return phase != Phase.FREE;
    }

    /** Whether it is open and belongs to that unit. */
    public boolean isOpenFor(UnitName name) {
        return isOpen() && unit.equals(Optional.of(name));
    }

    /** Whether it is open, of that unit and of that epoch. */
    public boolean isOpenFor(UnitName name, long ofEpoch) {
        return isOpenFor(name) && epoch == ofEpoch;
    }
}
