// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.Locale;
import java.util.Optional;

/**
 * What a unit says of itself in an upgrade; the databag key {@code state}. The order is that of rank: the lowest one among
 * the units is the application's.
 */
public enum UpgradeState {
    /** The way back is prepared: the unit that led then waits for the previous release. */
    RECOVERY,
    /** Something went wrong; nobody goes on. */
    FAILED,
    /** Not part of an upgrade; on Kubernetes also: the pod has not been replaced yet. */
    IDLE,
    /** Has the new program, on virtual machines and hosts, and waits for its turn. */
    READY,
    /** Its workload is being replaced. */
    UPGRADING,
    /** Done; waits for the others. */
    COMPLETED;

    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The state of that word, which must be written exactly as in the original. */
    public static Optional<UpgradeState> ofWire(String text) {
        for (UpgradeState state : values()) {
            if (state.wire().equals(text)) {
                return Optional.of(state);
            }
        }
        return Optional.empty();
    }
}
