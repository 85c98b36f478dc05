// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
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
     * Runs an operation on the calling thread. One whose callback is not registered here, for example after a change of the
     * configuration, is dropped; the original counts it as released.
     */
    Ending call(Operation operation, CallbackRun run) {
        Callback callback = byId.get(operation.callbackId());
        return callback == null
                ? run.unknown("not run: no callback '" + operation.callbackId() + "' is registered on this unit")
                : run.call(callback);
    }
}
