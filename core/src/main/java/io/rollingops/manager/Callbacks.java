// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import java.util.Map;
import java.util.Set;

/**
 * The callbacks of a unit, by id.
 *
 * @param byId all of them
 * @param holding those that keep their slot although the unit's lease ends (rule L5)
 */
record Callbacks(Map<String, Callback> byId, Set<String> holding) {
    /** Ids with this beginning are ours. */
    static final String RESERVED_PREFIX = "rollingops.";

    Callbacks {
        byId = Map.copyOf(byId);
        holding = Set.copyOf(holding);
    }

    boolean holds(String callbackId) {
        return holding.contains(callbackId);
    }

    boolean contains(String callbackId) {
        return byId.containsKey(callbackId);
    }

    /**
     * What to run for an operation. One whose callback is not registered here any more, for example after a change of
     * the configuration, leaves the queue, as in the original; its recorded result says so.
     */
    Callback of(Operation operation) {
        return byId.getOrDefault(operation.callbackId(), context -> {
            context.notes().accept("not run: no callback '" + operation.callbackId() + "' is registered on this unit");
            return OperationResult.RELEASE;
        });
    }
}
