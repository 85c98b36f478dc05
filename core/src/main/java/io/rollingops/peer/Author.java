// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.UnitName;

/** Who sent a command, as the store has proved it. */
public sealed interface Author {

    /** A unit of the application. */
    record Unit(UnitName name) implements Author {
        @Override
        public String toString() {
            return name.toString();
        }
    }

    /** A person or program that the application's owner gave an operator's key. */
    record Operator(String name) implements Author {
        @Override
        public String toString() {
            return "operator " + name;
        }
    }
}
