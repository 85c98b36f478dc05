// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.Operation;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import java.util.List;
import java.util.Optional;

/** What a process does next about the lock: one call to etcd, or nothing. */
sealed interface LockStep {

    /** Get a lease. */
    record GrantLease() implements LockStep {}

    /**
     * Write the session key, and read in the same step what hangs on the lease. Whatever was sent before, under the same
     * lease, and was not answered cannot happen any more afterwards, since it is guarded by the session's last revision.
     *
     * @param privately whether to write also the key that no other application may write
     */
    record OpenSession(LeaseId lease, boolean privately) implements LockStep {}

    /**
     * The same, and with it the lock, if that is free, nobody waits for it, and nothing of an earlier process is there.
     *
     * @param shown what to write down about it for others to see
     */
    record OpenSessionAndTake(LeaseId lease, boolean privately, Optional<Operation> shown) implements LockStep {}

    /** Remove what an earlier process of this unit left behind (E4). */
    record RemoveLeftovers(Session session) implements LockStep {}

    /**
     * Get a ticket, and with it the lock if that is free and nobody waits for it.
     *
     * @param shown what to write down about it for others to see
     */
    record TakeOrEnqueue(Session session, Optional<Operation> shown) implements LockStep {}

    /**
     * Find out who is in front.
     *
     * @param source one member is enough for what it told before
     * @param forPollers whether to find out, too, whether somebody waits who knows nothing of tickets
     */
    record Look(Revision ticket, Query.Source source, boolean forPollers) implements LockStep {}

    /** Be told of changes of those keys. */
    record Follow(List<Bytes> keys) implements LockStep {}

    /** Note that a poller had its turn and did not come. */
    record PassOver(Session session, String owner) implements LockStep {}

    /** Take the free lock; the ticket is the first, and stays. */
    record TakeInTurn(Session session, Revision ticket, Optional<Operation> shown) implements LockStep {}

    /** Give the lock and its ticket back. */
    record Release(Session session, Revision lock, Optional<Operation> shown) implements LockStep {}

    /** Give the ticket back. */
    record Withdraw(Session session, Revision ticket) implements LockStep {}

    /** Remove all queue entries of this unit. */
    record Clean(Session session) implements LockStep {}

    /** Nothing, until something changes. */
    record Rest() implements LockStep {}
}
