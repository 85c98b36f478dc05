// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BytesTest {
    @Test
    void text_goes_there_and_back() {
        assertThat(Bytes.utf8("grüße/✓").text()).hasValue("grüße/✓");
        assertThat(Bytes.utf8("")).isEqualTo(Bytes.EMPTY);
        assertThat(Bytes.utf8("/a/").plus("b")).isEqualTo(Bytes.utf8("/a/b"));
    }

    @Test
    void bytes_that_are_no_text_have_none_and_are_shown_in_digits() {
        Bytes garbage = Bytes.copyOf(new byte[] {(byte) 0xff, 0x00, 0x7f});
        assertThat(garbage.text()).isEmpty();
        assertThat(garbage).hasToString("0xff007f");
        assertThat(Bytes.utf8("a\nb")).hasToString("0x610a62");
        assertThat(Bytes.utf8("/a b")).hasToString("/a b");
    }

    @Test
    void they_never_change() {
        byte[] source = {1, 2};
        Bytes bytes = Bytes.copyOf(source);
        source[0] = 9;
        bytes.toArray()[1] = 9;
        assertThat(bytes).isEqualTo(Bytes.copyOf(new byte[] {1, 2}));
        assertThat(bytes).hasSameHashCodeAs(Bytes.copyOf(new byte[] {1, 2}));
    }

    @Test
    void they_sort_without_sign_as_etcd_does() {
        assertThat(Bytes.copyOf(new byte[] {(byte) 0x80})).isGreaterThan(Bytes.copyOf(new byte[] {0x7f, 0x7f}));
        assertThat(Bytes.utf8("a")).isLessThan(Bytes.utf8("aa"));
    }

    @Test
    void a_prefix_is_one_that_they_begin_with() {
        assertThat(Bytes.utf8("/a/b").startsWith(Bytes.utf8("/a/"))).isTrue();
        assertThat(Bytes.utf8("/a/b").startsWith(Bytes.EMPTY)).isTrue();
        assertThat(Bytes.utf8("/a").startsWith(Bytes.utf8("/a/"))).isFalse();
        assertThat(Bytes.utf8("/b/").startsWith(Bytes.utf8("/a/"))).isFalse();
    }
}
