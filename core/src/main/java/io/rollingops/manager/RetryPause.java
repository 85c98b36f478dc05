// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import java.time.Duration;

/**
 * How long a unit waits between a failed attempt and the next, so that a callback that fails at once does not run in a
 * circle: it doubles with every attempt up to a limit.
 *
 * @param first after the first failure; zero for no pause at all
 * @param longest the limit
 */
public record RetryPause(Duration first, Duration longest) {
    /** No pause, as in the original. */
    public static final RetryPause NONE = new RetryPause(Duration.ZERO, Duration.ZERO);

    private static final int DOUBLINGS_MAX = 30;

    public RetryPause {
        if (first.isNegative() || longest.compareTo(first) < 0) {
            throw new IllegalArgumentException("a pause of " + first + " up to " + longest + " makes no sense");
        }
    }

    /** The pause after that many attempts. */
    public Duration after(int attempts) {
        Duration doubled = first.multipliedBy(1L << Math.min(Math.max(attempts - 1, 0), DOUBLINGS_MAX));
        return doubled.compareTo(longest) < 0 ? doubled : longest;
    }
}
