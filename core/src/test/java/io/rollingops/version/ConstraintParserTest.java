// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.version.VersionSyntaxException.InvalidConstraint;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConstraintParserTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "^1.2.3.4|>=1.2.3.4,<2.0.0.0",
                "^0.0.0.4|>=0.0.0.4,<0.0.1.0",
                "^0|>=0,<1",
                "^0.0|>=0.0,<0.1",
                "~1|>=1,<2",
                "~1.2.3|>=1.2.3,<1.3.0",
                "~=1.2|>=1.2,<2.0",
                "~=1.2.3.4|>=1.2.3.4,<1.3.0.0",
                "1.2.3.*.*|==1.2.3.*",
                "1.0.post1.*|==1.0.post1.*",
                "1.0a1.*|>=1.0a1.dev0,<1.0a2.dev0",
                "1.0.dev1.*|>=1.0.dev0,<1.0.dev2",
                ">=1.*|>=1",
                "v1.2|1.2",
                ">= 1.0 , < 2 ,,|>=1.0,<2",
                "\" >=\t1.0\t\"|>=1.0",
                ">=1.0-rc. <2|>=1.0rc0,<2",
                "1.0 2.0|<empty>",
                "dev|0.0.dev0",
                "==dev.*|>=0.0.dev0,<0.0.dev1"
            })
    void an_operator_means_bounds(String constraint, String bounds) {
        assertThat(VersionConstraint.parse(constraint)).hasToString(bounds);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '"',
            value = {
                "\"\"@0@a version is missing@write '*' for any version",
                "\"1 || \"@5@a version is missing@write '*' for any version",
                "1|||2@3@a version is missing@write '*' for any version",
                ">=@2@a version is missing after '>='@write it like ^1.2, or >=1.2,<2",
                ">=1, =>2@5@'=>' is not an operator@write >=",
                "=<2@0@'=<' is not an operator@write <=",
                "=== 1.0@0@'===' is not an operator@write ==",
                "<>1.0@0@'<>' is not an operator@write !=",
                "! =1@0@'!' is not an operator@write !=",
                "> =1@0@'> =' is not an operator@write it without blanks inside",
                "^^1@0@'^^' is not an operator@the operators are ^ ~ ~= == = != > >= < <=",
                "1.x@1@'.x' cannot stand here@write '.*' for any number",
                "1*@1@'*' cannot stand here@write '*' alone, or '.*' once behind a version",
                "* || >=*@7@a number was expected, not '*'@write '*' alone, or '.*' once behind a version",
                "^1.*@2@'.*' cannot follow '^'@leave it out",
                ">=1.*.*@5@'.*' stands more than once@write it once",
                "1.2.3.4.*.*@9@'.*' stands more than once@write it once",
                "!=1rc1.*.*@8@'.*' stands more than once@write it once",
                "1.dev1.*.*@8@'.*' stands more than once@write it once",
                "1 - 2@2@a number was expected, not '- 2'@for a range write >=1,<2",
                "(1 2)@0@a number was expected, not '(1'@for a range write >=1,<2",
                "[1,2)@0@a number was expected, not '[1'@for a range write >=1,<2",
                ">=1,,<2@4@a number was expected, not ',<2'@write one comma between two conditions",
                "\">=1, ,\"@3@two commas with a blank between end the condition@write none at the end",
                ">=1,latest@4@a number was expected, not 'latest'@write it like 1.2.3, 1.2rc1 or 1.2.post1",
                "* || 1.0foo@8@'foo' cannot stand here@write it like ^1.2, or >=1.2,<2",
                "<empty>@1@a number was expected, not 'empty>'@write it like 1.2.3, 1.2rc1 or 1.2.post1"
            })
    void an_error_says_where_what_is_wrong_and_what_would_be_right(
            String text, int position, String problem, String remedy) {
        assertThatThrownBy(() -> VersionConstraint.parse(text)).isInstanceOfSatisfying(InvalidConstraint.class, e -> {
            assertThat(e.position()).isEqualTo(position);
            assertThat(e.problem()).isEqualTo(problem);
            assertThat(e.remedy()).isEqualTo(remedy);
            assertThat(e)
                    .hasMessage("'" + text + "' is not a version constraint: at character " + (position + 1) + ", "
                            + problem + "; " + remedy);
        });
    }

    /** Poetry takes the first of these; its regular expressions let a line feed pass before a comma. */
    @ParameterizedTest
    @ValueSource(strings = {">=1.0\n,<2", ">=1.0\t<2", ">=1,\n<2", "1.0\u212a1", ">\u00a0=1", "\0"})
    void only_commas_and_blanks_separate_conditions(String text) {
        assertThatThrownBy(() -> VersionConstraint.parse(text)).isInstanceOf(InvalidConstraint.class);
    }

    @Test
    void a_text_is_read_up_to_the_limit_and_not_one_character_further() {
        String blanks = " ".repeat(VersionConstraint.MAX_CHARS - 1);
        assertThat(VersionConstraint.parse(blanks + "1")).hasToString("1");
        assertThatThrownBy(() -> VersionConstraint.parse(blanks + "10"))
                .isInstanceOf(InvalidConstraint.class)
                .hasMessageContaining("a constraint has at most 1024 characters");
        assertThatThrownBy(() -> VersionConstraint.parse("|".repeat(1_000_000)))
                .isInstanceOf(InvalidConstraint.class)
                .hasMessageContaining("at most 1024");
    }

    @Test
    void a_version_is_read_up_to_the_limit_and_not_one_character_further() {
        String most = "10" + ".1".repeat((Version.MAX_CHARS - 2) / 2);
        assertThat(VersionConstraint.parse(">=" + most)).hasToString(">=" + most);
        assertThatThrownBy(() -> VersionConstraint.parse(">=1" + most))
                .isInstanceOfSatisfying(InvalidConstraint.class, e -> {
                    assertThat(e.position()).isEqualTo(2 + Version.MAX_CHARS);
                    assertThat(e.remedy()).isEqualTo("a version has at most 256 characters");
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"||", ",", " "})
    void conditions_are_read_up_to_the_limit_and_not_one_further(String separator) {
        String most = "!=1" + (separator + "!=1").repeat(VersionConstraint.MAX_PARTS - 1);
        assertThat(VersionConstraint.parse(most)).hasToString("!=1");
        assertThatThrownBy(() -> VersionConstraint.parse(most + separator + "1"))
                .isInstanceOf(InvalidConstraint.class)
                .hasMessageContaining("a constraint has at most 64 conditions");
    }

    @Test
    void a_number_is_read_up_to_the_limit_and_not_one_digit_further() {
        String digits = "9".repeat(Version.MAX_DIGITS);
        assertThat(VersionConstraint.parse("^" + digits)).hasToString(">=" + digits + ",<1" + "0".repeat(64));
        assertThatThrownBy(() -> VersionConstraint.parse("1 ^" + digits + "9"))
                .isInstanceOfSatisfying(
                        InvalidConstraint.class, e -> assertThat(e.position()).isEqualTo(3 + Version.MAX_DIGITS));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatever_the_text_the_only_answers_are_a_constraint_and_its_own_error(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 100; i++) {
            String text = RandomTexts.mutilated(random);
            try {
                assertThat(VersionConstraint.parse(text).toString()).isNotEmpty();
            } catch (InvalidConstraint e) {
                assertThat(e.position()).isBetween(0, text.length());
                assertThat(e.getMessage()).doesNotContainPattern("\\p{Cntrl}");
            }
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }
}
