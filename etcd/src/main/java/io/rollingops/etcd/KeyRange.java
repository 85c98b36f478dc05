// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.Arrays;

/**
 * Keys that lie together: one key, all that begin with a prefix, or all from one key up to another.
 *
 * @param from the first key
 * @param to the first key behind the range, as etcd writes it: empty for a range of one key, a zero byte for a range
 *     without an end
 */
public record KeyRange(Bytes from, Bytes to) {
    private static final Bytes ZERO = Bytes.copyOf(new byte[] {0});

    public KeyRange {
        if (from.isEmpty()) {
            throw new IllegalArgumentException("a key has at least one byte");
        }
        if (!to.isEmpty() && !to.equals(ZERO) && to.compareTo(from) <= 0) {
            throw new IllegalArgumentException("the range from " + from + " to " + to + " holds no key");
        }
    }

    public static KeyRange key(Bytes key) {
        return new KeyRange(key, Bytes.EMPTY);
    }

    /** All keys that begin with the prefix; with an empty prefix, all keys. */
    public static KeyRange prefix(Bytes prefix) {
        return prefix.isEmpty() ? new KeyRange(ZERO, ZERO) : new KeyRange(prefix, behind(prefix));
    }

    /** All keys from the first (included) to the last (excluded). */
    public static KeyRange between(Bytes from, Bytes to) {
        if (to.isEmpty()) {
            throw new IllegalArgumentException("a range from " + from + " needs an end");
        }
        return new KeyRange(from, to);
    }

    public boolean contains(Bytes key) {
        if (to.isEmpty()) {
            return key.equals(from);
        }
        return key.compareTo(from) >= 0 && (to.equals(ZERO) || key.compareTo(to) < 0);
    }

    /** The first key that is greater than all keys with the prefix: its last byte that is not 0xff, plus one. */
    private static Bytes behind(Bytes prefix) {
        byte[] end = prefix.toArray();
        for (int last = end.length - 1; last >= 0; last--) {
            if (end[last] != (byte) 0xff) {
                end[last]++;
                return Bytes.copyOf(Arrays.copyOf(end, last + 1));
            }
        }
        return ZERO;
    }

    @Override
    public String toString() {
        if (to.isEmpty()) {
            return from.toString();
        }
        return to.equals(behind(from)) ? from + "*" : from + " to " + (to.equals(ZERO) ? "the last" : to);
    }
}
