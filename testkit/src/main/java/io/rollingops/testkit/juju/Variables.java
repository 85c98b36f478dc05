// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Collects environment variables in the order in which they are put; for one thread. */
final class Variables {
    private final Map<String, String> variables = new LinkedHashMap<>();

    Variables put(String name, String value) {
        variables.put(name, value);
        return this;
    }

    Variables putAll(Map<String, String> more) {
        variables.putAll(more);
        return this;
    }

    Map<String, String> all() {
        return Collections.unmodifiableMap(new LinkedHashMap<>(variables));
    }
}
