// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

/**
 * What an examination found.
 *
 * @param level how bad it is
 * @param text what was looked at, and what was seen
 * @param remedy what to do; empty when there is nothing to be done
 */
public record Finding(Level level, String text, String remedy) {

    /** How bad it is. */
    public enum Level {
        /** As it should be. */
        GOOD,
        /** It works, and should be mended. */
        WARNING,
        /** It does not work. */
        BAD
    }

    static Finding good(String text) {
        return new Finding(Level.GOOD, text, "");
    }

    static Finding warning(String text, String remedy) {
        return new Finding(Level.WARNING, text, remedy);
    }

    static Finding bad(String text, String remedy) {
        return new Finding(Level.BAD, text, remedy);
    }
}
