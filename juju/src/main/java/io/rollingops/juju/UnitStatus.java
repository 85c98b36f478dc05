// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.util.Locale;

/**
 * What a unit, or an application, says of itself.
 *
 * @param kind how it is doing
 * @param message for people
 */
public record UnitStatus(Kind kind, String message) {

    /** How it is doing. */
    public enum Kind {
        ACTIVE,
        WAITING,
        BLOCKED,
        MAINTENANCE;

        String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** All is well. */
    public static UnitStatus active(String message) {
        return new UnitStatus(Kind.ACTIVE, message);
    }

    /** It waits for something that comes by itself. */
    public static UnitStatus waiting(String message) {
        return new UnitStatus(Kind.WAITING, message);
    }

    /** A person has to do something. */
    public static UnitStatus blocked(String message) {
        return new UnitStatus(Kind.BLOCKED, message);
    }

    /** It is busy with itself. */
    public static UnitStatus maintenance(String message) {
        return new UnitStatus(Kind.MAINTENANCE, message);
    }
}
