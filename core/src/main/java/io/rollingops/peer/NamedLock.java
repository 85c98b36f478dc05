// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A lock of its own in the replicated store, beside the application's grant: first come, first served, and given up when
 * its holder's unit lease ends.
 *
 * @param holder who has it
 * @param token grows with every new holder; the fencing token
 * @param waiting who asked since, in order
 */
public record NamedLock(Optional<Ticket> holder, long token, List<Ticket> waiting) {
    /** How many may wait for one lock. */
    public static final int MAX_WAITING = 256;
    /** How many locks may exist at a time. */
    public static final int MAX_LOCKS = 256;
    /** The longest name of a lock, and the longest ticket. */
    public static final int MAX_NAME_CHARS = 128;

    static final NamedLock FREE = new NamedLock(Optional.empty(), 0, List.of());

    /**
     * One wish to have the lock.
     *
     * @param unit whose
     * @param id chosen by the asker, different for every wish
     */
    public record Ticket(UnitName unit, String id) {}

    public NamedLock {
        waiting = List.copyOf(waiting);
    }

    NamedLock asked(Ticket ticket, long revision) {
        if (holder.equals(Optional.of(ticket)) || waiting.contains(ticket)) {
            return this;
        }
        List<Ticket> longer = new ArrayList<>(waiting);
        longer.add(ticket);
        return new NamedLock(holder, token, longer).handedOn(revision);
    }

    NamedLock without(Ticket ticket, long revision) {
        List<Ticket> left =
                waiting.stream().filter(other -> !other.equals(ticket)).toList();
        return new NamedLock(holder.filter(held -> !held.equals(ticket)), token, left).handedOn(revision);
    }

    NamedLock without(UnitName unit, long revision) {
        List<Ticket> left =
                waiting.stream().filter(other -> !other.unit().equals(unit)).toList();
        return new NamedLock(holder.filter(held -> !held.unit().equals(unit)), token, left).handedOn(revision);
    }

    boolean isUnused() {
        return holder.isEmpty() && waiting.isEmpty();
    }

    private NamedLock handedOn(long revision) {
        if (holder.isPresent() || waiting.isEmpty()) {
            return this;
        }
        return new NamedLock(Optional.of(waiting.get(0)), revision, waiting.subList(1, waiting.size()));
    }
}
