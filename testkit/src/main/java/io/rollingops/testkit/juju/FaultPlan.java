// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Faults that wait for their moment, each of which happens once. For the thread that owns the model. */
final class FaultPlan {
    private final Map<UnitName, Integer> killAt = new HashMap<>();
    private final Map<UnitName, String> failingCommand = new HashMap<>();
    private final Map<UnitName, UnitName> newLeader = new HashMap<>();
    private final Set<UnitName> failingCommit = new HashSet<>();

    void killAt(UnitName unit, int command) {
        killAt.put(unit, command);
    }

    void failCommand(UnitName unit, String command) {
        failingCommand.put(unit, command);
    }

    void failCommit(UnitName unit) {
        failingCommit.add(unit);
    }

    void moveLeadership(UnitName from, UnitName to) {
        newLeader.put(from, to);
    }

    /** Whether the charm dies at its command of that number, counted from 1 in each operation. */
    boolean killsAt(UnitName unit, int command) {
        return killAt.remove(unit, command);
    }

    boolean failsCommand(UnitName unit, String command) {
        return failingCommand.remove(unit, command);
    }

    boolean failsCommit(UnitName unit) {
        return failingCommit.remove(unit);
    }

    /** Who leads from the moment at which that unit wants to commit. */
    Optional<UnitName> leaderBeforeCommit(UnitName unit) {
        return Optional.ofNullable(newLeader.remove(unit));
    }
}
