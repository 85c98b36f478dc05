// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

/**
 * What a unit shows of its upgrade.
 *
 * @param kind how a person should take it
 * @param text one line of at most {@link #MAX_CHARS} characters
 */
public record UpgradeStatus(Kind kind, String text) {
    /** As much as a table of units can show. */
    public static final int MAX_CHARS = 120;

    /** The four kinds of a workload status that matter here. */
    public enum Kind {
        ACTIVE,
        WAITING,
        MAINTENANCE,
        BLOCKED
    }

    public UpgradeStatus {
        text = Problem.line(text);
        if (text.length() > MAX_CHARS) {
            text = text.substring(0, MAX_CHARS - 3) + "...";
        }
    }

    static UpgradeStatus active() {
        return new UpgradeStatus(Kind.ACTIVE, "");
    }

    static UpgradeStatus waiting(String text) {
        return new UpgradeStatus(Kind.WAITING, text);
    }

    static UpgradeStatus maintenance(String text) {
        return new UpgradeStatus(Kind.MAINTENANCE, text);
    }

    static UpgradeStatus blocked(String text) {
        return new UpgradeStatus(Kind.BLOCKED, text);
    }
}
