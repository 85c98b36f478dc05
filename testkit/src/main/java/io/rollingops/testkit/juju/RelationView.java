// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One relation as the agent of one unit sees it: what it remembers beside what the controller says now.
 *
 * @param peer whether it is a peer relation, which is never broken
 * @param remoteApp the other application; of a peer relation, the own one
 * @param ending whether the relation or the unit itself is going away, so that everybody else counts as gone
 * @param members the version of the databag of each other unit that is in the relation
 * @param apps the version of each application databag that the unit watches
 */
record RelationView(
        RelationId id,
        boolean peer,
        String remoteApp,
        boolean ending,
        RelationProgress progress,
        Map<UnitName, Long> members,
        Map<String, Long> apps) {
    /** Juju compares names as text, so app/10 comes before app/2. */
    private static final Comparator<UnitName> BY_TEXT = Comparator.comparing(UnitName::toString);

    RelationView {
        members = ending ? Map.of() : Map.copyOf(members);
        apps = Map.copyOf(apps);
    }

    /** The hook that announces the relation, unless it has run. */
    Optional<Hook> creation() {
        return progress.created() || ending
                ? Optional.empty()
                : Optional.of(hook(Hook.RelationPhase.CREATED, Optional.empty(), Optional.empty(), 0));
    }

    /**
     * The next hook of this relation after its creation: the change that must follow a joining, departures, the break,
     * changes of applications, joinings, changes of units.
     *
     * @param self the unit itself, which is the one that departs when {@code dying}
     */
    Optional<Hook> next(UnitName self, boolean dying) {
        if (progress.changedPending().isPresent()) {
            return progress.changedPending().map(this::changed);
        }
        Optional<Hook> departure = progress.members().keySet().stream()
                .filter(unit -> !members.containsKey(unit))
                .min(BY_TEXT)
                .map(unit -> hook(Hook.RelationPhase.DEPARTED, Optional.of(unit), Optional.of(dying ? self : unit), 0));
        if (departure.isPresent()) {
            return departure;
        }
        if (ending) {
            return peer || progress.broken() || !progress.created()
                    ? Optional.empty()
                    : Optional.of(hook(Hook.RelationPhase.BROKEN, Optional.empty(), Optional.empty(), 0));
        }
        return applicationChange().or(this::joining).or(this::unitChange);
    }

    private Optional<Hook> applicationChange() {
        return new TreeSet<>(apps.keySet())
                .stream()
                        .filter(app -> !apps.getOrDefault(app, 0L)
                                .equals(progress.apps().getOrDefault(app, 0L)))
                        .findFirst()
                        .map(app -> new Hook.OnRelation(
                                Hook.RelationPhase.CHANGED,
                                id,
                                app,
                                Optional.empty(),
                                Optional.empty(),
                                apps.getOrDefault(app, 0L)));
    }

    private Optional<Hook> joining() {
        return members.keySet().stream()
                .filter(unit -> !progress.members().containsKey(unit))
                .min(BY_TEXT)
                .map(unit -> hook(Hook.RelationPhase.JOINED, Optional.of(unit), Optional.empty(), version(unit)));
    }

    private Optional<Hook> unitChange() {
        return members.keySet().stream()
                .filter(unit -> version(unit) != progress.members().getOrDefault(unit, version(unit)))
                .min(BY_TEXT)
                .map(this::changed);
    }

    private Hook changed(UnitName unit) {
        return hook(Hook.RelationPhase.CHANGED, Optional.of(unit), Optional.empty(), version(unit));
    }

    private long version(UnitName unit) {
        return members.getOrDefault(unit, 0L);
    }

    private Hook hook(Hook.RelationPhase phase, Optional<UnitName> unit, Optional<UnitName> departing, long version) {
        return new Hook.OnRelation(phase, id, remoteApp, unit, departing, version);
    }
}
