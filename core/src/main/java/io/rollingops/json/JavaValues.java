// SPDX-License-Identifier: Apache-2.0
package io.rollingops.json;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns ordinary Java values into JSON, and says exactly which one cannot be. */
final class JavaValues {
    private JavaValues() {}

    static Json.Obj object(String path, Map<?, ?> map) {
        Map<String, Json> members = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            if (!(key instanceof String name)) {
                throw new JsonException("argument '" + path + "' has the key " + key + ", which is not a text");
            }
            members.put(name, value(path.isEmpty() ? name : path + "." + name, value));
        });
        return new Json.Obj(members);
    }

    private static Json value(String path, @Nullable Object value) {
        if (value == null) {
            return Json.Null.INSTANCE;
        } else if (value instanceof Json json) {
            return json;
        } else if (value instanceof String text) {
            return Json.of(text);
        } else if (value instanceof Boolean bool) {
            return Json.of(bool);
        } else if (value instanceof BigInteger number) {
            return new Json.Int(number);
        } else if (value instanceof Integer
                || value instanceof Long
                || value instanceof Short
                || value instanceof Byte) {
            return Json.of(((Number) value).longValue());
        } else if (value instanceof Double || value instanceof Float) {
            return real(path, ((Number) value).doubleValue());
        } else if (value instanceof Map<?, ?> map) {
            return object(path, map);
        } else if (value instanceof Iterable<?> items) {
            return array(path, items);
        } else if (value instanceof Object[] items) {
            return array(path, Arrays.asList(items));
        }
        throw new JsonException(
                "argument '" + path + "' of the type " + value.getClass().getName() + " has no JSON form");
    }

    private static Json real(String path, double number) {
        if (!Double.isFinite(number)) {
            throw new JsonException("argument '" + path + "' is " + number + ", which has no JSON form");
        }
        return new Json.Real(number);
    }

    private static Json.Arr array(String path, Iterable<?> items) {
        List<Json> values = new ArrayList<>();
        for (Object item : items) {
            values.add(value(path + "[" + values.size() + "]", item));
        }
        return new Json.Arr(values);
    }
}
