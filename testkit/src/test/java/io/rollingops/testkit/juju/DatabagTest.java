// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class DatabagTest {

    @Test
    void writes_are_merged_and_an_empty_value_deletes() {
        Databag first = Databag.EMPTY.after(Map.of("a", "1", "b", "2"));
        Databag second = first.after(Map.of("b", "", "c", "3"));
        assertThat(second.content()).containsExactly(Map.entry("a", "1"), Map.entry("c", "3"));
    }

    @Test
    void the_version_rises_by_one_only_when_something_changed() {
        Databag first = Databag.EMPTY.after(Map.of("a", "1", "b", "2"));
        assertThat(first.version()).isEqualTo(1);
        assertThat(first.after(Map.of("a", "1", "z", ""))).isEqualTo(first);
        assertThat(first.after(Map.of("a", "2")).version()).isEqualTo(2);
    }
}
