// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Relations as one hook sees them.
 *
 * <ul>
 *   <li>The unit's own databag, and for the leader that of its application: with the hook's own writes.
 *   <li>Application databags of others, and the own one on a follower: as committed when first read in this hook.
 *   <li>Databags of other units: as this agent read them last, perhaps hooks ago. The copy is dropped by a {@code
 *       -joined}, {@code -changed} or {@code -departed} of that unit, and when the agent restarts.
 *   <li>Members are the units whose {@code -joined} has begun and whose {@code -departed} has not.
 * </ul>
 */
final class RelationAccess {
    private final HookContext context;
    private final JujuUnit unit;
    private final Map<Integer, Map<String, String>> unitWrites = new TreeMap<>();
    private final Map<Integer, Map<String, String>> appWrites = new TreeMap<>();
    private final Map<AppKey, SortedMap<String, String>> readApps = new HashMap<>();
    private final Map<JujuUnit.CacheKey, SortedMap<String, String>> readStrangers = new HashMap<>();

    private record AppKey(int relation, String app) {}

    RelationAccess(HookContext context) {
        this.context = context;
        this.unit = context.unit;
        context.relationHook()
                .ifPresent(hook -> hook.remoteUnit()
                        .ifPresent(remote -> unit.remoteDatabags.remove(
                                new JujuUnit.CacheKey(hook.relation().number(), remote))));
    }

    /** The relations at an endpoint, as {@code restart:0}, sorted as text; without those that are broken. */
    List<String> idsAt(String endpoint) {
        return known().stream()
                .filter(relation -> !broken(relation))
                .map(this::idOf)
                .filter(id -> id.endpoint().equals(endpoint))
                .map(RelationId::toString)
                .sorted()
                .toList();
    }

    /** A relation that this unit is in, or is just leaving. */
    Optional<JujuRelation> find(int number) {
        return known().stream().filter(relation -> relation.number == number).findFirst();
    }

    RelationId idOf(JujuRelation relation) {
        return relation.idFor(unit.name.application());
    }

    /** The other units, sorted as text. */
    List<UnitName> members(JujuRelation relation) {
        TreeSet<UnitName> members = new TreeSet<>(Comparator.comparing(UnitName::toString));
        members.addAll(unit.progress(relation.number).members().keySet());
        context.relationHook()
                .filter(hook -> hook.relation().number() == relation.number)
                .ifPresent(hook -> hook.remoteUnit().ifPresent(remote -> {
                    if (hook.phase() == Hook.RelationPhase.DEPARTED) {
                        members.remove(remote);
                    } else {
                        members.add(remote);
                    }
                }));
        return List.copyOf(members);
    }

    SortedMap<String, String> read(JujuRelation relation, UnitName of) throws CommandFailure {
        if (of.equals(unit.name)) {
            Databag own = relation.unit(of).orElse(Databag.EMPTY);
            return Databag.merge(own.content(), unitWrites.getOrDefault(relation.number, Map.of()));
        }
        JujuUnit.CacheKey key = new JujuUnit.CacheKey(relation.number, of);
        Map<JujuUnit.CacheKey, SortedMap<String, String>> cache =
                members(relation).contains(of) ? unit.remoteDatabags : readStrangers;
        SortedMap<String, String> copy = cache.get(key);
        if (copy == null) {
            copy = relation.unit(of).orElseThrow(RelationAccess::denied).content();
            cache.put(key, copy);
        }
        return copy;
    }

    SortedMap<String, String> read(JujuRelation relation, String app) throws CommandFailure {
        Databag committed = relation.app(app).orElseThrow(RelationAccess::denied);
        boolean own = app.equals(unit.app.name);
        if (own && context.isLeader()) {
            return Databag.merge(committed.content(), appWrites.getOrDefault(relation.number, Map.of()));
        }
        if (own && !relation.peer()) {
            throw denied();
        }
        return readApps.computeIfAbsent(new AppKey(relation.number, app), key -> committed.content());
    }

    void writeUnit(JujuRelation relation, Map<String, String> writes) {
        unitWrites.computeIfAbsent(relation.number, number -> new TreeMap<>()).putAll(writes);
    }

    void writeApp(JujuRelation relation, Map<String, String> writes) throws CommandFailure {
        if (!context.isLeader()) {
            throw CommandFailure.failed("cannot write relation settings");
        }
        appWrites.computeIfAbsent(relation.number, number -> new TreeMap<>()).putAll(writes);
    }

    Map<Integer, Map<String, String>> unitWrites() {
        return Map.copyOf(unitWrites);
    }

    Map<Integer, Map<String, String>> appWrites() {
        return Map.copyOf(appWrites);
    }

    private List<JujuRelation> known() {
        return context.model.relationsOf(unit.name);
    }

    private boolean broken(JujuRelation relation) {
        boolean beingBroken = context.relationHook()
                .filter(hook -> hook.phase() == Hook.RelationPhase.BROKEN)
                .filter(hook -> hook.relation().number() == relation.number)
                .isPresent();
        return beingBroken || (relation.dying && members(relation).isEmpty());
    }

    private static CommandFailure denied() {
        return CommandFailure.failed("permission denied");
    }
}
