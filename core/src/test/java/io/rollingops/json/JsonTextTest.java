// SPDX-License-Identifier: Apache-2.0
package io.rollingops.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "null",
                "true",
                "\"\"",
                "0",
                "-5",
                "123456789012345678901234567890",
                "{\"b\":1,\"a\":[{\"c\":null},false,\"x\"]}",
                "[0.5,1e-6,1e+16,0.00001,1000000000000000.0,-0.0,5e-324,1.7976931348623157e+308]"
            })
    void canonical_text_is_read_and_written_back_unchanged(String text) {
        assertThat(JsonText.write(JsonText.parse(text))).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[1",
                "{\"a\":1,}",
                "[1,]",
                "[1,,2]",
                "{'a':1}",
                "{a:1}",
                "nul",
                "True",
                "NaN",
                "Infinity",
                "01",
                "1.",
                ".5",
                "1 2",
                "{} {}",
                "// x\n1",
                "\"a\nb\"",
                "\"\\x\"",
                "\"abc",
                "{\"a\":1,\"a\":2}",
                "1e999",
                "[1 2]",
                "\"\\ud83d\"",
                "\"\\ude00\\ud83d\"",
                "\"\uD83D\"",
                "{\"\\ud83d\":1}",
                "{\"a\" 1}"
            })
    void anything_else_than_strict_json_is_an_error(String text) {
        assertThatThrownBy(() -> JsonText.parse(text)).isInstanceOf(JsonException.class);
    }

    @Test
    void an_error_names_the_place() {
        assertThatThrownBy(() -> JsonText.parse("{\"a\":[1,{\"b\":1,\"b\":2}]}"))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("'b' stands twice")
                .hasMessageContaining("$.a[1].b");
        assertThatThrownBy(() -> JsonText.parse("{\"a\":\n tru}"))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("line 2");
    }

    @Test
    void nesting_is_read_up_to_the_limit_and_not_one_further() {
        assertThat(JsonText.parse(nested(JsonText.MAX_DEPTH))).isInstanceOf(Json.Arr.class);
        assertThatThrownBy(() -> JsonText.parse(nested(JsonText.MAX_DEPTH + 1))).isInstanceOf(JsonException.class);
        assertThatThrownBy(() -> JsonText.parse("[".repeat(100_000))).isInstanceOf(JsonException.class);
    }

    @Test
    void numbers_and_texts_are_read_up_to_their_limit_and_not_one_further() {
        String digits = "9".repeat(JsonText.MAX_DIGITS);
        String blanks = " ".repeat(JsonText.MAX_CHARS - 1);
        assertThat(JsonText.write(JsonText.parse(digits))).isEqualTo(digits);
        assertThatThrownBy(() -> JsonText.parse(digits + "9")).isInstanceOf(JsonException.class);
        assertThat(JsonText.parse(blanks + "1")).isEqualTo(Json.of(1));
        assertThatThrownBy(() -> JsonText.parse(blanks + "10")).hasMessageContaining("over the limit");
    }

    @Test
    void every_character_survives_and_only_the_forbidden_ones_are_escaped() {
        StringBuilder all = new StringBuilder();
        for (int c = 0; c < 0x3000; c++) {
            all.appendCodePoint(c);
        }
        all.append("\\u2028 \\\\u2029 \uD83D\uDE00");
        String text = JsonText.write(new Json.Str(all.toString()));
        assertThat(JsonText.parse(text)).isEqualTo(new Json.Str(all.toString()));
        assertThat(text).contains("\u2028", "\u2029", "\u007f", "\u0085", "/", "<", "\\u001f", "\\b", "\\\\u2028");
    }

    @Test
    void a_double_is_written_in_its_shortest_form_that_reads_back() {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 20_000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(value)) {
                String text = JsonText.write(new Json.Real(value));
                assertThat(Double.parseDouble(text)).isEqualTo(value);
                assertThat(text.replaceAll("e.*|[-.]", "")
                                .replaceAll("^0+|0+$", "")
                                .length())
                        .isLessThanOrEqualTo(17);
            }
        }
        assertThat(JsonText.write(new Json.Real(2.0E-3))).isEqualTo("0.002");
        assertThat(JsonText.write(new Json.Real(Double.parseDouble("2e23")))).isEqualTo("2e+23");
    }

    @Test
    void members_keep_their_order_but_compare_without_it() {
        Json one = JsonText.parse("{\"a\":1,\"b\":2}");
        Json other = JsonText.parse("{\"b\":2,\"a\":1}");
        assertThat(one).isEqualTo(other);
        assertThat(JsonText.write(other)).isEqualTo("{\"b\":2,\"a\":1}");
    }

    @Test
    void a_field_of_the_wrong_kind_is_named_with_what_was_found() {
        Json.Obj object = JsonText.parseObject("{\"a\":1,\"b\":\"x\",\"c\":null,\"d\":1e2}");
        assertThatThrownBy(() -> object.string("a")).hasMessage("field 'a' must be a string, not the number 1");
        assertThatThrownBy(() -> object.integer("b")).hasMessageContaining("must be a whole number");
        Json.Obj numbers = JsonText.parseObject("{\"most\":9223372036854775807,\"more\":9223372036854775808}");
        assertThat(numbers.integer("most")).isEqualTo(Long.MAX_VALUE);
        assertThatThrownBy(() -> numbers.integer("more"))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("at most 64 bits");
        assertThatThrownBy(() -> object.object("c")).hasMessage("field 'c' must be an object, not null");
        assertThatThrownBy(() -> object.array("d")).hasMessageContaining("not the number 100.0");
        assertThatThrownBy(() -> object.get("e")).hasMessage("field 'e' is missing");
        assertThatThrownBy(() -> JsonText.parseObject("[]")).hasMessage("expected an object");
    }

    @Test
    void a_value_knows_how_deep_it_is_nested() {
        assertThat(JsonText.parse("\"x\"").depth()).isZero();
        assertThat(JsonText.parse("{}").depth()).isEqualTo(1);
        assertThat(JsonText.parse("[1,{\"a\":[]},2]").depth()).isEqualTo(3);
        assertThat(JsonText.parse(nested(JsonText.MAX_DEPTH)).depth()).isEqualTo(JsonText.MAX_DEPTH);
    }

    private static String nested(int depth) {
        return "[".repeat(depth) + "]".repeat(depth);
    }
}
