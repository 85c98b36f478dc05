// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One request to run a callback under the lock.
 *
 * @param callbackId which callback; not blank
 * @param requestedAt when, by the requester's clock and to the microsecond; it names the operation and orders nothing
 *     that safety depends on
 * @param maxRetry how many times it may be tried again after a first failure; empty for without limit
 * @param attempt how many executions have been recorded
 * @param result the last recorded result; only copies in etcd have one
 * @param arguments what the callback is called with
 */
public record Operation(
        String callbackId,
        Instant requestedAt,
        OptionalInt maxRetry,
        int attempt,
        Optional<OperationResult> result,
        Json.Obj arguments) {

    /** The longest callback id that can be requested, in characters. */
    public static final int MAX_CALLBACK_CHARS = 256;
    /** The largest wire form that can be requested, in characters. */
    public static final int MAX_WIRE_CHARS = 64 << 10;
    /** How deep arguments may be nested that can be requested: queue, command and answer are wrapped around them. */
    public static final int MAX_ARGUMENTS_DEPTH = JsonText.MAX_DEPTH / 2;

    public Operation {
        if (callbackId.isBlank()) {
            throw new IllegalArgumentException("the callback id is blank");
        }
        if (maxRetry.isPresent() && maxRetry.getAsInt() < 0) {
            throw new IllegalArgumentException("the retry limit is negative: " + maxRetry.getAsInt());
        }
        if (attempt < 0) {
            throw new IllegalArgumentException("the attempt is negative: " + attempt);
        }
        requestedAt = requestedAt.truncatedTo(ChronoUnit.MICROS);
    }

    /** A new request that was never tried. */
    public static Operation requested(String callbackId, Json.Obj arguments, OptionalInt maxRetry, Instant at) {
        return new Operation(callbackId, at, maxRetry, 0, Optional.empty(), arguments);
    }

    public OperationId id() {
        return new OperationId(EpochSeconds.write(requestedAt) + "-" + callbackId);
    }

    /**
     * The same request, stamped at least one microsecond after the unit's last one. So no two operations of a unit ever
     * share an id, and a clock that steps back does not reorder them in etcd, where the stamp is the order.
     */
    public Operation requestedAfter(Instant lastRequestedAt) {
        return requestedAt.isAfter(lastRequestedAt)
                ? this
                : new Operation(
                        callbackId, lastRequestedAt.plus(1, ChronoUnit.MICROS), maxRetry, attempt, result, arguments);
    }

    /** The same operation after one more recorded execution. */
    public Operation attemptedAgain() {
        return new Operation(callbackId, requestedAt, maxRetry, attempt + 1, result, arguments);
    }

    /** A copy that carries a result, as etcd's {@code completed} entries do. */
    public Operation completed(OperationResult outcome) {
        return new Operation(callbackId, requestedAt, maxRetry, attempt, Optional.of(outcome), arguments);
    }

    /** Whether the executions recorded so far are one more than the retries allowed. */
    public boolean isRetryLimitReached() {
        return maxRetry.isPresent() && attempt > maxRetry.getAsInt();
    }

    /**
     * Whether both ask for the same work: same callback, equal arguments, whenever and however often they may be tried.
     * Numbers compare by value, as in the original ({@code 1} equals {@code 1.0}); unlike there, {@code true} is not a
     * number.
     */
    public boolean sameWorkAs(Operation other) {
        return callbackId.equals(other.callbackId) && comparable(arguments).equals(comparable(other.arguments));
    }

    private static Object comparable(Json value) {
        if (value instanceof Json.Obj object) {
            Map<String, Object> members = new LinkedHashMap<>();
            object.members().forEach((name, member) -> members.put(name, comparable(member)));
            return members;
        } else if (value instanceof Json.Arr array) {
            List<Object> items = new ArrayList<>();
            array.items().forEach(item -> items.add(comparable(item)));
            return items;
        } else if (value instanceof Json.Int number) {
            return new BigDecimal(number.value()).stripTrailingZeros();
        } else if (value instanceof Json.Real number) {
            return new BigDecimal(number.value()).stripTrailingZeros();
        }
        return value;
    }
}
