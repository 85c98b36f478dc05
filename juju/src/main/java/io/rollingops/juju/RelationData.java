// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The databags that one hook reads and writes. Each is read once. What is written is gathered and seen by later reads of
 * the same hook, and goes to Juju in one {@code relation-set} for each databag after everything else has succeeded: a
 * hook that fails leaves nothing behind, also under {@code juju-exec}, where Juju would keep what was set before the
 * failure. For the thread of the hook.
 */
public final class RelationData {
    private final HookCommands commands;
    private final UnitName self;
    private final Map<Owner, NavigableMap<String, String>> read = new LinkedHashMap<>();
    private final Map<Owner, NavigableMap<String, String>> written = new LinkedHashMap<>();
    private final Map<String, List<RelationId>> endpoints = new LinkedHashMap<>();

    /** Whose databag: that of a unit or, by its name, that of an application. */
    private record Owner(RelationId relation, String name, boolean isApplication) {}

    RelationData(HookCommands commands, UnitName self) {
        this.commands = commands;
        this.self = self;
    }

    /** The relations at an endpoint. */
    public List<RelationId> relations(String endpoint) {
        return endpoints.computeIfAbsent(endpoint, name -> commands.ask(Query.relationIds(name)));
    }

    /** Asks for the relations at several endpoints at once. */
    void list(List<String> unlisted) {
        List<Query<List<RelationId>>> queries =
                unlisted.stream().map(Query::relationIds).toList();
        HookCommands.Answers answers = commands.ask(queries);
        for (int i = 0; i < queries.size(); i++) {
            endpoints.put(unlisted.get(i), answers.to(queries.get(i)));
        }
    }

    /** The databag of a unit in a relation. */
    public NavigableMap<String, String> unit(RelationId relation, UnitName unit) {
        Owner owner = new Owner(relation, unit.toString(), false);
        if (!read.containsKey(owner)) {
            read.put(owner, commands.ask(Query.unitDatabag(relation, unit)));
        }
        return content(owner);
    }

    /** The databag of an application in a relation. */
    public NavigableMap<String, String> application(RelationId relation, String application) {
        Owner owner = new Owner(relation, application, true);
        if (!read.containsKey(owner)) {
            read.put(owner, commands.ask(Query.applicationDatabag(relation, application)));
        }
        return content(owner);
    }

    /** Changes keys of this unit's databag in a relation; an empty value deletes one. */
    public void writeUnit(RelationId relation, Map<String, String> changes) {
        write(new Owner(relation, self.toString(), false), changes);
    }

    /** Changes keys of the application's databag in a relation; only the leader's changes are accepted. */
    public void writeApplication(RelationId relation, Map<String, String> changes) {
        write(new Owner(relation, self.application(), true), changes);
    }

    /** Reads several databags of units at once, and gives those units whose databag can be read. */
    List<UnitName> prefetch(RelationId relation, List<UnitName> units) {
        List<UnitName> unread = units.stream()
                .filter(unit -> !read.containsKey(new Owner(relation, unit.toString(), false)))
                .toList();
        List<Query<NavigableMap<String, String>>> queries =
                unread.stream().map(unit -> Query.unitDatabag(relation, unit)).toList();
        HookCommands.Answers answers = commands.ask(queries);
        List<UnitName> readable = new ArrayList<>(units);
        for (int i = 0; i < unread.size(); i++) {
            try {
                read.put(new Owner(relation, unread.get(i).toString(), false), answers.to(queries.get(i)));
            } catch (HookCommandException e) {
                readable.remove(unread.get(i)); // it has left since it was listed
            }
        }
        return readable;
    }

    /** What was read elsewhere of the own databag and that of the application. */
    void haveRead(RelationId relation, Map<String, String> own, Map<String, String> application) {
        read.put(new Owner(relation, self.toString(), false), new TreeMap<>(own));
        read.put(new Owner(relation, self.application(), true), new TreeMap<>(application));
    }

    /** Whether a databag will change when the hook succeeds. */
    boolean hasChanges() {
        return written.keySet().stream().anyMatch(owner -> !changes(owner).isEmpty());
    }

    boolean changesOwn(RelationId relation) {
        return !changes(new Owner(relation, self.toString(), false)).isEmpty();
    }

    boolean changesApplication(RelationId relation) {
        return !changes(new Owner(relation, self.application(), true)).isEmpty();
    }

    /** Hands all changes to Juju, those of the application last (rule G3). */
    void flush() {
        for (boolean application : List.of(false, true)) {
            for (Owner owner : written.keySet()) {
                NavigableMap<String, String> changes = changes(owner);
                if (owner.isApplication() == application && !changes.isEmpty()) {
                    if (application) {
                        commands.relationSetApplication(owner.relation(), changes);
                    } else {
                        commands.relationSet(owner.relation(), changes);
                    }
                }
            }
        }
    }

    private void write(Owner owner, Map<String, String> changes) {
        written.computeIfAbsent(owner, key -> new TreeMap<>()).putAll(changes);
    }

    /** Without what stands there already; if the databag was not read, everything is a change. */
    private NavigableMap<String, String> changes(Owner owner) {
        NavigableMap<String, String> changes = new TreeMap<>(written.getOrDefault(owner, new TreeMap<>()));
        Optional.ofNullable(read.get(owner))
                .ifPresent(before -> changes.entrySet()
                        .removeIf(change ->
                                before.getOrDefault(change.getKey(), "").equals(change.getValue())));
        return changes;
    }

    private NavigableMap<String, String> content(Owner owner) {
        NavigableMap<String, String> content = new TreeMap<>(read.getOrDefault(owner, new TreeMap<>()));
        content.putAll(written.getOrDefault(owner, new TreeMap<>()));
        content.values().removeIf(String::isEmpty);
        return Collections.unmodifiableNavigableMap(content);
    }
}
