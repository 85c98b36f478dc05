// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

/** The limits of names; their form is in {@link OperationTest}. What can be constructed can be read back. */
class UnitNameTest {

    @Test
    void a_number_goes_up_to_its_limit_and_not_one_further() {
        UnitName last = new UnitName("web", UnitName.MAX_NUMBER);
        assertThat(UnitName.parse(last.toString())).isEqualTo(last);
        assertThatIllegalArgumentException().isThrownBy(() -> new UnitName("web", UnitName.MAX_NUMBER + 1));
        assertThatIllegalArgumentException().isThrownBy(() -> UnitName.parse("web/1000000000"));
        assertThatIllegalArgumentException().isThrownBy(() -> new UnitName("web", -1));
    }

    @Test
    void a_name_has_at_most_its_limit_of_characters() {
        String application = "x".repeat(UnitName.MAX_CHARS - "/10".length());
        UnitName longest = new UnitName(application, 10);
        assertThat(UnitName.parse(longest.toString())).isEqualTo(longest);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new UnitName(application, 100))
                .withMessageContaining("longer than 128");
        assertThatIllegalArgumentException().isThrownBy(() -> UnitName.parse(application + "/100"));
    }

    @Test
    void an_application_has_a_name_of_its_own_form() {
        assertThat(UnitName.isApplication("x".repeat(UnitName.MAX_CHARS))).isTrue();
        assertThat(UnitName.isApplication("x".repeat(UnitName.MAX_CHARS + 1))).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new UnitName("we b", 0))
                .withMessageContaining("'we b' is not an application name");
    }
}
