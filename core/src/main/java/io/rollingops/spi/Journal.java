// SPDX-License-Identifier: Apache-2.0
package io.rollingops.spi;

import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.util.Optional;

/**
 * What a unit writes down on its own disk, so that a result that was known is not lost with the process: one entry, for
 * the last attempt. Every method returns after the disk has it. For one thread.
 */
public interface Journal {

    /**
     * The last attempt.
     *
     * @param operation what ran
     * @param epoch under which grant
     * @param result what it answered; empty when it had not ended
     * @param note what belongs to the result
     */
    record Entry(OperationId operation, long epoch, Optional<OperationResult> result, String note) {

        /** The form in which journals keep an entry: one JSON object. */
        public String write() {
            Json.ObjectBuilder fields =
                    Json.object().put("op_id", operation.value()).put("epoch", epoch);
            result.ifPresent(known -> fields.put("result", known.wire()).put("note", note));
            return JsonText.write(fields.build());
        }

        /** Reads what {@link #write} wrote; nothing if the text is damaged. */
        public static Optional<Entry> read(String text) {
            try {
                Json.Obj fields = JsonText.parseObject(text);
                Optional<OperationResult> result = fields.find("result").isPresent()
                        ? OperationResult.ofWire(fields.string("result"))
                        : Optional.empty();
                return Optional.of(new Entry(
                        new OperationId(fields.string("op_id")),
                        fields.integer("epoch"),
                        result,
                        result.isPresent() ? fields.string("note") : ""));
            } catch (JsonException | IllegalArgumentException e) {
                return Optional.empty();
            }
        }
    }

    /** The entry that stands there, if there is one and it can be read. */
    Optional<Entry> read() throws IOException;

    /** Replaces the entry. */
    void write(Entry entry) throws IOException;

    /** Removes the entry: the store has the result. */
    void clear() throws IOException;

    /** A journal that keeps nothing, for units whose callbacks need not be remembered. */
    static Journal none() {
        return new Journal() {
            @Override
            public Optional<Entry> read() {
                return Optional.empty();
            }

            @Override
            public void write(Entry entry) {}

            @Override
            public void clear() {}
        };
    }
}
