// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** One unit: what the controller knows of it and what its agent remembers. For the thread that owns the model. */
final class JujuUnit {
    private static final Duration FIRST_RETRY = Duration.ofSeconds(5);
    private static final Duration LAST_RETRY = Duration.ofMinutes(5);

    final UnitName name;
    final JujuApp app;
    final int machine;

    /** Databags of other units as this agent has read them; kept across hooks, as on Juju. */
    final Map<CacheKey, SortedMap<String, String>> remoteDatabags = new HashMap<>();
    /** The newest revision of each secret that {@code secret-changed} has announced here. */
    final Map<String, Integer> announcedSecrets = new HashMap<>();
    /** The revisions, as id/revision, that {@code secret-remove} has announced here. */
    final Set<String> reportedRevisions = new HashSet<>();

    /** Variables that Juju would not set; see {@link JujuEmulator#setVariable}. */
    final Map<String, String> extraVariables = new HashMap<>();

    private final Map<Integer, RelationProgress> progress = new HashMap<>();

    boolean dying;
    UnitView.Lifetime lifetime = UnitView.Lifetime.NEW;
    boolean acceptedLeadership;
    boolean rebooted;
    boolean updateStatusDue;
    int configSeen;
    int charmSeen;
    int operationsBegun;
    SortedMap<String, String> state = new TreeMap<>();
    Status workload = Status.WAITING;

    /** Whether the agent runs; a stopped one runs no hook and renews no lease. */
    boolean agentRuns = true;
    /** Whether the agent was told to stop while it runs something. */
    boolean interrupted;

    boolean starved;
    boolean holdsBackUnitChanges;
    boolean holdsBackAppChanges;
    boolean repeatsNextChange;

    private Optional<PendingHook> pending = Optional.empty();
    private int failures;
    private Instant retryAt = Instant.MAX;

    /** Which databag the cache holds. */
    record CacheKey(int relation, UnitName unit) {}

    JujuUnit(UnitName name, JujuApp app, int machine) {
        this.name = name;
        this.app = app;
        this.machine = machine;
        this.charmSeen = app.charmRevision();
    }

    RelationProgress progress(int relation) {
        return progress.getOrDefault(relation, RelationProgress.NONE);
    }

    void progressed(Hook.OnRelation hook) {
        progress.merge(
                hook.relation().number(), RelationProgress.NONE.after(hook), (before, first) -> before.after(hook));
    }

    Optional<PendingHook> pending() {
        return pending;
    }

    void queue(Hook hook) {
        pending = Optional.of(new PendingHook(hook, PendingHook.State.QUEUED));
    }

    /** The pending hook has been dealt with. */
    void settled() {
        pending = Optional.empty();
        failures = 0;
        retryAt = Instant.MAX;
    }

    /** The hook failed: it is tried again after 5 s, twice as long each time, at most 5 min. */
    void failed(Hook hook, Instant now) {
        Duration wait = FIRST_RETRY.multipliedBy(1L << Math.min(failures, 10));
        retryAt = now.plus(wait.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : wait);
        failures++;
        pending = Optional.of(new PendingHook(hook, PendingHook.State.FAILED));
    }

    /** Makes the failed hook due again, if there is one. */
    void retry() {
        pending = pending.map(failed -> failed.state() == PendingHook.State.FAILED
                ? new PendingHook(failed.hook(), PendingHook.State.RETRY_DUE)
                : failed);
    }

    void retryIfTimeHasCome(Instant now) {
        if (!now.isBefore(retryAt)) {
            retry();
        }
    }

    boolean inError() {
        return pending.filter(hook -> hook.state() != PendingHook.State.QUEUED).isPresent();
    }

    /** Idle, or in error; what the agent executes is for others to say. */
    Status agentStatus() {
        return pending.filter(hook -> hook.state() != PendingHook.State.QUEUED)
                .map(failed ->
                        new Status("error", "hook failed: \"" + failed.hook().hookName() + "\""))
                .orElse(Status.IDLE);
    }
}
