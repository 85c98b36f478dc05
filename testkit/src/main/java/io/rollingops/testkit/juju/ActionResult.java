// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import java.util.List;

/**
 * What came of an action.
 *
 * @param message why it failed, or empty
 * @param results what the action set, also when it failed, with {@code return-code}, {@code stdout} and {@code stderr}
 * @param log what it said with {@code action-log}
 */
public record ActionResult(Outcome outcome, String message, Json.Obj results, List<String> log) {
    public ActionResult {
        log = List.copyOf(log);
    }

    /** How an action ended. */
    public enum Outcome {
        COMPLETED,
        FAILED
    }

    public boolean completed() {
        return outcome == Outcome.COMPLETED;
    }

    /** A result by its key, the dots of which are levels; empty when it was not set. */
    public String get(String key) {
        Json value = results;
        for (String name : key.split("\\.", -1)) {
            value = value instanceof Json.Obj object
                    ? object.find(name).orElse(Json.Null.INSTANCE)
                    : Json.Null.INSTANCE;
        }
        return value instanceof Json.Str text ? text.value() : "";
    }
}
