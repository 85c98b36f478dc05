// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** When the other units learn that a unit is being removed. A charm must not depend on it. */
public enum Departures {
    /** At once, while the leaving unit runs its own last hooks; what Juju 3 does as a rule. */
    AT_ONCE,
    /** Only when the leaving unit is gone; what happens when the controller is slow. */
    WHEN_REMOVED
}
