// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * The wire form of an instant: seconds since 1970 as a decimal with at least one and at most six digits after the dot.
 * The original writes the shortest decimal of a double; at today's dates that is the same text.
 */
public final class EpochSeconds {
    /** A longer text is no time; it is not even looked at. */
    private static final int MAX_CHARS = 64;

    private static final long MICROS_PER_SECOND = 1_000_000;

    /** The years that the original can read; far beyond them the arithmetic of stamps would overflow. */
    private static final Instant FIRST_READABLE = Instant.parse("0001-01-01T00:00:00Z");

    private static final Instant LAST_WRITABLE = Instant.parse("9999-12-31T00:00:00Z");
    private static final Instant FIRST_UNREADABLE = LAST_WRITABLE.plus(1, ChronoUnit.DAYS);

    private EpochSeconds() {}

    public static String write(Instant at) {
        BigDecimal seconds = BigDecimal.valueOf(micros(at), 6).stripTrailingZeros();
        return (seconds.scale() < 1 ? seconds.setScale(1) : seconds).toPlainString();
    }

    /**
     * The instant, to the microsecond; empty when the text is not a decimal number, or not within the years 1 to 9999.
     */
    public static Optional<Instant> read(String text) {
        if (text.length() > MAX_CHARS) {
            return Optional.empty();
        }
        try {
            BigDecimal seconds = new BigDecimal(text.strip());
            if (seconds.precision() - seconds.scale() > 18 || seconds.scale() > MAX_CHARS) {
                return Optional.empty(); // an exponent of that size would be worked out digit by digit
            }
            long micros = seconds.movePointRight(6)
                    .setScale(0, RoundingMode.HALF_EVEN)
                    .longValueExact();
            return Optional.of(ofMicros(micros))
                    .filter(at -> !at.isBefore(FIRST_READABLE) && at.isBefore(FIRST_UNREADABLE));
        } catch (NumberFormatException | ArithmeticException | DateTimeException e) {
            return Optional.empty();
        }
    }

    /**
     * The nearest instant that has a wire form and leaves room for later ones: to the microsecond, from 1970 to the year
     * 9999. A store takes no other from a sender, whose clock may show anything.
     */
    public static Instant writable(Instant at) {
        if (at.isBefore(Instant.EPOCH)) {
            return Instant.EPOCH;
        }
        return (at.isAfter(LAST_WRITABLE) ? LAST_WRITABLE : at).truncatedTo(ChronoUnit.MICROS);
    }

    /** Microseconds since 1970; the resolution of all stamps on the wire. */
    public static long micros(Instant at) {
        // Not ChronoUnit.MICROS.between: on JDK 17 it counts nanoseconds, of which there are too many from 2262 on.
        return Math.addExact(Math.multiplyExact(at.getEpochSecond(), MICROS_PER_SECOND), at.getNano() / 1000L);
    }

    public static Instant ofMicros(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
