// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import io.rollingops.version.Version.PreRelease;
import io.rollingops.version.Version.Stage;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one version out of a text, between two positions.
 *
 * <pre>{@code
 * version  = ["v"] [number "!"] release [pre] [post] [dev] ["+" local]
 * release  = number *("." number)
 * pre      = [sep] ("a" | "alpha" | "b" | "beta" | "c" | "rc" | "pre" | "preview") [sep] [number]
 * post     = "-" number | [sep] ("post" | "rev" | "r") [sep] [number]
 * dev      = [sep] "dev" [sep] [number]
 * local    = alnum *(sep alnum)
 * sep      = "." | "-" | "_"
 * }</pre>
 *
 * <p>Letters count in either case, ASCII only. Each step takes as much as it can and none is taken back: whatever may
 * follow a shorter match may follow the longer one as well. A missing number is 0.
 */
final class VersionReader {
    private static final String EXAMPLE = "write it like 1.2.3, 1.2rc1 or 1.2.post1";
    private static final int DIGITS_OF_LONG = 18;
    private static final char END = '\0';

    /** Longer words before those that they begin with. */
    private static final List<Map.Entry<String, Stage>> PRE_WORDS = List.of(
            Map.entry("alpha", Stage.A),
            Map.entry("a", Stage.A),
            Map.entry("beta", Stage.B),
            Map.entry("b", Stage.B),
            Map.entry("preview", Stage.RC),
            Map.entry("pre", Stage.RC),
            Map.entry("rc", Stage.RC),
            Map.entry("c", Stage.RC));

    private static final List<String> POST_WORDS = List.of("post", "rev", "r");

    private final String text;
    private final int end;
    private int at;

    VersionReader(String text, int from, int end) {
        this.text = text;
        this.end = end;
        this.at = from;
    }

    /** The longest version that stands at the beginning; {@link #position} is then behind it. */
    Version read() {
        int start = at;
        if (lower(peek(0)) == 'v') {
            at++;
        }
        BigInteger epoch = BigInteger.ZERO;
        BigInteger first = number();
        if (peek(0) == '!') {
            at++;
            epoch = first;
            first = number();
        }
        List<BigInteger> release = release(first);
        Version version = at == end
                ? new Version(epoch, release, null, null, null, null)
                : new Version(epoch, release, pre(), post(), dev(), local());
        if (at - start > Version.MAX_CHARS) {
            throw tooLong(text, start + Version.MAX_CHARS);
        }
        return version;
    }

    static VersionSyntaxException.InvalidVersion tooLong(String text, int position) {
        return new VersionSyntaxException.InvalidVersion(
                text, position, "the text goes on", "a version has at most " + Version.MAX_CHARS + " characters");
    }

    int position() {
        return at;
    }

    void expectEnd() {
        if (at < end) {
            throw wrong("'" + VersionSyntaxException.shown(text.substring(at, end)) + "' is no part of a version");
        }
    }

    private List<BigInteger> release(BigInteger first) {
        if (!(peek(0) == '.' && isDigit(peek(1)))) {
            return List.of(first);
        }
        List<BigInteger> release = new ArrayList<>();
        release.add(first);
        while (peek(0) == '.' && isDigit(peek(1))) {
            at++;
            release.add(number());
        }
        return List.copyOf(release);
    }

    private @Nullable PreRelease pre() {
        for (Map.Entry<String, Stage> word : PRE_WORDS) {
            if (takeWord(word.getKey())) {
                return new PreRelease(word.getValue(), numberOrZero());
            }
        }
        return null;
    }

    private @Nullable BigInteger post() {
        if (peek(0) == '-' && isDigit(peek(1))) {
            at++;
            return number();
        }
        for (String word : POST_WORDS) {
            if (takeWord(word)) {
                return numberOrZero();
            }
        }
        return null;
    }

    private @Nullable BigInteger dev() {
        return takeWord("dev") ? numberOrZero() : null;
    }

    private @Nullable LocalLabel local() {
        if (peek(0) != '+') {
            return null;
        }
        List<String> segments = new ArrayList<>();
        do {
            at++;
            int start = at;
            boolean digitsOnly = true;
            while (isAlphanumeric(peek(0))) {
                digitsOnly &= isDigit(peek(0));
                at++;
            }
            if (at == start) {
                throw wrong("letters or digits are missing after '+'");
            }
            checkDigits(digitsOnly ? at - start : 0, start);
            segments.add(text.substring(start, at).toLowerCase(Locale.ROOT));
        } while (isSeparator(peek(0)) && isAlphanumeric(peek(1)));
        return LocalLabel.of(segments);
    }

    /** Steps over the word with the separators around it; the dot of a wildcard {@code .*} is none. */
    private boolean takeWord(String word) {
        int skipped = isSeparator(peek(0)) ? 1 : 0;
        for (int i = 0; i < word.length(); i++) {
            if (lower(peek(skipped + i)) != word.charAt(i)) {
                return false;
            }
        }
        at += skipped + word.length();
        if (isSeparator(peek(0)) && !(peek(0) == '.' && peek(1) == '*')) {
            at++;
        }
        return true;
    }

    private BigInteger numberOrZero() {
        return isDigit(peek(0)) ? number() : BigInteger.ZERO;
    }

    private BigInteger number() {
        int start = at;
        while (isDigit(peek(0))) {
            at++;
        }
        int digits = at - start;
        if (digits == 0) {
            throw wrong(
                    at == end
                            ? "a number is missing"
                            : "a number was expected, not '" + VersionSyntaxException.shown(text.substring(at, end))
                                    + "'");
        }
        checkDigits(digits, start);
        return digits <= DIGITS_OF_LONG
                ? BigInteger.valueOf(Long.parseLong(text, start, at, 10))
                : new BigInteger(text.substring(start, at));
    }

    private void checkDigits(int digits, int start) {
        if (digits > Version.MAX_DIGITS) {
            at = start + Version.MAX_DIGITS;
            throw new VersionSyntaxException.InvalidVersion(
                    text, at, "the number goes on", "a number has at most " + Version.MAX_DIGITS + " digits");
        }
    }

    private VersionSyntaxException.InvalidVersion wrong(String problem) {
        return new VersionSyntaxException.InvalidVersion(text, at, problem, EXAMPLE);
    }

    private char peek(int ahead) {
        int index = at + ahead;
        return index < end ? text.charAt(index) : END;
    }

    private static char lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isAlphanumeric(char c) {
        return isDigit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
    }

    private static boolean isSeparator(char c) {
        return c == '.' || c == '-' || c == '_';
    }
}
