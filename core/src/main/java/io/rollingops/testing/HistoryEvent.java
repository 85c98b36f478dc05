// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testing;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.Optional;

/**
 * One line of a recorded history.
 *
 * @param kind what happened
 * @param app in which application
 * @param unit to which unit
 * @param op which operation, where one is concerned
 * @param epoch which grant, where one is concerned; else 0
 * @param token the cluster token of a {@link Kind#BEGIN} under the cluster-wide lock
 * @param outcome of a {@link Kind#DONE}: {@code released}, {@code dropped}, {@code retry-release}, {@code retry-hold} or
 *     {@code not-run}; else empty
 */
public record HistoryEvent(
        Kind kind, String app, String unit, Optional<String> op, long epoch, Optional<Long> token, String outcome) {

    /** What can happen. */
    public enum Kind {
        /** A request is durable. */
        REQUEST,
        /** A grant is committed. */
        GRANT,
        /** A callback begins. */
        BEGIN,
        /** The cluster-wide lock is lost and the callback runs on. */
        UNTOKEN,
        /** A callback ended, was stopped, or its process died. */
        END,
        /** The answer to a grant is committed. */
        DONE,
        /** A unit's lease ended, or its process began anew. */
        EXPIRE,
        /** An operation left the queue without being run. */
        WITHDRAW,
        /** A unit left; its open operations are abandoned. */
        REMOVE
    }

    public static HistoryEvent of(Kind kind, String app, String unit) {
        return new HistoryEvent(kind, app, unit, Optional.empty(), 0, Optional.empty(), "");
    }

    public static HistoryEvent of(Kind kind, String app, String unit, String op) {
        return new HistoryEvent(kind, app, unit, Optional.of(op), 0, Optional.empty(), "");
    }

    public static HistoryEvent grant(String app, String unit, long epoch) {
        return new HistoryEvent(Kind.GRANT, app, unit, Optional.empty(), epoch, Optional.empty(), "");
    }

    public static HistoryEvent begin(String app, String unit, String op, long epoch, Optional<Long> token) {
        return new HistoryEvent(Kind.BEGIN, app, unit, Optional.of(op), epoch, token, "");
    }

    public static HistoryEvent done(String app, String unit, Optional<String> op, long epoch, String outcome) {
        return new HistoryEvent(Kind.DONE, app, unit, op, epoch, Optional.empty(), outcome);
    }

    /**
     * Reads one line, an object with the members {@code e}, {@code app}, {@code unit} and, by kind, {@code op}, {@code
     * epoch}, {@code token}, {@code outcome}.
     *
     * @throws JsonException saying what is wrong with the line
     */
    public static HistoryEvent read(String line) {
        Json.Obj fields = JsonText.parseObject(line);
        String kind = fields.string("e");
        for (Kind known : Kind.values()) {
            if (known.name().equals(kind)) {
                return new HistoryEvent(
                        known,
                        fields.string("app"),
                        fields.string("unit"),
                        given(fields, "op") ? Optional.of(fields.string("op")) : Optional.empty(),
                        given(fields, "epoch") ? fields.integer("epoch") : 0,
                        given(fields, "token") ? Optional.of(fields.integer("token")) : Optional.empty(),
                        given(fields, "outcome") ? fields.string("outcome") : "");
            }
        }
        throw new JsonException("unknown event '" + kind + "'");
    }

    /** The line that {@link #read} reads. */
    public String write() {
        Json.ObjectBuilder fields =
                Json.object().put("e", kind.name()).put("app", app).put("unit", unit);
        op.ifPresent(name -> fields.put("op", name));
        if (kind == Kind.GRANT || kind == Kind.BEGIN || kind == Kind.DONE) {
            fields.put("epoch", epoch);
        }
        token.ifPresent(value -> fields.put("token", value));
        if (!outcome.isEmpty()) {
            fields.put("outcome", outcome);
        }
        return JsonText.write(fields.build());
    }

    private static boolean given(Json.Obj fields, String name) {
        return fields.find(name).filter(value -> !(value instanceof Json.Null)).isPresent();
    }
}
