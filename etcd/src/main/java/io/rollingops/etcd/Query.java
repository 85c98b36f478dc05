// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.Optional;

/**
 * What to read: by default all entries of a range with their values, in the order of their keys.
 *
 * @param limit at most so many entries; zero for all
 * @param createdUpTo no entry that was created later; empty for all
 */
public record Query(
        KeyRange keys, int limit, Order order, Content content, Optional<Revision> createdUpTo, Source source) {
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

    /** Who is asked. A transaction that only reads asks one member only if all its queries do. */
    public enum Source {
        /** All of them: the newest state there is. */
        CLUSTER,
        /** One member, at once: what it has, which may be old. The listing's revision says how old. */
        MEMBER
    }

    public Query {
        if (limit < 0) {
            throw new IllegalArgumentException("a limit is not negative: " + limit);
        }
    }

    public static Query of(KeyRange keys) {
        return new Query(keys, 0, Order.KEY_ASCENDING, Content.KEYS_AND_VALUES, Optional.empty(), Source.CLUSTER);
    }

    public static Query key(Bytes key) {
        return of(KeyRange.key(key));
    }

    public static Query prefix(Bytes prefix) {
        return of(KeyRange.prefix(prefix));
    }

    public Query first(int entries) {
        return new Query(keys, entries, order, content, createdUpTo, source);
    }

    public Query sortedBy(Order other) {
        return new Query(keys, limit, other, content, createdUpTo, source);
    }

    public Query keysOnly() {
        return new Query(keys, limit, order, Content.KEYS, createdUpTo, source);
    }

    public Query createdUpTo(Revision newest) {
        return new Query(keys, limit, order, content, Optional.of(newest), source);
    }

    public Query from(Source other) {
        return new Query(keys, limit, order, content, createdUpTo, other);
    }

    @Override
    public String toString() {
        return (content == Content.KEYS ? "keys of " : "") + keys + (limit == 0 ? "" : " (first " + limit + ")");
    }
}
