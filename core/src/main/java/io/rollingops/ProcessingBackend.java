// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import java.util.Optional;

/** Under which lock a unit's operations run. */
public enum ProcessingBackend {
    /** The application's grant alone. */
    PEER("peer"),
    /** The application's grant and, on top of it, the cluster-wide lock in etcd. */
    ETCD("etcd");

    private final String wire;

    ProcessingBackend(String wire) {
        this.wire = wire;
    }

    /** The text in the unit databag. */
    public String wire() {
        return wire;
    }

    public static Optional<ProcessingBackend> ofWire(String text) {
        for (ProcessingBackend backend : values()) {
            if (backend.wire.equals(text)) {
                return Optional.of(backend);
            }
        }
        return Optional.empty();
    }
}
