// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.JsonException;
import io.rollingops.testing.HistoryEvent.Kind;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lines of a recorded history. */
class HistoryEventTest {

    @Test
    void an_event_is_one_line_with_the_members_that_it_has() {
        assertThat(HistoryEvent.of(Kind.END, "web", "web/0").write())
                .isEqualTo("{\"e\":\"END\",\"app\":\"web\",\"unit\":\"web/0\"}");
        assertThat(HistoryEvent.of(Kind.REQUEST, "web", "web/0", "1.0-x").write())
                .isEqualTo("{\"e\":\"REQUEST\",\"app\":\"web\",\"unit\":\"web/0\",\"op\":\"1.0-x\"}");
        assertThat(HistoryEvent.grant("web", "web/0", 7).write())
                .isEqualTo("{\"e\":\"GRANT\",\"app\":\"web\",\"unit\":\"web/0\",\"epoch\":7}");
        assertThat(HistoryEvent.begin("web", "web/0", "x", 7, Optional.of(9L)).write())
                .isEqualTo("{\"e\":\"BEGIN\",\"app\":\"web\",\"unit\":\"web/0\",\"op\":\"x\",\"epoch\":7,\"token\":9}");
        assertThat(HistoryEvent.done("web", "web/0", Optional.empty(), 7, "not-run")
                        .write())
                .isEqualTo("{\"e\":\"DONE\",\"app\":\"web\",\"unit\":\"web/0\",\"epoch\":7,\"outcome\":\"not-run\"}");
    }

    @Test
    void a_member_that_is_null_is_as_good_as_missing() {
        assertThat(HistoryEvent.read("{\"e\":\"DONE\",\"app\":\"web\",\"unit\":\"web/0\",\"op\":null,\"epoch\":7,"
                        + "\"token\":null,\"outcome\":\"not-run\"}"))
                .isEqualTo(HistoryEvent.done("web", "web/0", Optional.empty(), 7, "not-run"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"e\":\"DANCE\",\"app\":\"web\",\"unit\":\"web/0\"}|unknown event 'DANCE'",
                "{\"app\":\"web\",\"unit\":\"web/0\"}|field 'e' is missing",
                "{\"e\":\"END\",\"unit\":\"web/0\"}|field 'app' is missing",
                "{\"e\":\"END\",\"app\":\"web\"}|field 'unit' is missing",
                "{\"e\":\"GRANT\",\"app\":\"web\",\"unit\":\"web/0\",\"epoch\":\"7\"}"
                        + "|field 'epoch' must be a whole number of at most 64 bits, not a string",
                "[]|expected an object"
            })
    void a_line_that_is_no_event_is_an_error_that_says_why(String line, String message) {
        assertThatThrownBy(() -> HistoryEvent.read(line))
                .isInstanceOf(JsonException.class)
                .hasMessage(message);
    }
}
