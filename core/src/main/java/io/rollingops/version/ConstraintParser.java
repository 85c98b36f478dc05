// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import io.rollingops.version.VersionSyntaxException.InvalidConstraint;
import io.rollingops.version.VersionSyntaxException.InvalidVersion;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads Poetry's constraint language.
 *
 * <pre>{@code
 * constraint = group *(("|" | "||") group)          one of the groups must hold
 * group      = part *(("," | " ") part) [","...]    all parts must hold
 * part       = any | operator (version | "dev") [".*"]
 * any        = ["v"] ("*" | "x") *("." ("*" | "x"))
 * operator   = "^" | "~" | "~=" | "==" | "=" | "" | "!=" | ">" | ">=" | "<" | "<="    see Operator
 * }</pre>
 *
 * <p>Blanks may stand around everything but inside operators and versions. Every bad part makes the whole text an error,
 * also beside {@code *}.
 */
final class ConstraintParser {
    private static final String NO_SEPARATOR_AFTER = "^~=>< ,";
    private static final String OPERATOR_CHARS = "^~=><!";
    private static final String WILDCARD = ".*";
    private static final String DEV = "dev";
    private static final int REPEATED_WILDCARD_COMPONENTS = 3;
    private static final String EXAMPLE = "write it like ^1.2, or >=1.2,<2";

    private final String text;
    private int parts;

    ConstraintParser(String text) {
        this.text = text;
    }

    VersionConstraint parse() {
        if (text.length() > VersionConstraint.MAX_CHARS) {
            throw wrong(
                    VersionConstraint.MAX_CHARS,
                    "the text goes on",
                    "a constraint has at most " + VersionConstraint.MAX_CHARS + " characters");
        }
        int bar = text.indexOf('|');
        if (bar < 0) {
            return group(0, text.length());
        }
        List<Range> alternatives = new ArrayList<>();
        int from = 0;
        while (bar >= 0) {
            alternatives.addAll(group(from, bar).ranges());
            from = bar + (text.startsWith("||", bar) ? 2 : 1);
            bar = text.indexOf('|', from);
        }
        alternatives.addAll(group(from, text.length()).ranges());
        return VersionConstraint.ofAll(alternatives);
    }

    private VersionConstraint group(int start, int end) {
        int from = Blanks.skip(text, start, end);
        int to = Blanks.trimEnd(text, from, end);
        while (to > from && text.charAt(to - 1) == ',') {
            to--;
        }
        to = Blanks.trimEnd(text, from, to);
        if (from == to) {
            throw wrong(from, "a version is missing", "write '*' for any version");
        }
        if (text.charAt(to - 1) == ',') {
            throw wrong(to - 1, "two commas with a blank between end the condition", "write none at the end");
        }
        VersionConstraint all = VersionConstraint.ANY;
        while (from < to) {
            int partEnd = endOfPart(from, to);
            VersionConstraint part = part(from, partEnd);
            all = all.isAny() ? part : all.and(part);
            from = afterSeparator(partEnd, to);
        }
        return all;
    }

    /** The next comma or blank that ends a part, or else the end of the group. */
    private int endOfPart(int from, int to) {
        for (int i = from + 1; i < to; i++) {
            if (isSeparator(text.charAt(i))
                    && NO_SEPARATOR_AFTER.indexOf(text.charAt(i - 1)) < 0
                    && !belongsToDash(i)) {
                return i;
            }
        }
        return to;
    }

    /** As in Poetry, which wants no {@code 1 - 2}: right after a dash, one comma or one blank separates nothing. */
    private boolean belongsToDash(int separator) {
        return text.charAt(separator - 1) == '-'
                && (text.charAt(separator) == ',' || !isSeparator(text.charAt(separator + 1)));
    }

    /** Behind blanks and at most one comma. */
    private int afterSeparator(int from, int to) {
        int at = skipSpaces(from, to);
        return at < to && text.charAt(at) == ',' ? skipSpaces(at + 1, to) : at;
    }

    private int skipSpaces(int from, int to) {
        int at = from;
        while (at < to && text.charAt(at) == ' ') {
            at++;
        }
        return at;
    }

    private VersionConstraint part(int from, int to) {
        parts++;
        if (parts > VersionConstraint.MAX_PARTS) {
            throw wrong(
                    from,
                    "one condition more",
                    "a constraint has at most " + VersionConstraint.MAX_PARTS + " conditions");
        }
        if (isAnything(from, to)) {
            return VersionConstraint.ANY;
        }
        Operator operator = Operator.at(text, from);
        int at = Blanks.skip(text, from + operator.symbol().length(), to);
        if (at == to) {
            throw wrong(at, "a version is missing after '" + operator.symbol() + "'", EXAMPLE);
        } else if (OPERATOR_CHARS.indexOf(text.charAt(at)) >= 0) {
            throw notAnOperator(from, at, to);
        }
        if (isDev(at, to) && !operator.derivesCeiling()) {
            return operand(operator, Version.DEV, at + DEV.length(), to);
        }
        VersionReader reader = new VersionReader(text, at, to);
        Version version = read(reader);
        return operand(operator, version, reader.position(), to);
    }

    /** The meaning of operator and version, when nothing but {@code .*} follows. */
    private VersionConstraint operand(Operator operator, Version version, int versionEnd, int to) {
        int at = versionEnd;
        while (at + WILDCARD.length() <= to && text.startsWith(WILDCARD, at)) {
            at += WILDCARD.length();
        }
        if (at < to) {
            throw wrong(
                    at,
                    "'" + VersionSyntaxException.shown(text.substring(at, to)) + "' cannot stand here",
                    remedy(at, EXAMPLE));
        } else if (at == versionEnd) {
            return operator.applyTo(version);
        } else if (operator.derivesCeiling()) {
            throw wrong(versionEnd, "'.*' cannot follow '" + operator.symbol() + "'", "leave it out");
        } else if (at > versionEnd + WILDCARD.length() && !mayRepeatWildcard(operator, version)) {
            throw wrong(versionEnd + WILDCARD.length(), "'.*' stands more than once", "write it once");
        }
        return operator.applyToBlock(version);
    }

    /** As in Poetry, {@code 1.*.*} is good, but {@code >=1.*.*}, {@code 1.2.3.4.*.*} and {@code 1rc1.*.*} are not. */
    private static boolean mayRepeatWildcard(Operator operator, Version version) {
        return (operator == Operator.NOTHING || operator == Operator.EXACTLY || operator == Operator.NOT)
                && version.isPlain()
                && version.precision() <= REPEATED_WILDCARD_COMPONENTS;
    }

    private boolean isAnything(int from, int to) {
        int at = text.charAt(from) == 'v' || text.charAt(from) == 'V' ? from + 1 : from;
        if (at == to || !isStar(text.charAt(at))) {
            return false;
        }
        at++;
        while (at + 1 < to && text.charAt(at) == '.' && isStar(text.charAt(at + 1))) {
            at += 2;
        }
        return at == to;
    }

    private boolean isDev(int at, int to) {
        int end = at + DEV.length();
        return end <= to && text.startsWith(DEV, at) && (end == to || text.charAt(end) == '.');
    }

    private Version read(VersionReader reader) {
        try {
            return reader.read();
        } catch (InvalidVersion e) {
            throw wrong(e.position(), e.problem(), remedy(e.position(), e.remedy()));
        }
    }

    private InvalidConstraint notAnOperator(int from, int at, int to) {
        int end = at;
        while (end < to && OPERATOR_CHARS.indexOf(text.charAt(end)) >= 0) {
            end++;
        }
        String written = text.substring(from, end);
        String meant = switch (written.replace(" ", "")) {
            case "=>" -> "write >=";
            case "=<" -> "write <=";
            case "===" -> "write ==";
            case "~>" -> "write ~ or ~=";
            case "<>", "><", "!", "!==" -> "write !=";
            case ">=", "<=", "==", "~=", "!=" -> "write it without blanks inside";
            default -> "the operators are ^ ~ ~= == = != > >= < <=";
        };
        return wrong(from, "'" + VersionSyntaxException.shown(written) + "' is not an operator", meant);
    }

    private String remedy(int position, String otherwise) {
        String rest = text.substring(position);
        if (rest.startsWith(".x") || rest.startsWith(".X")) {
            return "write '.*' for any number";
        } else if (rest.startsWith("*") || rest.startsWith(".*")) {
            return "write '*' alone, or '.*' once behind a version";
        } else if (rest.startsWith("-") || rest.startsWith("[") || rest.startsWith("(")) {
            return "for a range write >=1,<2";
        }
        return rest.startsWith(",") ? "write one comma between two conditions" : otherwise;
    }

    private InvalidConstraint wrong(int position, String problem, String remedy) {
        return new InvalidConstraint(text, position, problem, remedy);
    }

    private static boolean isSeparator(char c) {
        return c == ' ' || c == ',';
    }

    private static boolean isStar(char c) {
        return c == '*' || c == 'x' || c == 'X';
    }
}
