// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Instants far from today; those of today are in {@link OperationTest}, those of the original in its databags. */
class EpochSecondsTest {

    /** On JDK 17 the obvious way to count microseconds overflows from the year 2262 on. */
    @ParameterizedTest
    @CsvSource({
        "0001-01-01T00:00:00Z,-62135596800.0",
        "1677-01-01T00:00:00.5Z,-9246095999.5",
        "2262-04-12T00:00:00.000001Z,9223372800.000001",
        "9999-12-31T23:59:59.999999Z,253402300799.999999"
    })
    void instants_of_all_calendar_years_are_written_and_read(Instant at, String text) {
        assertThat(EpochSeconds.write(at)).isEqualTo(text);
        assertThat(EpochSeconds.read(text)).hasValue(at);
        assertThat(EpochSeconds.ofMicros(EpochSeconds.micros(at))).isEqualTo(at);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "253402300800",
                "253402300799.9999999",
                "-62135596800.000001",
                "9223372036854.775807",
                "-9223372036854.775808",
                "1e12",
                "1e18",
                "1e2147483647",
                "-1e2147483647",
                "1e2147483648",
                "1e-2147483648",
                "1e-100",
                "",
                " ",
                "1 2",
                "1,5",
                "NaN",
                "Infinity",
                "0x1p3"
            })
    void what_is_no_instant_of_a_calendar_year_is_none(String text) {
        assertThat(EpochSeconds.read(text)).isEmpty();
    }

    @Test
    void a_text_is_looked_at_up_to_its_limit_of_characters_and_not_one_further() {
        String longest = "0".repeat(62) + "5.";
        assertThat(longest).hasSize(64);
        assertThat(EpochSeconds.read(longest)).hasValue(Instant.ofEpochSecond(5));
        assertThat(EpochSeconds.read("0" + longest)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "2026-02-23T12:00:00.123456Z,2026-02-23T12:00:00.123456Z",
        "2026-02-23T12:00:00.123456999Z,2026-02-23T12:00:00.123456Z",
        "1970-01-01T00:00:00Z,1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999999Z,1970-01-01T00:00:00Z",
        "-1000000000-01-01T00:00:00Z,1970-01-01T00:00:00Z",
        "9999-12-31T00:00:00Z,9999-12-31T00:00:00Z",
        "9999-12-31T00:00:00.000000001Z,9999-12-31T00:00:00Z",
        "+1000000000-12-31T23:59:59.999999999Z,9999-12-31T00:00:00Z"
    })
    void any_instant_has_a_nearest_one_that_can_be_written_with_room_for_later_ones(Instant at, Instant writable) {
        assertThat(EpochSeconds.writable(at)).isEqualTo(writable);
        assertThat(EpochSeconds.read(EpochSeconds.write(writable))).hasValue(writable);
        assertThat(EpochSeconds.read(EpochSeconds.write(writable.plusSeconds(86_399))))
                .isPresent();
    }
}
