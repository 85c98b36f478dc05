// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.List;
import java.util.Optional;

/**
 * What was read.
 *
 * @param revision the state of the store that was read
 * @param entries in the order asked for
 * @param total how many keys the range holds, whatever the limit and the age that were asked for
 */
public record Listing(Revision revision, List<KeyValue> entries, long total) {
    public Listing {
        entries = List.copyOf(entries);
    }

    public Optional<KeyValue> first() {
        return entries.isEmpty() ? Optional.empty() : Optional.of(entries.get(0));
    }

    /** Whether nothing was cut off by a limit. */
    public boolean isComplete() {
        return entries.size() >= total;
    }
}
