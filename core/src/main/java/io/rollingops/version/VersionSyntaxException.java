// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

/**
 * A text is no version, or no constraint. The message says what is wrong, at which character, and what would be right;
 * the type says which of the two was expected.
 */
public abstract sealed class VersionSyntaxException extends IllegalArgumentException {
    private static final int SHOWN_CHARS = 80;

    private final int position;
    private final String problem;
    private final String remedy;

    private VersionSyntaxException(String text, String expected, int position, String problem, String remedy) {
        super("'" + shown(text) + "' is not " + expected + ": at character " + (position + 1) + ", " + problem + "; "
                + remedy);
        this.position = position;
        this.problem = problem;
        this.remedy = remedy;
    }

    /** The text is not a version of PEP 440. */
    public static final class InvalidVersion extends VersionSyntaxException {
        InvalidVersion(String text, int position, String problem, String remedy) {
            super(text, "a version", position, problem, remedy);
        }
    }

    /** The text is not a version constraint of Poetry. */
    public static final class InvalidConstraint extends VersionSyntaxException {
        InvalidConstraint(String text, int position, String problem, String remedy) {
            super(text, "a version constraint", position, problem, remedy);
        }
    }

    /** The index of the offending character in the text that was given; the text's length when something is missing. */
    public int position() {
        return position;
    }

    /** What is wrong there. */
    public String problem() {
        return problem;
    }

    /** What would be right. */
    public String remedy() {
        return remedy;
    }

    /** The text as it may stand on one line of a log: short, and without control characters. */
    static String shown(String text) {
        String start = text.length() > SHOWN_CHARS ? text.substring(0, SHOWN_CHARS) + "..." : text;
        return start.replaceAll("\\p{Cntrl}", "?");
    }
}
