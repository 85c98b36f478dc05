// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** A unit's databag: understood, or kept as it is so that one damaged databag stops nobody else. */
public sealed interface UnitBag {

    /**
     * A databag that was understood.
     *
     * @param record what it says
     * @param other keys that are not ours, kept as they are
     */
    record Understood(UnitRecord record, Map<String, String> other) implements UnitBag {
        public Understood {
            other = Collections.unmodifiableMap(new TreeMap<>(other));
        }

        Understood with(UnitRecord next) {
            return new Understood(next, other);
        }
    }

    /**
     * A databag that was not understood; its unit gets no grant and is reported by name.
     *
     * @param reason which key was wrong and why
     * @param raw all keys, untouched
     */
    record Damaged(String reason, Map<String, String> raw) implements UnitBag {
        public Damaged {
            raw = Collections.unmodifiableMap(new TreeMap<>(raw));
        }
    }
}
