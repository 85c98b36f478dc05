// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.Optional;

/**
 * A condition that the store checks in the same step as the writes that depend on it.
 *
 * <p>Whoever holds something offers its guard, and the next writer puts it into the transaction: so the question whether
 * it still holds and the write are one step. On a range the condition must hold for every key in it; a range without
 * keys, and a key that does not exist, count as version, revisions and lease zero and have no value.
 */
public sealed interface Guard {
    /** How the stored property stands to the given one. */
    enum Relation {
        EQUAL,
        NOT_EQUAL,
        GREATER,
        LESS
    }

    KeyRange keys();

    Relation relation();

    /** About the number of writes since the key was created. */
    record OnVersion(KeyRange keys, Relation relation, long version) implements Guard {}

    /** About the revision in which the key was created. */
    record OnCreated(KeyRange keys, Relation relation, Revision revision) implements Guard {}

    /** About the revision in which the key was last written. */
    record OnModified(KeyRange keys, Relation relation, Revision revision) implements Guard {}

    /** About the value; never holds for a key that does not exist. */
    record OnValue(KeyRange keys, Relation relation, Bytes value) implements Guard {}

    /** About the lease that the key is attached to; empty for none. */
    record OnLease(KeyRange keys, Relation relation, Optional<LeaseId> lease) implements Guard {}

    static Guard exists(Bytes key) {
        return new OnVersion(KeyRange.key(key), Relation.GREATER, 0);
    }

    static Guard absent(Bytes key) {
        return noneIn(KeyRange.key(key));
    }

    /** No key of the range exists. */
    static Guard noneIn(KeyRange keys) {
        return new OnVersion(keys, Relation.EQUAL, 0);
    }

    /** The key exists and is the one that was created in this revision, not a later one of the same name. */
    static Guard createdAt(Bytes key, Revision revision) {
        return new OnCreated(KeyRange.key(key), Relation.EQUAL, revision);
    }

    /** Nobody wrote or deleted the key since this revision. */
    static Guard modifiedAt(Bytes key, Revision revision) {
        return new OnModified(KeyRange.key(key), Relation.EQUAL, revision);
    }

    static Guard valueIs(Bytes key, Bytes value) {
        return new OnValue(KeyRange.key(key), Relation.EQUAL, value);
    }

    /** Every key of the range hangs on a lease, and there is one at least. */
    static Guard allOnLeases(KeyRange keys) {
        return new OnLease(keys, Relation.NOT_EQUAL, Optional.empty());
    }

    static Guard attachedTo(Bytes key, LeaseId lease) {
        return new OnLease(KeyRange.key(key), Relation.EQUAL, Optional.of(lease));
    }
}
