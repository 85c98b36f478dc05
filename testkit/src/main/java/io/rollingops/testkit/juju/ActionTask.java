// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One run of an action, from its request to its result. For the thread that owns the model. */
final class ActionTask {
    static final String NO_REASON = "action failed without reason given, check action for errors";

    final int number;
    final String uuid;
    final UnitName unit;
    final String name;
    final Json.Obj parameters;

    private final Map<String, Object> results = new TreeMap<>();
    private final List<String> log = new ArrayList<>();
    private Optional<String> failure = Optional.empty();
    private Optional<ActionResult> result = Optional.empty();

    ActionTask(int number, String uuid, UnitName unit, String name, Json.Obj parameters) {
        this.number = number;
        this.uuid = uuid;
        this.unit = unit;
        this.name = name;
        this.parameters = parameters;
    }

    Optional<ActionResult> result() {
        return result;
    }

    void log(String message) {
        log.add(message);
    }

    void fail(String message) {
        failure = Optional.of(message);
    }

    /** Sets one result; the dots of the key are levels. */
    @SuppressWarnings("unchecked")
    void set(String key, String value) {
        Map<String, Object> level = results;
        String[] names = key.split("\\.", -1);
        for (int i = 0; i < names.length - 1; i++) {
            Object next = level.get(names[i]);
            if (!(next instanceof Map)) {
                next = new TreeMap<String, Object>();
                level.put(names[i], next);
            }
            level = (Map<String, Object>) next;
        }
        level.put(names[names.length - 1], value);
    }

    /** The action is over; what was set is delivered, whatever came of it. */
    void end(Optional<String> processFailure, int returnCode, String stdout, String stderr) {
        set("return-code", Integer.toString(returnCode));
        if (!stdout.isEmpty()) {
            set("stdout", stdout);
        }
        if (!stderr.isEmpty()) {
            set("stderr", stderr);
        }
        Optional<String> reason = processFailure.or(() -> failure);
        result = Optional.of(new ActionResult(
                reason.isEmpty() ? ActionResult.Outcome.COMPLETED : ActionResult.Outcome.FAILED,
                reason.orElse(""),
                (Json.Obj) json(results),
                log));
    }

    private static Json json(Object value) {
        if (value instanceof Map<?, ?> map) {
            Json.ObjectBuilder object = Json.object();
            map.forEach((key, member) -> object.put(String.valueOf(key), json(member)));
            return object.build();
        }
        return Json.of(value.toString());
    }
}
