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

    /** The lease cannot be kept from neighbours. */
    record NoPrivateKey(String key) implements LockEvent {
        @Override
        public String text() {
            return "etcd does not let this unit write " + key
                    + ", so another application with rights on the lock could end"
                    + " its lease; 'rollingops doctor' says which right is missing";
        }
    }

    /** Another process writes in our name. */
    record HasDouble(String owner) implements LockEvent {
        @Override
        public String text() {
            return "another process takes part in the lock as " + owner
                    + "; give each unit its own name, or stop the other";
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
