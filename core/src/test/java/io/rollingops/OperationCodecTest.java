// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The golden files come from the original library; {@code src/test/python/make_golden.py} made them. */
class OperationCodecTest {
    private static final Instant AT = EpochSeconds.ofMicros(1_771_848_000_123_456L);

    @ParameterizedTest
    @MethodSource("goldenOperations")
    void an_operation_has_the_bytes_of_the_original(String line) {
        List<String> fields = List.of(line.split("\t", -1));
        String wire = fields.get(6);

        Operation operation = new Operation(
                ((Json.Str) JsonText.parse(fields.get(0))).value(),
                EpochSeconds.ofMicros(Long.parseLong(fields.get(1))),
                fields.get(2).equals("null") ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(fields.get(2))),
                Integer.parseInt(fields.get(3)),
                Optional.of(fields.get(4))
                        .filter(result -> !result.equals("null"))
                        .flatMap(result -> OperationResult.ofWire(result.replace("\"", ""))),
                JsonText.parseObject(fields.get(5)));

        assertThat(OperationCodec.write(operation)).isEqualTo(wire);
        assertThat(OperationCodec.readOperation(wire)).isEqualTo(operation);
    }

    @ParameterizedTest
    @MethodSource("goldenQueues")
    void a_queue_has_the_bytes_of_the_original(String wire) {
        assertThat(OperationCodec.write(OperationCodec.readQueue(wire))).isEqualTo(wire);
    }

    @Test
    void missing_fields_get_their_defaults_and_foreign_ones_are_ignored() {
        Operation read = OperationCodec.readOperation("{\"callback_id\":\"cb\",\"requested_at\":\"1.5\",\"new\":[1]}");
        assertThat(read)
                .isEqualTo(Operation.requested("cb", Json.Obj.EMPTY, OptionalInt.empty(), Instant.ofEpochMilli(1500)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"max_retry\":\"3\"|3",
                "\"max_retry\":\" 3 \"|3",
                "\"max_retry\":3.0|3",
                "\"max_retry\":true|1",
                "\"max_retry\":\"0\"|0",
                "\"max_retry\":null|-1",
                "\"attempt\":\"2\"|-1",
                "\"attempt\":2.0|-1",
                "\"attempt\":false|-1"
            })
    void counts_are_read_as_laxly_as_the_original_reads_them(String field, int maxRetry) {
        Operation read =
                OperationCodec.readOperation("{\"callback_id\":\"cb\",\"requested_at\":\"1.0\"," + field + "}");
        assertThat(read.maxRetry().orElse(-1)).isEqualTo(maxRetry);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1771848000.123456", "1771848000.1234561", " 1771848000.123456 ", "1.771848000123456e9"})
    void a_stamp_is_read_to_the_microsecond(String stamp) {
        String text = "{\"callback_id\":\"cb\",\"requested_at\":\"" + stamp + "\"}";
        assertThat(OperationCodec.readOperation(text).requestedAt()).isEqualTo(AT);
        String number = "{\"callback_id\":\"cb\",\"requested_at\":" + stamp.strip() + "}";
        assertThat(OperationCodec.readOperation(number).requestedAt()).isEqualTo(AT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "\"text\"",
                "{\"requested_at\":\"1.0\"}",
                "{\"callback_id\":\" \",\"requested_at\":\"1.0\"}",
                "{\"callback_id\":1,\"requested_at\":\"1.0\"}",
                "{\"callback_id\":\"cb\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"nan\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"2026-01-01T00:00:00Z\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":null}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1e99\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1e-999999999\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"attempt\":null}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"attempt\":-1}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"attempt\":1.5}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"max_retry\":-1}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"max_retry\":\"x\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"max_retry\":99999999999}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"result\":\"done\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"result\":1}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"kwargs\":\"{}\"}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"kwargs\":null}",
                "{\"callback_id\":\"cb\",\"requested_at\":\"1.0\",\"kwargs\":[]}"
            })
    void a_malformed_operation_is_an_error(String text) {
        assertThatThrownBy(() -> OperationCodec.readOperation(text)).isInstanceOf(JsonException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{}"})
    void an_empty_queue_has_three_texts(String text) {
        assertThat(OperationCodec.readQueue(text)).isEqualTo(OperationQueue.EMPTY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", " ", "{\"not\":\"a list\"}", "[null]", "[{}]", "[", "1"})
    void a_malformed_queue_is_an_error(String text) {
        assertThatThrownBy(() -> OperationCodec.readQueue(text)).isInstanceOf(JsonException.class);
    }

    @Test
    void an_error_in_a_queue_names_operation_and_field() {
        assertThatThrownBy(() -> OperationCodec.readQueue("[{\"callback_id\":\"a\",\"requested_at\":\"1.0\"},"
                        + "{\"callback_id\":\"b\",\"requested_at\":\"1.0\",\"attempt\":\"x\"}]"))
                .hasMessage("operation 1: field 'attempt' is not a whole number of a sensible size");
    }

    static Stream<String> goldenOperations() {
        return golden("operations.tsv");
    }

    static Stream<String> goldenQueues() {
        return golden("queues.txt");
    }

    private static Stream<String> golden(String name) {
        try (InputStream in = OperationCodecTest.class.getResourceAsStream("/golden/" + name)) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            return Stream.of(text.split("\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
