// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.JsonText;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PythonJsonTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "[0, 2, 1]",
                "{\"a\": [{\"b\": null}, true, 1.5], \"c\": {}}",
                "\"\\u007f\\u00e9\\ud83d\\ude00 ~\\\\u00e9\""
            })
    void a_value_has_the_layout_of_json_dumps(String text) {
        assertThat(PythonJson.write(JsonText.parse(text))).isEqualTo(text);
    }
}
