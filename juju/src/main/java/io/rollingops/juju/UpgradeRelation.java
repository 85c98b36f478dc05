// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeView;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The peer relation of upgrades as one hook sees it, with who leads and who exists. What is written is gathered with all
 * else that the hook writes. For the thread of the hook.
 */
final class UpgradeRelation {
    /** For so long after it was asked for, an answer about the leadership is relied upon (rule G3). */
    private static final Duration TRUSTED = Duration.ofSeconds(10);

    /** For so long Juju vouches for it: asked again within that time, it has not been lost in between. */
    private static final Duration VOUCHED = Duration.ofSeconds(30);

    private final HookRuntime runtime;
    private final RelationId relation;
    private final TreeSet<UnitName> existing;
    private final List<UnitName> listed;
    private final boolean isDying;
    private final Map<String, String> ownAtBegin;
    private boolean leads;
    private boolean hasLapsed;
    private long askedNanos;
    private Optional<List<UnitName>> readable = Optional.empty();

    private UpgradeRelation(
            HookRuntime runtime,
            RelationId relation,
            boolean leads,
            long askedNanos,
            List<UnitName> listed,
            NavigableMap<UnitName, String> meant,
            UnitFolder folder) {
        this.runtime = runtime;
        this.relation = relation;
        this.leads = leads;
        this.askedNanos = askedNanos;
        this.listed = listed;
        this.isDying = meant.getOrDefault(self(), Query.DYING).equals(Query.DYING);
        this.existing = new TreeSet<>(listed);
        meant.forEach((unit, status) -> {
            if (!status.equals(Query.DYING) || !hasLeft(unit, folder)) {
                existing.add(unit);
            }
        });
        this.ownAtBegin = ownKeys();
    }

    /** Looks for the relation, and asks for everything that is always needed; the leadership first (rule G3). */
    static Optional<UpgradeRelation> find(HookRuntime runtime, String endpoint, UnitFolder folder) {
        Optional<RelationId> found = runtime.context().event() instanceof CharmEvent.OnRelation change
                        && change.relation().endpoint().equals(endpoint)
                ? Optional.of(change.relation())
                : runtime.data().relations(endpoint).stream().findFirst();
        return found.map(relation -> {
            UnitName self = runtime.context().unit();
            long asked = runtime.clock().boot().getAsLong();
            Query<Boolean> leads = Query.isLeader();
            Query<NavigableMap<String, String>> application = Query.applicationDatabag(relation, self.application());
            Query<NavigableMap<String, String>> own = Query.unitDatabag(relation, self);
            Query<List<UnitName>> others = Query.relationUnits(relation);
            Query<NavigableMap<UnitName, String>> meant = Query.goalUnits();
            HookCommands.Answers answers = runtime.commands().ask(List.of(leads, application, own, others, meant));
            runtime.data().haveRead(relation, answers.to(own), answers.to(application));
            return new UpgradeRelation(
                    runtime, relation, answers.to(leads), asked, answers.to(others), answers.to(meant), folder);
        });
    }

    /**
     * A unit that is being removed exists, and may be at work, until Juju tells of its departure. One that Juju has not
     * shown here yet exists as well.
     */
    private boolean hasLeft(UnitName unit, UnitFolder folder) {
        boolean leavesNow = runtime.context().event() instanceof CharmEvent.OnRelation change
                && change.phase() == RelationPhase.DEPARTED
                && change.departing().equals(Optional.of(unit));
        return leavesNow || folder.departed().contains(unit);
    }

    /** What the unit sees; the databags of the others are fetched when this is asked for the first time. */
    UpgradeView view(OwnFacts facts, boolean mayLead, OptionalInt partition) {
        if (readable.isEmpty()) {
            readable = Optional.of(runtime.data().prefetch(relation, listed));
        }
        Map<UnitName, Map<String, String>> bags = new TreeMap<>();
        bags.put(self(), own());
        readable.get().forEach(unit -> bags.put(unit, runtime.data().unit(relation, unit)));
        return UpgradeView.read(self(), mayLead && leads(), facts, existing, bags, application(), partition);
    }

    /** Whether this unit leads, and what it writes as leader can be accepted. */
    boolean leads() {
        long age = runtime.clock().boot().getAsLong() - askedNanos;
        if (leads && age > TRUSTED.toNanos()) {
            hasLapsed = age > VOUCHED.toNanos();
            askedNanos = runtime.clock().boot().getAsLong();
            leads = !hasLapsed && runtime.commands().ask(Query.isLeader());
        }
        return leads;
    }

    /** Whether the hook took so long that a leadership it began with is not certain any more. */
    boolean hasLapsed() {
        return hasLapsed;
    }

    /** Whether the model does not mean to have this unit any longer; it may have no hook yet that says so (rule U1). */
    boolean isDying() {
        return isDying;
    }

    Map<String, String> own() {
        return runtime.data().unit(relation, self());
    }

    Map<String, String> application() {
        return runtime.data().application(relation, self().application());
    }

    /** The unit's keys of an upgrade as they were committed when the hook began. */
    Map<String, String> ownAtBegin() {
        return ownAtBegin;
    }

    private Map<String, String> ownKeys() {
        Map<String, String> keys = new TreeMap<>(own());
        keys.keySet().retainAll(UnitUpgrade.KEYS);
        return keys;
    }

    void writeOwn(Map<String, String> changes) {
        runtime.data().writeUnit(relation, changes);
    }

    void writeApplication(Map<String, String> changes) {
        runtime.data().writeApplication(relation, changes);
    }

    /** Whether something of an upgrade will be committed when the hook succeeds. */
    boolean hasWritten() {
        return !ownKeys().equals(ownAtBegin) || hasWrittenForApplication();
    }

    boolean hasWrittenForApplication() {
        return runtime.data().changesApplication(relation);
    }

    /** Whether nothing of an upgrade goes on as far as this unit is concerned, so that it need not look at the others. */
    boolean isAtRest(UpgradeSettings settings) {
        UnitUpgrade own = UnitUpgrade.read(own());
        ApplicationUpgrade app = ApplicationUpgrade.read(self().application(), application());
        boolean hasDeclared = settings.declared().models().isEmpty()
                || app.dependencies().equals(Optional.of(settings.declared().write()));
        return own.is(UpgradeState.IDLE)
                && own.damage().isEmpty()
                && own.offered().equals(Optional.of(settings.release()))
                && !own.isDue()
                && own.hasNoted(app.round())
                && app.stack().isEmpty()
                && app.damage().isEmpty()
                && (!leads || hasDeclared);
    }

    private UnitName self() {
        return runtime.context().unit();
    }
}
