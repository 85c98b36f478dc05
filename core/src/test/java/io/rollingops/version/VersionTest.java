// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.version.VersionSyntaxException.InvalidVersion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VersionTest {

    @ParameterizedTest(name = "{0} -> {1}")
    @MethodSource
    void a_version_has_a_normal_form(String text, String normalised) {
        if (normalised.equals("error")) {
            assertThatThrownBy(() -> Version.parse(text)).isInstanceOf(InvalidVersion.class);
        } else {
            assertThat(Version.parse(text)).hasToString(normalised).isEqualTo(Version.parse(normalised));
            assertThat(Version.parse(normalised)).hasToString(normalised);
        }
    }

    @ParameterizedTest(name = "{0} ? {1} -> {2}")
    @MethodSource
    void versions_are_ordered(String first, String second, int expected) {
        Version a = Version.parse(first);
        Version b = Version.parse(second);
        assertThat(Integer.signum(a.compareTo(b))).isEqualTo(expected);
        assertThat(Integer.signum(b.compareTo(a))).isEqualTo(-expected);
        assertThat(a.equals(b)).isEqualTo(expected == 0);
        if (expected == 0) {
            assertThat(a).hasSameHashCodeAs(b);
        }
    }

    @Test
    void from_the_first_development_release_to_the_next_epoch() {
        List<Version> chain = Stream.of(
                        "1.0.dev1",
                        "1.0a1.dev1",
                        "1.0a1",
                        "1.0a1.post1.dev1",
                        "1.0a1.post1",
                        "1.0b1",
                        "1.0rc1",
                        "1.0",
                        "1.0+abc",
                        "1.0+abc.1",
                        "1.0+1",
                        "1.0.post0",
                        "1.0.post1.dev1",
                        "1.0.post1",
                        "1.0.1.dev0",
                        "1!0")
                .map(Version::parse)
                .toList();
        for (int i = 0; i < chain.size(); i++) {
            for (int j = 0; j < chain.size(); j++) {
                assertThat(Integer.signum(chain.get(i).compareTo(chain.get(j)))).isEqualTo(Integer.compare(i, j));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1.0RC1, 1.0rc1",
        "1.0ALPHA1, 1.0a1",
        "1.0-Preview_2, 1.0rc2",
        "1.0POST1, 1.0.post1",
        "1.0DEV1, 1.0.dev1",
        "V1.0+ABC, 1.0+abc",
        "1.0+01, 1.0+1",
        "1.0-1, 1.0.post1",
        "1, 1.0.0.0",
        "0!1, 1"
    })
    void different_spellings_are_the_same_version(String one, String other) {
        assertThat(Version.parse(one)).isEqualTo(Version.parse(other)).hasSameHashCodeAs(Version.parse(other));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void the_order_is_total_and_agrees_with_equality(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Version> versions = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            versions.add(Version.parse(RandomTexts.version(random)));
        }
        Collections.sort(versions);
        for (int i = 0; i < versions.size(); i++) {
            for (int j = i; j < versions.size(); j++) {
                Version low = versions.get(i);
                Version high = versions.get(j);
                assertThat(low).isLessThanOrEqualTo(high);
                assertThat(high.compareTo(low)).isGreaterThanOrEqualTo(0);
                assertThat(low.equals(high)).isEqualTo(low.compareTo(high) == 0);
                assertThat(low.equals(high) && low.hashCode() != high.hashCode())
                        .isFalse();
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\"|0|a number is missing",
                "\" \"|0|a number is missing",
                "latest|0|a number was expected, not 'latest'",
                "1.x|1|'.x' is no part of a version",
                "1.0-|3|'-' is no part of a version",
                "1!|2|a number is missing",
                "1!a|2|a number was expected, not 'a'",
                "1.0+|4|letters or digits are missing after '+'",
                "1.0+a..b|5|'..b' is no part of a version",
                "1.0.dev1.post1|8|'.post1' is no part of a version",
                "8.0.35-0ubuntu0.22.04.1|8|'ubuntu0.22.04.1' is no part of a version",
                "1 0|1|' 0' is no part of a version"
            })
    void an_error_names_the_character_and_what_is_wrong_there(String text, int position, String problem) {
        assertThatThrownBy(() -> Version.parse(text)).isInstanceOfSatisfying(InvalidVersion.class, e -> {
            assertThat(e.position()).isEqualTo(position);
            assertThat(e.problem()).isEqualTo(problem);
            assertThat(e)
                    .hasMessage("'" + text + "' is not a version: at character " + (position + 1) + ", " + problem
                            + "; write it like 1.2.3, 1.2rc1 or 1.2.post1");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.0.po\u017ft1", "\u0661.0", "1.0+\u00e9", "1.0\u212a1", "1.\u06600", "\uff11"})
    void letters_and_digits_beyond_ascii_are_refused(String text) {
        assertThatThrownBy(() -> Version.parse(text)).isInstanceOf(InvalidVersion.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {" 1.0", "1.0\n", "\t1.0\r\n", "\u00a01.0\u00a0", "\u00851.0\u001c", "\u30001.0"})
    void white_space_around_a_version_is_ignored(String text) {
        assertThat(Version.parse(text)).hasToString("1.0");
    }

    @Test
    void a_number_is_read_up_to_the_limit_and_not_one_digit_further() {
        String digits = "9".repeat(Version.MAX_DIGITS);
        assertThat(Version.parse("1." + digits)).hasToString("1." + digits).isLessThan(Version.parse("2"));
        assertThat(Version.parse("1.0+" + digits)).isGreaterThan(Version.parse("1.0+1"));
        assertThat(Version.parse("1.0+a" + digits + "9")).hasToString("1.0+a" + digits + "9");
        assertThatThrownBy(() -> Version.parse("1." + digits + "9"))
                .isInstanceOf(InvalidVersion.class)
                .hasMessageContaining("at character 67, the number goes on; a number has at most 64 digits");
        assertThatThrownBy(() -> Version.parse("1.0+" + digits + "9")).isInstanceOf(InvalidVersion.class);
    }

    @Test
    void a_text_is_read_up_to_the_limit_and_not_one_character_further() {
        String longest = "1" + ".1".repeat((Version.MAX_CHARS - 1) / 2);
        assertThat(Version.parse(longest + " ")).hasToString(longest);
        assertThat((longest + " ").length()).isEqualTo(Version.MAX_CHARS);
        assertThatThrownBy(() -> Version.parse(longest + "  "))
                .isInstanceOf(InvalidVersion.class)
                .hasMessageContaining("a version has at most 256 characters");
    }

    @Test
    void a_hostile_text_gives_a_short_message_on_one_line() {
        assertThatThrownBy(() -> Version.parse("1.0\n\u001b[31m" + "x".repeat(200)))
                .isInstanceOf(InvalidVersion.class)
                .extracting(Throwable::getMessage, InstanceOfAssertFactories.STRING)
                .doesNotContainPattern("\\p{Cntrl}")
                .hasSizeLessThan(400);
    }

    static LongStream seeds() {
        return LongStream.range(0, 50);
    }

    static Stream<Object[]> a_version_has_a_normal_form() {
        return Vectors.lines("normalise").map(List::toArray);
    }

    static Stream<Object[]> versions_are_ordered() {
        return Vectors.lines("ordering").map(List::toArray);
    }
}
