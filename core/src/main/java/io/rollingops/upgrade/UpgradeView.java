// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What one unit sees of the application's upgrade, at one moment.
 *
 * <p>The own databag must be fresh, and so must the application's for the unit that leads. Everything else may be of any
 * age, as long as nothing is shown in an older form than before, and a unit that once existed and is missing now has left.
 * A hook of Juju sees it so, and so does a snapshot of a replicated store.
 *
 * @param self which unit
 * @param leads whether it may write for the application
 * @param facts what only it knows
 * @param existing all units that the platform says exist, whether their databags are seen yet or not
 * @param units the databags that are seen
 * @param application the application's databag
 * @param partition the partition of the Kubernetes StatefulSet, where it could be read
 */
public record UpgradeView(
        UnitName self,
        boolean leads,
        OwnFacts facts,
        NavigableSet<UnitName> existing,
        NavigableMap<UnitName, UnitUpgrade> units,
        ApplicationUpgrade application,
        OptionalInt partition) {
    public UpgradeView {
        NavigableSet<UnitName> all = new TreeSet<>(existing);
        all.add(self);
        existing = Collections.unmodifiableNavigableSet(all);
        units = Collections.unmodifiableNavigableMap(new TreeMap<>(units));
    }

    /** Reads the databags; never throws. */
    public static UpgradeView read(
            UnitName self,
            boolean leads,
            OwnFacts facts,
            Collection<UnitName> existing,
            Map<UnitName, Map<String, String>> unitBags,
            Map<String, String> applicationBag,
            OptionalInt partition) {
        NavigableMap<UnitName, UnitUpgrade> units = new TreeMap<>();
        unitBags.forEach((unit, bag) -> units.put(unit, UnitUpgrade.read(bag)));
        return new UpgradeView(
                self,
                leads,
                facts,
                new TreeSet<>(existing),
                units,
                ApplicationUpgrade.read(self.application(), applicationBag),
                partition);
    }

    public UnitUpgrade own() {
        return units.getOrDefault(self, UnitUpgrade.NEW);
    }

    public UpgradeStack stack() {
        return application.stack();
    }

    /** What this unit would bring: the target where it replaces the workload itself, and elsewhere what its pod has. */
    public Release release() {
        return onKubernetes() ? facts.release() : application.target().orElse(facts.release());
    }

    public boolean onKubernetes() {
        return facts.substrate() == Substrate.K8S;
    }

    /** The state of the application, without the units that an operator left out. */
    public ClusterState cluster() {
        return ClusterState.of(counted());
    }

    /** Whether an upgrade is going on: somebody is still to be upgraded, or has not come to rest. */
    public boolean isRolling() {
        return !stack().isEmpty()
                || application.damage().containsKey(ApplicationUpgrade.STACK)
                || firstThat(unit -> unit.state().isPresent() && !unit.is(UpgradeState.IDLE))
                        .isPresent();
    }

    /** Whether an operator ordered the way back, and nobody ordered a unit forward since. */
    public boolean isReturning() {
        return application.orders().stream().anyMatch(order -> order.kind() == OperatorOrder.Kind.ROLLBACK);
    }

    /** The release to which the upgrade leads, as far as the application says that itself. */
    public Optional<Release> goal() {
        return application.target().or(() -> isReturning() ? application.previous() : Optional.empty());
    }

    /** Whether nothing has to be replaced on a unit with that databag, to the best of its own knowledge. */
    boolean needsNothing(UnitUpgrade unit) {
        return unit.installed().isPresent() && unit.installed().equals(goal().or(unit::offered));
    }

    /**
     * Whether that unit is done for this round, so that it cannot begin in it any more. A pod that is well with another
     * release than the goal will be replaced yet.
     */
    boolean isDone(UnitName unit) {
        UnitUpgrade bag = units.getOrDefault(unit, UnitUpgrade.NEW);
        if (onKubernetes() && goal().isPresent() && bag.tellsReleases() && !needsNothing(bag)) {
            return false;
        }
        boolean knowsRounds = application.round() > 0 && bag.round().isPresent();
        return !knowsRounds ? bag.is(UpgradeState.COMPLETED) && !isStopped() : bag.isDoneFor(application.round());
    }

    /** Whether that unit failed with the release that the way back is to take from it; Kubernetes does that. */
    boolean isLeftBehind(UnitName unit) {
        UnitUpgrade bag = units.getOrDefault(unit, UnitUpgrade.NEW);
        return onKubernetes()
                && isReturning()
                && bag.tellsReleases()
                && !bag.offered().equals(goal());
    }

    /** Whether what a unit of the original says may be from before a failure, since it knows no rounds. */
    private boolean isStopped() {
        return anyIs(UpgradeState.FAILED) || (!onKubernetes() && anyIs(UpgradeState.RECOVERY));
    }

    /** Whether an operator ordered that the unit stays as it is. */
    boolean isSkipped(UnitName unit) {
        boolean skipped = false;
        for (OperatorOrder order : application.orders()) {
            if (order.isFor(unit)) {
                skipped = order.kind() == OperatorOrder.Kind.SKIP || order.kind() == OperatorOrder.Kind.LEAVE_OUT;
            }
        }
        return skipped;
    }

    /** Whether an operator took it on himself that versions do not fit. */
    boolean isForced() {
        return application.orders().stream()
                .anyMatch(order -> order.kind() == OperatorOrder.Kind.FORCE || order.hasOverruledCheck());
    }

    /** The databags of all units that exist, are seen, and were not left out. */
    NavigableMap<UnitName, UnitUpgrade> counted() {
        NavigableMap<UnitName, UnitUpgrade> counted = new TreeMap<>(units);
        counted.keySet().removeIf(unit -> !existing.contains(unit) || isLeftOut(unit));
        return counted;
    }

    /** The lowest unit of that state among those that count. */
    Optional<UnitName> firstThat(Predicate<UnitUpgrade> wanted) {
        return counted().entrySet().stream()
                .filter(unit -> wanted.test(unit.getValue()))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    boolean anyIs(UpgradeState state) {
        return firstThat(unit -> unit.is(state)).isPresent();
    }

    /** Whether the operator gave his word that nothing runs there, and the unit has not been heard of since. */
    boolean isLeftOut(UnitName unit) {
        long noted = units.getOrDefault(unit, UnitUpgrade.NEW).round().orElse(0);
        return application.orders().stream()
                .anyMatch(order ->
                        order.kind() == OperatorOrder.Kind.LEAVE_OUT && order.isFor(unit) && order.round() > noted);
    }

    boolean hasNotedRound(UnitName unit) {
        UnitUpgrade bag = units.get(unit);
        return bag != null && bag.hasNoted(application.round());
    }

    /** A round that is newer than any that was ever seen, even if the application's number was lost. */
    long nextRound() {
        long last = application.round();
        for (UnitUpgrade unit : units.values()) {
            last = Math.max(last, unit.round().orElse(0));
        }
        return last + 1;
    }

    UnitName highest() {
        return existing.last();
    }

    UpgradeView with(UnitUpgrade own) {
        NavigableMap<UnitName, UnitUpgrade> next = new TreeMap<>(units);
        next.put(self, own);
        return new UpgradeView(self, leads, facts, existing, next, application, partition);
    }

    UpgradeView with(ApplicationUpgrade next) {
        return new UpgradeView(self, leads, facts, existing, units, next, partition);
    }
}
