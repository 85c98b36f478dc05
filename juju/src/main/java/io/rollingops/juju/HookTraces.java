// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.Operation;
import io.rollingops.OperationCodec;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a hook leaves behind if Juju takes it: the worker decides from that what comes next, as the next hook will.
 *
 * @param unit the unit's databag
 * @param application the application's databag
 * @param isPausing whether the unit waits before it tries again; then it is woken without the worker
 * @param finished the operation that ended under the lock, with its result
 */
public record HookTraces(
        Map<String, String> unit, Map<String, String> application, boolean isPausing, Optional<Operation> finished) {
    public HookTraces {
        unit = Map.copyOf(unit);
        application = Map.copyOf(application);
    }

    /** One JSON object. */
    public Json.Obj toJson() {
        Json.ObjectBuilder fields = Json.object()
                .put("unit", bag(unit))
                .put("application", bag(application))
                .put("pausing", isPausing);
        finished.ifPresent(operation -> fields.put("finished", OperationCodec.write(operation)));
        return fields.build();
    }

    /**
     * Reads what {@link #toJson} gave.
     *
     * @throws JsonException naming what is missing or wrong
     */
    public static HookTraces of(Json.Obj fields) {
        return new HookTraces(
                bag(fields.object("unit")),
                bag(fields.object("application")),
                fields.bool("pausing"),
                fields.find("finished").isPresent()
                        ? Optional.of(OperationCodec.readOperation(fields.string("finished")))
                        : Optional.empty());
    }

    private static Json.Obj bag(Map<String, String> bag) {
        return Json.ofMap(new TreeMap<>(bag));
    }

    private static Map<String, String> bag(Json.Obj fields) {
        Map<String, String> bag = new TreeMap<>();
        fields.members().keySet().forEach(key -> bag.put(key, fields.string(key)));
        return bag;
    }
}
