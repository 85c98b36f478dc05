// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;

/**
 * How a unit is doing.
 *
 * @param workload what the charm said with {@code status-set}
 * @param agent idle, executing something, or in error with {@code hook failed: "..."}
 */
public record UnitStatus(UnitName unit, boolean leader, boolean dying, Status workload, Status agent) {

    /** Whether a hook has failed and waits for its retry. */
    public boolean inError() {
        return agent.status().equals("error");
    }

    @Override
    public String toString() {
        return unit + (leader ? "*" : "") + (dying ? " (being removed)" : "") + " " + workload + " [" + agent + "]";
    }
}
