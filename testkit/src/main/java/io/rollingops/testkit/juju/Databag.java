// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one unit or application keeps in a relation.
 *
 * @param version rises by one with each commit that changes the content; this is what other agents compare
 * @param content never an empty value: writing one deletes the key
 */
record Databag(long version, SortedMap<String, String> content) {
    static final Databag EMPTY = new Databag(0, new TreeMap<>());

    Databag {
        content = Collections.unmodifiableSortedMap(new TreeMap<>(content));
    }

    /** The databag after these writes: merged, an empty value deletes, and the same databag if nothing changed. */
    Databag after(Map<String, String> writes) {
        SortedMap<String, String> merged = merge(content, writes);
        return merged.equals(content) ? this : new Databag(version + 1, merged);
    }

    static SortedMap<String, String> merge(Map<String, String> content, Map<String, String> writes) {
        SortedMap<String, String> merged = new TreeMap<>(content);
        writes.forEach((key, value) -> {
            if (value.isEmpty()) {
                merged.remove(key);
            } else {
                merged.put(key, value);
            }
        });
        return merged;
    }
}
