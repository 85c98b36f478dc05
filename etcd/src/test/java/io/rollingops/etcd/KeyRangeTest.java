// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KeyRangeTest {
    @Test
    void one_key_holds_itself_only() {
        KeyRange range = KeyRange.key(Bytes.utf8("/a"));
        assertThat(range.contains(Bytes.utf8("/a"))).isTrue();
        assertThat(range.contains(Bytes.utf8("/a/"))).isFalse();
        assertThat(range.to()).isEqualTo(Bytes.EMPTY);
    }

    @Test
    void the_end_of_a_prefix_is_its_last_byte_plus_one_with_a_carry() {
        assertThat(KeyRange.prefix(Bytes.utf8("/a/")).to()).isEqualTo(Bytes.utf8("/a0"));
        assertThat(KeyRange.prefix(bytes(1, 0xff, 0xff)).to()).isEqualTo(bytes(2));
        assertThat(KeyRange.prefix(bytes(0xff, 0xff)).to()).isEqualTo(bytes(0));
    }

    @Test
    void the_empty_prefix_holds_every_key() {
        KeyRange all = KeyRange.prefix(Bytes.EMPTY);
        assertThat(all.contains(bytes(0))).isTrue();
        assertThat(all.contains(bytes(0xff, 0xff))).isTrue();
    }

    @Test
    void a_range_ends_before_its_end() {
        KeyRange range = KeyRange.between(Bytes.utf8("b"), Bytes.utf8("d"));
        assertThat(range.contains(Bytes.utf8("b"))).isTrue();
        assertThat(range.contains(Bytes.utf8("czz"))).isTrue();
        assertThat(range.contains(Bytes.utf8("d"))).isFalse();
        assertThat(range.contains(Bytes.utf8("a"))).isFalse();
    }

    @Test
    void a_range_that_cannot_hold_a_key_is_none() {
        assertThatThrownBy(() -> KeyRange.key(Bytes.EMPTY)).hasMessageContaining("at least one byte");
        assertThatThrownBy(() -> KeyRange.between(Bytes.utf8("b"), Bytes.utf8("b")))
                .hasMessageContaining("holds no key");
        assertThatThrownBy(() -> KeyRange.between(Bytes.utf8("b"), Bytes.EMPTY)).hasMessageContaining("needs an end");
    }

    @Test
    void ranges_are_shown_as_people_write_them() {
        assertThat(KeyRange.key(Bytes.utf8("/a"))).hasToString("/a");
        assertThat(KeyRange.prefix(Bytes.utf8("/a/"))).hasToString("/a/*");
        assertThat(KeyRange.between(Bytes.utf8("b"), Bytes.utf8("d"))).hasToString("b to d");
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void a_prefix_holds_just_the_keys_that_begin_with_it(long seed) {
        Random random = new Random(seed);
        Bytes prefix = random(random, 1 + random.nextInt(3));
        KeyRange range = KeyRange.prefix(prefix);
        for (int i = 0; i < 200; i++) {
            Bytes key = random(random, 1 + random.nextInt(5));
            assertThat(range.contains(key)).as("%s in %s", key, range).isEqualTo(key.startsWith(prefix));
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 100);
    }

    /** Few different bytes, with those at the edges among them. */
    private static Bytes random(Random random, int size) {
        int[] some = {0, 1, 0x7f, 0x80, 0xfe, 0xff};
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) some[random.nextInt(some.length)];
        }
        return Bytes.copyOf(bytes);
    }

    private static Bytes bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return Bytes.copyOf(bytes);
    }
}
