// SPDX-License-Identifier: Apache-2.0
package io.rollingops.schedule;

import java.util.Optional;

/** What a unit asks of the scheduler; the databag key {@code state}. */
public enum Intent {
    /** Nothing. */
    IDLE("idle"),
    /** To run the head of its queue for the first time, or again after it was interrupted. */
    REQUEST("request"),
    /** To try again, after the others. */
    RETRY_RELEASE("retry-release"),
    /** To try again, before the others. */
    RETRY_HOLD("retry-hold");

    private final String wire;

    Intent(String wire) {
        this.wire = wire;
    }

    public String wire() {
        return wire;
    }

    public static Optional<Intent> ofWire(String text) {
        for (Intent intent : values()) {
            if (intent.wire.equals(text)) {
                return Optional.of(intent);
            }
        }
        return Optional.empty();
    }
}
