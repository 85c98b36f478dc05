// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

/** Mistakes that can be put in on purpose, to see that the simulation finds them. */
enum Bug {
    /** The protocol as it is. */
    NONE,
    /** The store takes a result although the slot has moved on (no guard in {@code finish}). */
    NO_SLOT_CHECK,
    /** A unit runs straight after it read its grant, without asking the store to start. */
    NO_START,
    /** A unit that sent an answer to its grant and heard nothing may start after all. */
    ANSWER_IS_UNSAID,
    /** A unit counts its lease from the answer to the renewal instead of from before it was sent. */
    TRUST_FROM_ANSWER,
    /** A unit does not stop its callback when its lease can no longer be relied upon. */
    NO_DEADLINE,
    /** Asking again for a lease that is open does not prolong it, although the asker counts anew. */
    REOPENING_DOES_NOT_RENEW,
    /** The store lets a lease expire without looking whether it was renewed since. */
    EXPIRE_UNSEEN,
    /** A lease may be opened with an old number: a late command of a dead process ends the lease of the living one. */
    OLD_LEASE_REOPENS,
    /** As the original: a unit that is processed by etcd runs under the lock in etcd alone, without the grant. */
    ETCD_WITHOUT_GRANT,
    /** The lease of the lock in etcd is counted from the answer to the renewal. */
    ETCD_TRUST_FROM_ANSWER,
    /** A unit runs under the cluster-wide lock without looking whether it can still be relied upon. */
    ETCD_LOCK_UNCHECKED,
    /** A callback goes on with its cluster token although the lock is lost, and the policy says that it must not. */
    BLOCK_DOES_NOT_CANCEL,
    /** The slot is freed at the end of a lease although its callback runs on with {@code hold}. */
    HOLD_IS_FREED
}
