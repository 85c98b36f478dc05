// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The state of an application: that of lowest rank among its units. Where there is none, the original has the same null
 * for three different reasons; here they are told apart.
 */
public sealed interface ClusterState {

    /** Every unit has said a state, and this is the lowest. */
    record Is(UpgradeState state) implements ClusterState {}

    /**
     * Some unit has said nothing, or nothing that can be read.
     *
     * @param units which, each with what is wrong
     */
    record Unknown(NavigableMap<UnitName, String> units) implements ClusterState {
        public Unknown {
            units = Collections.unmodifiableNavigableMap(new TreeMap<>(units));
        }
    }

    /** There are no units, as while the peer relation does not exist. */
    record NoUnits() implements ClusterState {}

    static ClusterState of(Map<UnitName, UnitUpgrade> units) {
        if (units.isEmpty()) {
            return new NoUnits();
        }
        NavigableMap<UnitName, String> unknown = new TreeMap<>();
        UpgradeState lowest = UpgradeState.COMPLETED;
        for (Map.Entry<UnitName, UnitUpgrade> unit : units.entrySet()) {
            Optional<UpgradeState> state = unit.getValue().state();
            if (state.isEmpty()) {
                unknown.put(
                        unit.getKey(),
                        unit.getValue().damage().getOrDefault(UnitUpgrade.STATE, "has not said its state yet"));
            } else if (state.get().compareTo(lowest) < 0) {
                lowest = state.get();
            }
        }
        return unknown.isEmpty() ? new Is(lowest) : new Unknown(unknown);
    }

    /** Whether it is known and is this one. */
    default boolean is(UpgradeState state) {
        return equals(new Is(state));
    }
}
