// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of one member of an application, {@code kafka/0}. Units sort by application, then by number, so {@code
 * kafka/2} stands before {@code kafka/10}.
 *
 * @param application the application's name
 * @param number the unit's number, never used again after the unit has left
 */
public record UnitName(String application, int number) implements Comparable<UnitName> {
    /** The longest name, and the greatest number: what is constructed can also be read back. */
    public static final int MAX_CHARS = 128;

    public static final int MAX_NUMBER = 999_999_999;

    private static final Pattern APPLICATION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");
    private static final Pattern UNIT = Pattern.compile("(" + APPLICATION + ")/(0|[1-9][0-9]{0,8})");
    private static final Comparator<UnitName> ORDER =
            Comparator.comparing(UnitName::application).thenComparingInt(UnitName::number);

    public UnitName {
        if (!isApplication(application)) {
            throw new IllegalArgumentException("'" + application + "' is not an application name: letters, digits,"
                    + " '-', '_' and '.', beginning with a letter or digit");
        }
        if (number < 0 || number > MAX_NUMBER) {
            throw new IllegalArgumentException("a unit's number is 0 to " + MAX_NUMBER + ", not " + number);
        }
        if (application.length() + 1 + Integer.toString(number).length() > MAX_CHARS) {
            throw new IllegalArgumentException("the name of unit " + number + " of '" + application
                    + "' is longer than " + MAX_CHARS + " characters");
        }
    }

    /**
     * Reads {@code application/number}.
     *
     * @throws IllegalArgumentException saying what a unit name looks like
     */
    public static UnitName parse(String text) {
        Matcher parts = UNIT.matcher(text);
        if (text.length() > MAX_CHARS || !parts.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a unit name; write it like kafka/0");
        }
        return new UnitName(parts.group(1), Integer.parseInt(parts.group(2)));
    }

    /** Whether the text can be the name of an application. */
    public static boolean isApplication(String text) {
        return text.length() <= MAX_CHARS && APPLICATION.matcher(text).matches();
    }

    @Override
    public int compareTo(UnitName other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return application + "/" + number;
    }
}
