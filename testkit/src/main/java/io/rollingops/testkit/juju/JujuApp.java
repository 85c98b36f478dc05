// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One application of the model: its charm, configuration and leader. For the thread that owns the model. */
final class JujuApp {
    final String name;
    /** Units that wrongly believe that they lead; see {@link Faults#alsoLeads}. */
    final Set<UnitName> falseLeaders = new HashSet<>();

    private final Map<String, Json> config = new LinkedHashMap<>();
    private CharmSource charm;
    private int charmRevision = 1;
    private int configVersion = 1;
    private int nextUnit;

    Lease lease = Lease.FREE;
    Status status = Status.UNKNOWN;
    String version = "";
    boolean dying;

    JujuApp(String name, CharmSource charm) {
        this.name = name;
        this.charm = charm;
    }

    CharmSource charm() {
        return charm;
    }

    CharmMetadata metadata() {
        return charm.metadata();
    }

    int charmRevision() {
        return charmRevision;
    }

    void upgradeTo(CharmSource newCharm) {
        charm = newCharm;
        charmRevision++;
    }

    /** The value of an option, set or by default. */
    Optional<Json> config(String option) {
        Optional<Json> set = Optional.ofNullable(config.get(option));
        return set.isPresent() ? set : metadata().config().getOrDefault(option, Optional.empty());
    }

    void configure(Map<String, Json> values) {
        for (String option : values.keySet()) {
            if (!metadata().config().containsKey(option)) {
                throw new IllegalArgumentException("the charm of '" + name + "' has no option '" + option + "', only "
                        + metadata().config().keySet());
            }
        }
        config.putAll(values);
        configVersion++;
    }

    int configVersion() {
        return configVersion;
    }

    UnitName nextUnitName() {
        return new UnitName(name, nextUnit++);
    }

    boolean believesToLead(UnitName unit) {
        return lease.heldBy(unit) || falseLeaders.contains(unit);
    }
}
