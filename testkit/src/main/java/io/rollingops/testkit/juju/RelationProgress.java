// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the agent of one unit remembers of one relation: which hooks have succeeded, and what they have seen. It changes
 * only after a hook succeeded, so a failed hook stays due.
 *
 * @param created whether {@code -relation-created} has run
 * @param members the units whose {@code -joined} has run, with the version of their databag last announced
 * @param apps the version of each application databag last announced
 * @param changedPending the unit whose {@code -joined} has run and whose {@code -changed} must follow at once
 * @param broken whether {@code -broken} has run
 */
record RelationProgress(
        boolean created,
        Map<UnitName, Long> members,
        Map<String, Long> apps,
        Optional<UnitName> changedPending,
        boolean broken) {
    static final RelationProgress NONE = new RelationProgress(false, Map.of(), Map.of(), Optional.empty(), false);

    RelationProgress {
        members = Collections.unmodifiableMap(new HashMap<>(members));
        apps = Collections.unmodifiableMap(new HashMap<>(apps));
    }

    /** What is remembered once that hook has succeeded. */
    RelationProgress after(Hook.OnRelation hook) {
        return switch (hook.phase()) {
            case CREATED -> new RelationProgress(true, members, apps, changedPending, broken);
            case JOINED -> {
                UnitName unit = hook.remoteUnit().orElseThrow();
                yield new RelationProgress(
                        created, with(members, unit, hook.version()), apps, Optional.of(unit), broken);
            }
            case CHANGED ->
                hook.remoteUnit()
                        .map(unit -> new RelationProgress(
                                created, with(members, unit, hook.version()), apps, Optional.empty(), broken))
                        .orElseGet(() -> new RelationProgress(
                                created,
                                members,
                                with(apps, hook.remoteApp(), hook.version()),
                                changedPending,
                                broken));
            case DEPARTED -> without(hook.remoteUnit().orElseThrow());
            case BROKEN -> new RelationProgress(created, members, apps, Optional.empty(), true);
        };
    }

    private RelationProgress without(UnitName unit) {
        Map<UnitName, Long> rest = new HashMap<>(members);
        rest.remove(unit);
        return new RelationProgress(created, rest, apps, changedPending.filter(u -> !u.equals(unit)), broken);
    }

    private static <K> Map<K, Long> with(Map<K, Long> map, K key, long value) {
        Map<K, Long> more = new HashMap<>(map);
        more.put(key, value);
        return more;
    }
}
