// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.upgrade;

import io.rollingops.peer.Member;
import io.rollingops.peer.UnitBag;
import io.rollingops.upgrade.UnitUpgrade;
import java.util.HashMap;
import java.util.Map;

/**
 * The keys of a unit's upgrade in a store whose databags hold the unit's queue as well: {@code state} is taken there, so it
 * is kept as {@value #STATE}. All others keep their names.
 */
final class StoredKeys {
    static final String STATE = "upgrade-state";

    private StoredKeys() {}

    /** A unit's databag with the names that the upgrade knows. */
    static Map<String, String> unit(Member member) {
        Map<String, String> stored = member.bag() instanceof UnitBag.Understood understood
                ? understood.other()
                : ((UnitBag.Damaged) member.bag()).raw();
        Map<String, String> bag = new HashMap<>();
        for (String key : UnitUpgrade.KEYS) {
            String value = stored.get(stored(key));
            if (value != null) {
                bag.put(key, value);
            }
        }
        return bag;
    }

    /** The values that a guarded write expects to find, absent keys included. */
    static Map<String, String> seen(Map<String, String> bag) {
        Map<String, String> seen = new HashMap<>();
        UnitUpgrade.KEYS.forEach(key -> seen.put(key, bag.getOrDefault(key, "")));
        return seen;
    }

    /** With the names that the store knows. */
    static Map<String, String> stored(Map<String, String> bag) {
        Map<String, String> stored = new HashMap<>();
        bag.forEach((key, value) -> stored.put(stored(key), value));
        return stored;
    }

    private static String stored(String key) {
        return key.equals(UnitUpgrade.STATE) ? STATE : key;
    }
}
