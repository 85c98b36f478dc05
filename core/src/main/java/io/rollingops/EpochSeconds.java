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

    private EpochSeconds() {}

    public static String write(Instant at) {
        BigDecimal seconds = BigDecimal.valueOf(micros(at), 6).stripTrailingZeros();
        return (seconds.scale() < 1 ? seconds.setScale(1) : seconds).toPlainString();
    }

    /** The instant, to the microsecond; empty when the text is not a decimal number that is an instant. */
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
            return Optional.of(ofMicros(micros));
        } catch (NumberFormatException | ArithmeticException | DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Microseconds since 1970; the resolution of all stamps on the wire. */
    public static long micros(Instant at) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, at);
    }

    public static Instant ofMicros(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
