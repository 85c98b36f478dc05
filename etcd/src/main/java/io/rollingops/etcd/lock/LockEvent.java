// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import java.util.List;

/** What a lock tells about itself, for the log. */
public sealed interface LockEvent {
    String text();

    /** Keys that an earlier process of this unit had left were removed. */
    record LeftoversRemoved(List<String> keys) implements LockEvent {
        public LeftoversRemoved {
            keys = List.copyOf(keys);
        }

        @Override
        public String text() {
            return "removed from etcd what an earlier process had left: " + String.join(", ", keys);
        }
    }

    /** A call failed; it is made again. */
    record CallFailed(String reason) implements LockEvent {
        @Override
        public String text() {
            return reason;
        }
    }

    /** The lease cannot be relied upon any more. */
    record LeaseLost(String reason) implements LockEvent {
        @Override
        public String text() {
            return "the lease in etcd is lost: " + reason;
        }
    }

    /** Etcd can be reached again, or not any more. */
    record ReachChanged(boolean isReachable) implements LockEvent {
        @Override
        public String text() {
            return isReachable ? "etcd answers" : "etcd does not answer";
        }
    }

    /** Somebody who only polls had his turn and did not come. */
    record PollerPassedOver(String owner) implements LockEvent {
        @Override
        public String text() {
            return owner + " waits for the lock by polling and did not come when it was free; the next one takes it";
        }
    }
}
