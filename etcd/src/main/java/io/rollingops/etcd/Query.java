// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

/**
 * What to read: by default all entries of a range with their values, in the order of their keys.
 *
 * @param limit at most so many entries; zero for all
 */
public record Query(KeyRange keys, int limit, Order order, Content content) {
    /** What the entries are sorted by, before the limit cuts. */
    public enum Order {
        KEY_ASCENDING,
        KEY_DESCENDING,
        CREATED_ASCENDING,
        CREATED_DESCENDING,
        MODIFIED_ASCENDING,
        MODIFIED_DESCENDING
    }

    /** How much of each entry is sent. */
    public enum Content {
        KEYS_AND_VALUES,
        KEYS
    }

    public Query {
        if (limit < 0) {
            throw new IllegalArgumentException("a limit is not negative: " + limit);
        }
    }

    public static Query of(KeyRange keys) {
        return new Query(keys, 0, Order.KEY_ASCENDING, Content.KEYS_AND_VALUES);
    }

    public static Query key(Bytes key) {
        return of(KeyRange.key(key));
    }

    public static Query prefix(Bytes prefix) {
        return of(KeyRange.prefix(prefix));
    }

    public Query first(int entries) {
        return new Query(keys, entries, order, content);
    }

    public Query sortedBy(Order other) {
        return new Query(keys, limit, other, content);
    }

    public Query keysOnly() {
        return new Query(keys, limit, order, Content.KEYS);
    }

    @Override
    public String toString() {
        return (content == Content.KEYS ? "keys of " : "") + keys + (limit == 0 ? "" : " (first " + limit + ")");
    }
}
