// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.UnitName;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The state machine of the replicated peer store: a pure function from a state and a command to the next state. The same
 * commands in the same order give the same state everywhere; it reads no clock and starts nothing.
 *
 * <p>Every command is one atomic step. When it leaves the slot free and somebody waits, the next grant is part of the
 * same step ({@link io.rollingops.schedule.Scheduler} decides), so no unit waits for another's attention between two
 * turns (rule G3).
 *
 * @param application whose units these are
 * @param format the form of the state, and which commands it takes; it rises when every unit's release knows a higher one,
 *     and never falls
 * @param revision how many commands it has carried out; one that is refused does not count
 * @param grant the application's grant
 * @param leadership which unit leads, and in which term of the store
 * @param members the units
 * @param departed units that have left; their names are not used again
 * @param locks the named locks that are held or waited for
 * @param shared the other keys of the application's databag
 */
public record PeerState(
        String application,
        int format,
        long revision,
        Grant grant,
        Optional<Leadership> leadership,
        NavigableMap<UnitName, Member> members,
        NavigableSet<UnitName> departed,
        NavigableMap<String, NamedLock> locks,
        NavigableMap<String, String> shared) {

    /** How many units an application may have. */
    public static final int MAX_MEMBERS = 1000;

    /** How many units may have left; their names are remembered. */
    public static final int MAX_DEPARTED = 10_000;

    /**
     * How many characters the queues, and the keys that users wrote in databags, may have in all, as {@link StateSize}
     * counts them. What else is in the state has limits of its own.
     */
    public static final int MAX_CHARS = 8 << 20;

    /** Who leads, since which term. */
    public record Leadership(UnitName unit, long term) {}

    /**
     * What became of a command.
     *
     * @param state the state after it; the same object when it was refused
     * @param reply the answer to whoever sent it
     * @param events what happened, in order
     */
    public record Applied(PeerState state, PeerReply reply, List<PeerEvent> events) {
        public Applied {
            events = List.copyOf(events);
        }
    }

    public PeerState {
        members = Collections.unmodifiableNavigableMap(members);
        departed = Collections.unmodifiableNavigableSet(departed);
        locks = Collections.unmodifiableNavigableMap(locks);
        shared = Collections.unmodifiableNavigableMap(shared);
    }

    /** An application without units. */
    public static PeerState empty(String application) {
        return new PeerState(
                application,
                1,
                0,
                Grant.NONE,
                Optional.empty(),
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                new TreeMap<>());
    }

    /**
     * Carries out one command.
     *
     * @param author who sent it, proved
     * @param at when it was sent, by the sender's clock; it is written down for people and decides nothing
     * @param command what to do
     */
    public Applied apply(Author author, Instant at, PeerCommand command) {
        return new PeerStep(this, author, at).carryOut(command);
    }

    /** What readers see. */
    public PeerSnapshot snapshot() {
        return new PeerSnapshot(
                PeerSnapshot.Kind.REPLICATED,
                revision,
                grant,
                leadership.map(Leadership::unit),
                members,
                locks,
                shared);
    }
}
