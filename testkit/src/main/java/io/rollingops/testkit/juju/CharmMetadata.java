// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a charm says about itself, as far as the emulator needs it.
 *
 * @param peers interface by endpoint
 * @param requires interface by endpoint
 * @param provides interface by endpoint
 * @param config each option with its default, if it has one
 * @param actions each action with the defaults of its parameters
 */
public record CharmMetadata(
        String name,
        Map<String, String> peers,
        Map<String, String> requires,
        Map<String, String> provides,
        Map<String, Optional<Json>> config,
        Map<String, Json.Obj> actions) {

    public CharmMetadata {
        peers = sorted(peers);
        requires = sorted(requires);
        provides = sorted(provides);
        config = sorted(config);
        actions = sorted(actions);
    }

    /** A charm with nothing but a name; the {@code with} methods add to it. */
    public static CharmMetadata named(String name) {
        return new CharmMetadata(name, Map.of(), Map.of(), Map.of(), Map.of(), Map.of());
    }

    public CharmMetadata withPeer(String endpoint, String relationInterface) {
        return new CharmMetadata(name, plus(peers, endpoint, relationInterface), requires, provides, config, actions);
    }

    public CharmMetadata withRequirer(String endpoint, String relationInterface) {
        return new CharmMetadata(name, peers, plus(requires, endpoint, relationInterface), provides, config, actions);
    }

    public CharmMetadata withProvider(String endpoint, String relationInterface) {
        return new CharmMetadata(name, peers, requires, plus(provides, endpoint, relationInterface), config, actions);
    }

    public CharmMetadata withConfig(String option, Json defaultValue) {
        return new CharmMetadata(
                name, peers, requires, provides, plus(config, option, Optional.of(defaultValue)), actions);
    }

    public CharmMetadata withAction(String action) {
        return new CharmMetadata(name, peers, requires, provides, config, plus(actions, action, Json.Obj.EMPTY));
    }

    private static <V> Map<String, V> plus(Map<String, V> map, String key, V value) {
        Map<String, V> more = new LinkedHashMap<>(map);
        more.put(key, value);
        return more;
    }

    private static <V> Map<String, V> sorted(Map<String, V> map) {
        return Collections.unmodifiableMap(new TreeMap<>(map));
    }
}
