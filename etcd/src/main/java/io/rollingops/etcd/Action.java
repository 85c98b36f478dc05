// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.Optional;

/** One step of a transaction. */
public sealed interface Action {
    /** Writes the key; with a lease, until the lease ends. Answered by {@link ActionResult.Written}. */
    record Put(Bytes key, Bytes value, Optional<LeaseId> lease) implements Action {
        public Put {
            if (key.isEmpty()) {
                throw new IllegalArgumentException("a key has at least one byte");
            }
        }
    }

    /** Deletes what exists of the range. Answered by {@link ActionResult.Deleted}. */
    record Delete(KeyRange keys) implements Action {}

    /** Reads as of this step: it sees what the steps before it wrote. Answered by {@link ActionResult.Found}. */
    record Read(Query query) implements Action {}

    /** Decides again, by guards of its own. Answered by {@link ActionResult.Decided}. */
    record Nested(Transaction transaction) implements Action {}

    static Action put(Bytes key, Bytes value) {
        return new Put(key, value, Optional.empty());
    }

    static Action put(Bytes key, Bytes value, LeaseId lease) {
        return new Put(key, value, Optional.of(lease));
    }

    static Action delete(Bytes key) {
        return new Delete(KeyRange.key(key));
    }

    static Action delete(KeyRange keys) {
        return new Delete(keys);
    }

    static Action read(Query query) {
        return new Read(query);
    }

    static Action nested(Transaction transaction) {
        return new Nested(transaction);
    }
}
