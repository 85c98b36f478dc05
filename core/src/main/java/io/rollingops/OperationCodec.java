// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * The wire form of operations and queues, byte for byte that of the original: fields in a fixed order, top-level
 * arguments sorted by code point. Reading is as lax as there (numbers as text, missing fields), except that a member
 * written twice is an error.
 */
public final class OperationCodec {
    private OperationCodec() {}

    public static String write(Operation operation) {
        return JsonText.write(toJson(operation));
    }

    public static String write(OperationQueue queue) {
        return JsonText.write(new Json.Arr(queue.operations().stream()
                .map(operation -> (Json) toJson(operation))
                .toList()));
    }

    /**
     * Reads one operation.
     *
     * @throws JsonException naming the field that is wrong
     */
    public static Operation readOperation(String text) {
        return toOperation(JsonText.parse(text));
    }

    /**
     * Reads a queue; the empty text and, as in the original, the empty object are the empty queue.
     *
     * @throws JsonException naming the operation and field that is wrong
     */
    public static OperationQueue readQueue(String text) {
        if (text.isEmpty()) {
            return OperationQueue.EMPTY;
        }
        Json value = JsonText.parse(text);
        if (value.equals(Json.Obj.EMPTY)) {
            return OperationQueue.EMPTY;
        }
        if (!(value instanceof Json.Arr array)) {
            throw new JsonException("a queue must be an array, not " + value.kind());
        }
        List<Operation> operations = new ArrayList<>();
        for (Json item : array.items()) {
            try {
                operations.add(toOperation(item));
            } catch (JsonException e) {
                throw new JsonException("operation " + operations.size() + ": " + e.getMessage(), e);
            }
        }
        return new OperationQueue(operations);
    }

    public static Json.Obj toJson(Operation operation) {
        return Json.object()
                .put("callback_id", operation.callbackId())
                .put("requested_at", EpochSeconds.write(operation.requestedAt()))
                .put(
                        "max_retry",
                        operation.maxRetry().isPresent()
                                ? Json.of(operation.maxRetry().getAsInt())
                                : Json.Null.INSTANCE)
                .put("attempt", operation.attempt())
                .put(
                        "result",
                        operation.result().<Json>map(r -> Json.of(r.wire())).orElse(Json.Null.INSTANCE))
                .put("kwargs", sorted(operation.arguments()))
                .build();
    }

    public static Operation toOperation(Json value) {
        if (!(value instanceof Json.Obj fields)) {
            throw new JsonException("an operation must be an object, not " + value.kind());
        }
        try {
            return new Operation(
                    fields.string("callback_id"),
                    instant(fields.get("requested_at")),
                    maxRetry(fields),
                    fields.find("attempt")
                            .map(attempt -> count("attempt", attempt))
                            .orElse(0),
                    result(fields),
                    fields.find("kwargs").isPresent() ? fields.object("kwargs") : Json.Obj.EMPTY);
        } catch (IllegalArgumentException e) {
            throw new JsonException(String.valueOf(e.getMessage()), e);
        }
    }

    private static Json.Obj sorted(Json.Obj arguments) {
        Map<String, Json> byCodePoint = new TreeMap<>(OperationCodec::compareCodePoints);
        byCodePoint.putAll(arguments.members());
        return new Json.Obj(byCodePoint);
    }

    /** Unlike {@code String.compareTo}, which puts characters beyond U+FFFF before some of those below. */
    private static int compareCodePoints(String a, String b) {
        return Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
    }

    private static OptionalInt maxRetry(Json.Obj fields) {
        Optional<Json> value = fields.find("max_retry").filter(limit -> !(limit instanceof Json.Null));
        return value.isPresent() ? OptionalInt.of(count("max_retry", value.get())) : OptionalInt.empty();
    }

    private static Optional<OperationResult> result(Json.Obj fields) {
        Optional<Json> value = fields.find("result").filter(result -> !(result instanceof Json.Null));
        if (value.isEmpty()) {
            return Optional.empty();
        }
        String text = fields.string("result");
        return Optional.of(OperationResult.ofWire(text)
                .orElseThrow(() -> new JsonException("field 'result' has the unknown value '" + text + "'")));
    }

    private static int count(String name, Json value) {
        try {
            if (value instanceof Json.Int number) {
                return number.value().intValueExact();
            } else if (value instanceof Json.Bool bool) {
                return bool.value() ? 1 : 0;
            } else if (value instanceof Json.Real number) {
                return new BigDecimal(number.value()).intValueExact();
            } else if (value instanceof Json.Str text && text.value().length() <= JsonText.MAX_DIGITS) {
                return new BigInteger(text.value().strip()).intValueExact();
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new JsonException("field '" + name + "' is not a whole number of a sensible size", e);
        }
        throw new JsonException("field '" + name + "' must be a whole number, not " + value.kind());
    }

    private static Instant instant(Json value) {
        String text = "";
        if (value instanceof Json.Str string) {
            text = string.value();
        } else if (value instanceof Json.Int || value instanceof Json.Real) {
            text = JsonText.write(value);
        }
        return EpochSeconds.read(text)
                .orElseThrow(() -> new JsonException("field 'requested_at' is not a number of epoch seconds"));
    }
}
