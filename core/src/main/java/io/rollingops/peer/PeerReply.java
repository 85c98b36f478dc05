// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.UnitName;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** What a peer store answers to a command that it has seen. */
public sealed interface PeerReply {

    /** The command was carried out, now or when it was first seen. */
    record Done() implements PeerReply {}

    /**
     * The unit is a member.
     *
     * @param leases how many leases it has had
     */
    record Joined(long leases) implements PeerReply {}

    /**
     * The operations are queued.
     *
     * @param operations by unit, the operation that will do the work: the new one, or an equal one that waited already
     */
    record Queued(NavigableMap<UnitName, OperationId> operations) implements PeerReply {
        public Queued {
            operations = Collections.unmodifiableNavigableMap(new TreeMap<>(operations));
        }
    }

    /**
     * The slot is the unit's, until it answers.
     *
     * @param head what to run, as the store has it at this moment; empty when the queue is
     * @param ready whether the unit wants to run at all
     */
    record Started(Optional<Operation> head, boolean ready) implements PeerReply {}

    /**
     * Where a wish for a named lock stands.
     *
     * @param token the fencing token when the lock is had, empty while it is waited for
     */
    record LockState(Optional<Long> token) implements PeerReply {}

    /**
     * The command was not carried out and changed nothing.
     *
     * @param reason what kind of no
     * @param message what was wrong and what to do, for a person
     */
    record Refused(Reason reason, String message) implements PeerReply {}

    /** Kinds of no. */
    enum Reason {
        /** Its moment has passed: the grant, the lease or the value it relies on is not there any more. */
        STALE,
        /** The sender may not ask this. */
        NOT_ALLOWED,
        /** It can never be carried out as it is. */
        INVALID,
        /** A limit is reached; it may be carried out later. */
        FULL
    }
}
