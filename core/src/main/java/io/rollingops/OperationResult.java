// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import java.util.Optional;

/** What a callback answers, and what becomes of its operation and of the lock. */
public enum OperationResult {
    /** Done: the operation leaves the queue, the lock is given up. */
    RELEASE("release"),
    /** Not done: the operation stays at the head, the lock is given up, others go first. */
    RETRY_RELEASE("retry-release"),
    /** Not done: the operation stays at the head and this unit goes first. */
    RETRY_HOLD("retry-hold");

    private final String wire;

    OperationResult(String wire) {
        this.wire = wire;
    }

    /** The text in databags and in etcd. */
    public String wire() {
        return wire;
    }

    public static Optional<OperationResult> ofWire(String text) {
        for (OperationResult result : values()) {
            if (result.wire.equals(text)) {
                return Optional.of(result);
            }
        }
        return Optional.empty();
    }
}
