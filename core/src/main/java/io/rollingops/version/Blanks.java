// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

/** White space as the original sees it: what Unicode calls a space, and the control characters that act as one. */
final class Blanks {
    private static final char NEXT_LINE = '\u0085';

    private Blanks() {}

    /** The first index from {@code from} that holds no white space, or {@code end}. */
    static int skip(String text, int from, int end) {
        int at = from;
        while (at < end && isBlank(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** The end of the text without the white space before {@code end}; not below {@code from}. */
    static int trimEnd(String text, int from, int end) {
        int at = end;
        while (at > from && isBlank(text.charAt(at - 1))) {
            at--;
        }
        return at;
    }

    private static boolean isBlank(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == NEXT_LINE;
    }
}
