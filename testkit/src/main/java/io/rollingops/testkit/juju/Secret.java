// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One committed secret.
 *
 * @param id twenty characters, without {@code secret:}
 * @param application the application that it belongs to
 * @param unit the unit that owns it; empty when the application does
 * @param settings what its owner says about it
 * @param revisions the content of each revision that was not removed; the last is the newest
 * @param grants who else may read it, an application or a unit, through which relation
 * @param consumers the units that have read it
 */
record Secret(
        String id,
        String application,
        Optional<UnitName> unit,
        Settings settings,
        SortedMap<Integer, Map<String, String>> revisions,
        SortedMap<String, Integer> grants,
        SortedMap<UnitName, Consumer> consumers) {

    /** Label, description and the like; an absent one of an update leaves the old one. */
    record Settings(
            Optional<String> label, Optional<String> description, Optional<String> expire, Optional<String> rotate) {
        static final Settings NONE =
                new Settings(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

        Settings overlaidWith(Settings other) {
            return new Settings(
                    other.label.or(() -> label),
                    other.description.or(() -> description),
                    other.expire.or(() -> expire),
                    other.rotate.or(() -> rotate));
        }
    }

    /**
     * One unit's use of the secret.
     *
     * @param label the unit's own name for it
     * @param revision the revision that the unit reads until it refreshes
     */
    record Consumer(Optional<String> label, int revision) {}

    Secret {
        revisions = Collections.unmodifiableSortedMap(new TreeMap<>(revisions));
        grants = Collections.unmodifiableSortedMap(new TreeMap<>(grants));
        consumers = Collections.unmodifiableSortedMap(new TreeMap<>(consumers));
    }

    static Secret create(
            String id, String application, Optional<UnitName> unit, Settings settings, Map<String, String> content) {
        return new Secret(
                id, application, unit, settings, new TreeMap<>(Map.of(1, content)), new TreeMap<>(), new TreeMap<>());
    }

    int latest() {
        return revisions.lastKey();
    }

    Map<String, String> content(int revision) {
        return revisions.getOrDefault(revision, Map.of());
    }

    boolean belongsTo(UnitName reader) {
        return unit.map(reader::equals).orElse(application.equals(reader.application()));
    }

    boolean readableBy(UnitName reader) {
        return belongsTo(reader) || grants.containsKey(reader.application()) || grants.containsKey(reader.toString());
    }

    /** Another revision when the content differs from the newest one, as Juju does. */
    Secret updated(Settings newer, Optional<Map<String, String>> content) {
        SortedMap<Integer, Map<String, String>> all = new TreeMap<>(revisions);
        content.filter(values -> !values.equals(content(latest()))).ifPresent(values -> all.put(latest() + 1, values));
        return new Secret(id, application, unit, settings.overlaidWith(newer), all, grants, consumers);
    }

    Secret withoutRevision(int revision) {
        SortedMap<Integer, Map<String, String>> rest = new TreeMap<>(revisions);
        rest.remove(revision);
        return new Secret(id, application, unit, settings, rest, grants, consumers);
    }

    Secret grantedTo(String target, int relation) {
        SortedMap<String, Integer> more = new TreeMap<>(grants);
        more.putIfAbsent(target, relation);
        return new Secret(id, application, unit, settings, revisions, more, consumers);
    }

    Secret revokedFrom(String target) {
        SortedMap<String, Integer> rest = new TreeMap<>(grants);
        rest.remove(target);
        return new Secret(id, application, unit, settings, revisions, rest, consumers);
    }

    Secret withoutGrantsOf(int relation) {
        SortedMap<String, Integer> rest = new TreeMap<>(grants);
        rest.values().removeIf(through -> through == relation);
        return new Secret(id, application, unit, settings, revisions, rest, consumers);
    }

    Secret readBy(UnitName reader, Consumer consumer) {
        SortedMap<UnitName, Consumer> more = new TreeMap<>(consumers);
        more.put(reader, consumer);
        return new Secret(id, application, unit, settings, revisions, grants, more);
    }

    Secret forgottenBy(UnitName reader) {
        SortedMap<UnitName, Consumer> rest = new TreeMap<>(consumers);
        rest.remove(reader);
        return new Secret(id, application, unit, settings, revisions, grants, rest);
    }

    /** Whether nobody reads that revision any more, and a newer one has taken its place. */
    boolean obsolete(int revision) {
        return revision < latest()
                && consumers.values().stream().noneMatch(consumer -> consumer.revision() == revision);
    }
}
