// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** One relation: its databags, and the units that are in it. For the thread that owns the model. */
final class JujuRelation {
    final int number;
    /** One of a peer relation, else two. */
    final List<Endpoint> endpoints;
    /** The units that have entered and not left. */
    final Set<UnitName> scope = new HashSet<>();
    /** The units in scope that the others do not see any more. */
    final Set<UnitName> departing = new HashSet<>();

    private final Map<UnitName, Databag> units = new HashMap<>();
    private final Map<String, Databag> apps = new TreeMap<>();

    boolean dying;

    /** One side of the relation. */
    record Endpoint(String app, String name) {}

    JujuRelation(int number, List<Endpoint> endpoints) {
        this.number = number;
        this.endpoints = List.copyOf(endpoints);
        endpoints.forEach(endpoint -> apps.put(endpoint.app(), Databag.EMPTY));
    }

    boolean peer() {
        return endpoints.size() == 1;
    }

    boolean has(String app) {
        return apps.containsKey(app);
    }

    /** The relation as that application names it. */
    RelationId idFor(String app) {
        return new RelationId(endpointOf(app).name(), number);
    }

    String remoteApp(String app) {
        return endpoints.stream()
                .map(Endpoint::app)
                .filter(other -> !other.equals(app))
                .findFirst()
                .orElse(app);
    }

    /** The databag versions of the units that this unit meets here. */
    Map<UnitName, Long> membersFor(UnitName self) {
        String remote = remoteApp(self.application());
        Map<UnitName, Long> members = new HashMap<>();
        for (UnitName unit : scope) {
            if (unit.application().equals(remote) && !unit.equals(self) && !departing.contains(unit)) {
                members.put(unit, unit(unit).orElse(Databag.EMPTY).version());
            }
        }
        return members;
    }

    void enter(UnitName unit, Map<String, String> address) {
        if (scope.add(unit)) {
            units.put(unit, unit(unit).orElse(Databag.EMPTY).after(address));
        }
    }

    void leave(UnitName unit) {
        scope.remove(unit);
        departing.remove(unit);
    }

    /** The databag of a unit that is, or was, in the relation. */
    Optional<Databag> unit(UnitName unit) {
        return Optional.ofNullable(units.get(unit));
    }

    Optional<Databag> app(String app) {
        return Optional.ofNullable(apps.get(app));
    }

    void write(UnitName unit, Map<String, String> writes) {
        units.merge(unit, Databag.EMPTY.after(writes), (before, first) -> before.after(writes));
    }

    void write(String app, Map<String, String> writes) {
        apps.merge(app, Databag.EMPTY.after(writes), (before, first) -> before.after(writes));
    }

    private Endpoint endpointOf(String app) {
        return endpoints.stream()
                .filter(endpoint -> endpoint.app().equals(app))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'" + app + "' is not in relation " + number));
    }
}
