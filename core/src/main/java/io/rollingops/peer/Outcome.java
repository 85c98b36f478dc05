// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.OperationId;
import java.time.Instant;
import java.util.Optional;

/**
 * One recorded answer to a grant.
 *
 * @param operation what ran
 * @param kind how it ended
 * @param epoch the grant that it answered
 * @param attempt which execution of the operation this was, from 1
 * @param at when it was recorded, for people
 * @param note what a person should know of it, such as an exit status; may be empty
 */
public record Outcome(OperationId operation, Kind kind, long epoch, int attempt, Instant at, String note) {
    /** A longer note is cut. */
    public static final int MAX_NOTE_CHARS = 200;

    public Outcome {
        note = note.length() <= MAX_NOTE_CHARS ? note : cut(note);
    }

    /** Never in the middle of a character, of which half could not be written down. */
    private static String cut(String note) {
        int end = MAX_NOTE_CHARS - 1;
        return note.substring(0, Character.isHighSurrogate(note.charAt(end - 1)) ? end - 1 : end) + "…";
    }

    /** How an execution ended. */
    public enum Kind {
        /** Done; the operation left the queue. */
        RELEASED("released", true),
        /** Not done, and the retry limit is reached or the unit has no such callback; the operation left the queue. */
        DROPPED("dropped", true),
        /** Not done; tried again after the others. */
        RETRY_RELEASE("retry-release", false),
        /** Not done; tried again before the others. */
        RETRY_HOLD("retry-hold", false);

        private final String wire;
        private final boolean isFinal;

        Kind(String wire, boolean isFinal) {
            this.wire = wire;
            this.isFinal = isFinal;
        }

        public String wire() {
            return wire;
        }

        /** Whether the operation left the queue. */
        public boolean isFinal() {
            return isFinal;
        }

        public static Optional<Kind> ofWire(String text) {
            for (Kind kind : values()) {
                if (kind.wire.equals(text)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }
}
