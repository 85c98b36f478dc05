// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

/**
 * The scope of a cluster-wide lock: all applications that name the same id share one lock. Accepted as the user gives
 * it, as the original does, since the other applications must name the same text.
 *
 * @param value the text as it stands in the keys
 */
public record ClusterId(String value) {
    public static final int MAX_CHARS = 256;

    /** Fewer characters than this can be guessed. */
    private static final int UNGUESSABLE_CHARS_MIN = 16;

    public ClusterId {
        if (value.isBlank() || value.length() > MAX_CHARS) {
            throw new IllegalArgumentException("a cluster id has 1 to " + MAX_CHARS + " characters");
        }
    }

    /**
     * Whether somebody else could hit upon it: whoever names the id shares the lock. A path separator counts too, since
     * {@code a} is a prefix of {@code a/b} and its users may write there.
     */
    public boolean isGuessable() {
        return value.length() < UNGUESSABLE_CHARS_MIN
                || value.indexOf('/') >= 0
                || value.chars().noneMatch(Character::isDigit)
                || value.chars().distinct().count() < UNGUESSABLE_CHARS_MIN / 2;
    }

    @Override
    public String toString() {
        return value;
    }
}
