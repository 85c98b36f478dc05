// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.JsonText;
import java.time.Instant;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OperationTest {
    private static final Instant AT = EpochSeconds.ofMicros(1_771_848_000_123_456L);

    @Test
    void a_request_was_never_tried_and_keeps_what_was_asked() {
        Operation operation = operation("cb", "{\"a\":1}", OptionalInt.of(5));
        assertThat(operation.attempt()).isZero();
        assertThat(operation.result()).isEmpty();
        assertThat(operation.maxRetry()).hasValue(5);
        assertThat(operation.id()).isEqualTo(new OperationId("1771848000.123456-cb"));
    }

    @Test
    void a_limit_of_zero_allows_one_execution() {
        Operation operation = operation("cb", "{}", OptionalInt.of(0));
        assertThat(operation.isRetryLimitReached()).isFalse();
        assertThat(operation.attemptedAgain().isRetryLimitReached()).isTrue();
    }

    @Test
    void a_limit_of_three_allows_four_executions_and_no_limit_allows_all() {
        Operation limited = operation("cb", "{}", OptionalInt.of(3));
        Operation free = operation("cb", "{}", OptionalInt.empty());
        for (int i = 0; i < 3; i++) {
            limited = limited.attemptedAgain();
            free = free.attemptedAgain();
            assertThat(limited.isRetryLimitReached()).isFalse();
        }
        assertThat(limited.attemptedAgain().isRetryLimitReached()).isTrue();
        assertThat(free.attemptedAgain().isRetryLimitReached()).isFalse();
    }

    @Test
    void stamps_of_one_unit_only_grow_also_when_the_clock_steps_back() {
        Operation operation = operation("cb", "{}", OptionalInt.empty());
        assertThat(operation.requestedAfter(AT.minusSeconds(1))).isEqualTo(operation);
        assertThat(operation.requestedAfter(AT).id().value()).isEqualTo("1771848000.123457-cb");
        assertThat(operation.requestedAfter(AT.plusSeconds(60)).id().value()).isEqualTo("1771848060.123457-cb");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|{}|true",
                "{\"a\":1,\"b\":2}|{\"b\":2,\"a\":1}|true",
                "{\"a\":1}|{\"a\":1.0}|true",
                "{\"a\":100}|{\"a\":1e2}|true",
                "{\"a\":0}|{\"a\":-0.0}|true",
                "{\"a\":[{\"x\":1}]}|{\"a\":[{\"x\":1.0}]}|true",
                "{\"a\":1}|{\"a\":2}|false",
                "{\"a\":1}|{\"a\":true}|false",
                "{\"a\":1}|{\"a\":\"1\"}|false",
                "{\"a\":[1,2]}|{\"a\":[2,1]}|false",
                "{\"a\":null}|{}|false"
            })
    void same_work_is_same_callback_and_equal_arguments(String one, String other, boolean same) {
        Operation first = operation("cb", one, OptionalInt.of(1));
        Operation second =
                Operation.requested("cb", JsonText.parseObject(other), OptionalInt.empty(), Instant.ofEpochSecond(99));
        assertThat(first.sameWorkAs(second)).isEqualTo(same);
        assertThat(first.sameWorkAs(operation("other", one, OptionalInt.of(1)))).isFalse();
    }

    @Test
    void an_operation_cannot_be_wrong() {
        assertThatThrownBy(() -> operation(" ", "{}", OptionalInt.empty())).hasMessageContaining("blank");
        assertThatThrownBy(() -> operation("cb", "{}", OptionalInt.of(-1))).hasMessageContaining("negative: -1");
    }

    @ParameterizedTest
    @CsvSource({
        "1771848000000000,1771848000.0",
        "1771848000000001,1771848000.000001",
        "1771848000100000,1771848000.1",
        "1771848000000120,1771848000.00012",
        "10000000,10.0",
        "0,0.0",
        "-500000,-0.5"
    })
    void an_instant_is_written_with_one_to_six_digits(long micros, String text) {
        assertThat(EpochSeconds.write(EpochSeconds.ofMicros(micros))).isEqualTo(text);
        assertThat(EpochSeconds.read(text)).hasValue(EpochSeconds.ofMicros(micros));
    }

    @ParameterizedTest
    @ValueSource(strings = {"kafka/0", "my-app/12", "a/999999999", "A_b.c-1/3"})
    void a_unit_name_is_application_slash_number(String text) {
        assertThat(UnitName.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "kafka",
                "kafka/",
                "/0",
                "kafka/-1",
                "kafka/01",
                "kafka/0/1",
                "ka fka/0",
                "kafka/9999999999",
                "-a/0"
            })
    void other_texts_are_no_unit_names(String text) {
        assertThatThrownBy(() -> UnitName.parse(text)).hasMessageContaining("write it like kafka/0");
    }

    @Test
    void units_sort_by_number_not_by_text() {
        assertThat(UnitName.parse("web/2")).isLessThan(UnitName.parse("web/10"));
        assertThat(UnitName.parse("web/2")).isGreaterThan(UnitName.parse("app/10"));
    }

    @ParameterizedTest
    @CsvSource({
        "cluster1,true",
        "production,true",
        "a/b,true",
        "aaaaaaaaaaaaaaaaaaa1,true",
        "7hk2mq9x4vbn3c8wzt5r,false"
    })
    void a_short_or_regular_cluster_id_can_be_guessed(String text, boolean guessable) {
        assertThat(new ClusterId(text).isGuessable()).isEqualTo(guessable);
    }

    @Test
    void a_cluster_id_has_one_to_its_limit_of_characters() {
        assertThat(new ClusterId("x".repeat(ClusterId.MAX_CHARS)).value()).hasSize(ClusterId.MAX_CHARS);
        assertThatThrownBy(() -> new ClusterId("x".repeat(ClusterId.MAX_CHARS + 1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ClusterId(" ")).isInstanceOf(IllegalArgumentException.class);
    }

    private static Operation operation(String callback, String arguments, OptionalInt maxRetry) {
        return Operation.requested(callback, JsonText.parseObject(arguments), maxRetry, AT);
    }
}
