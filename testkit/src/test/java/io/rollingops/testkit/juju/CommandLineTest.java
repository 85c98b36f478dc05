// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-r 7 --format=json --app - app/0",
                "- app/0 --app --relation=7 --format json",
                "-r7 --app=True --format json -- - app/0",
                "- --relation 7 app/0 --format=yaml --format=json --app=false --app=1"
            })
    void flags_stand_anywhere_in_either_form_and_the_last_one_counts(String text) throws CommandFailure {
        CommandLine line = parse(text);
        assertThat(line.value("relation")).hasValue("7");
        assertThat(line.value("format")).hasValue("json");
        assertThat(line.isOn("app")).isTrue();
        assertThat(line.arguments()).containsExactly("-", "app/0");
    }

    @Test
    void a_switch_can_be_off_and_the_spelling_is_remembered() throws CommandFailure {
        CommandLine line = parse("--app=False --relation 7");
        assertThat(line.isOn("app")).isFalse();
        assertThat(line.spelling("relation")).isEqualTo("--relation");
        assertThat(parse("-r 7").spelling("relation")).isEqualTo("-r");
    }

    @Test
    void wrong_flags_are_refused_with_code_2_and_the_words_of_juju() {
        assertRefused(() -> parse("--peek"), "option provided but not defined: --peek");
        assertRefused(() -> parse("-x"), "option provided but not defined: -x");
        assertRefused(() -> parse("-r"), "option needs an argument: -r");
        assertRefused(
                () -> parse("--app=maybe"),
                "invalid boolean value \"maybe\" for  --app: strconv.ParseBool: parsing \"maybe\": invalid syntax");
        assertRefused(() -> parse("a b c d").atMost(2), "unrecognized args: [\"c\" \"d\"]");
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        CommandFailure.class, e -> assertThat(e.reply()).isEqualTo(CommandReply.error(2, message)));
    }

    private static CommandLine parse(String text) throws CommandFailure {
        return CommandLine.parse(List.of(text.split(" ", -1)), "r,relation=", "app", "format=");
    }
}
