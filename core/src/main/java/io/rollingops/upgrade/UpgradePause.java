// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.regex.Pattern;

/** When an upgrade halts for an operator to look; the databag key {@code upgrade-pause}. */
public sealed interface UpgradePause {
    /** How many units one can ask to see upgraded before the halt. */
    int MAX_UNITS = UpgradeStack.MAX_UNITS;

    /** Nothing is said, as by the original: on Kubernetes after the highest unit, elsewhere never. */
    record BySubstrate() implements UpgradePause {}

    /** It goes on to the end. */
    record Never() implements UpgradePause {}

    /**
     * After that many more units are done.
     *
     * @param units 0 for now
     */
    record After(int units) implements UpgradePause {
        public After {
            if (units < 0 || units > MAX_UNITS) {
                throw new IllegalArgumentException(
                        "an upgrade can pause after 0 to " + MAX_UNITS + " units, not after " + units);
            }
        }
    }

    /** Reads a databag's value; {@link IllegalArgumentException} says what it may be. */
    static UpgradePause read(String text) {
        if (text.isEmpty()) {
            return new BySubstrate();
        } else if (text.equals("never")) {
            return new Never();
        } else if (Pattern.matches("[0-9]{1,4}", text)) {
            return new After(Integer.parseInt(text));
        }
        throw new IllegalArgumentException("'" + Problem.line(text) + "' is neither a number of units nor 'never'");
    }

    default String write() {
        return this instanceof After after ? Integer.toString(after.units) : this instanceof Never ? "never" : "";
    }

    /** What is left when some units have been done. */
    default UpgradePause minus(int done) {
        return this instanceof After after ? new After(Math.max(0, after.units - done)) : this;
    }

    /** Whether the upgrade stands still. */
    default boolean isNow() {
        return this instanceof After after && after.units == 0;
    }
}
