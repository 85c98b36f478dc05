// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.schedule.Decision;
import io.rollingops.schedule.Intent;
import io.rollingops.schedule.Scheduler;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the leader of an application writes into the application's databag, decided from the databags that it reads. Pure;
 * who leads, and when, is for the caller to know (rule G3). A new leader decides from the same databags as the one before it, so
 * nothing is handed over (rule U2).
 *
 * <ol>
 *   <li>While a leader of the original has granted a unit that still runs the original and is not idle, nothing: that
 *       unit may be working.
 *   <li>While the last grant is not answered and its unit is a member, nothing (rule G1).
 *   <li>{@link Scheduler} chooses the next unit, which is granted under the next epoch.
 *   <li>A unit that an operator took a grant from is passed over until it answers that.
 *   <li>When nobody waits, the name of the last grantee goes, as in the original, and the epoch stays.
 * </ol>
 */
public final class LeaderTurn {
    private LeaderTurn() {}

    /**
     * What to write.
     *
     * @param changes of the application's databag; an empty value deletes a key
     * @param granted who was chosen, if somebody was
     */
    public record Turn(NavigableMap<String, String> changes, Optional<UnitName> granted) {
        public Turn {
            changes = Collections.unmodifiableNavigableMap(new TreeMap<>(changes));
        }
    }

    /**
     * What to write; nothing when the databag is as it should be.
     *
     * @param bags the databags of all members, and of the unit of the last grant unless it is known to have left
     * @param at the leader's clock; written for people and never compared
     */
    public static Optional<Turn> next(Databags bags, Instant at) {
        if (bags.foreignHolder().isPresent()) {
            return Optional.empty();
        }
        PeerSnapshot seen = bags.snapshot();
        Grant grant = seen.grant();
        NavigableMap<UnitName, Long> silent = bags.passedOver();
        Decision decision = Scheduler.decide(
                seen.slot(),
                seen.views().stream()
                        .filter(view -> !silent.containsKey(view.unit()))
                        .toList());
        if (decision instanceof Decision.Grant next) {
            return changed(bags, grant.next(next.unit(), at), Optional.of(next.unit()));
        }
        boolean holdsOn = grant.unit()
                .flatMap(seen::record)
                .filter(record -> record.intent() == Intent.RETRY_HOLD)
                .isPresent();
        return decision instanceof Decision.Idle && !holdsOn
                ? changed(bags, grant.withdrawn(), Optional.empty())
                : Optional.empty();
    }

    /**
     * What to write so that a grant counts as answered although its unit is silent: the operator's word that its callback
     * is not running (rules A8 and C3).
     *
     * @throws RollingOpsException.Refused when that unit does not have that grant
     */
    public static NavigableMap<String, String> forceRelease(Databags bags, UnitName unit, long epoch) {
        Grant grant = bags.grant();
        if (!grant.isOpenFor(unit, epoch)) {
            throw new RollingOpsException.Refused(unit + " does not hold grant " + epoch
                    + grant.unit()
                            .map(holder -> "; " + holder + " holds grant " + grant.epoch())
                            .orElse("")
                    + ". Look at the status again");
        }
        NavigableMap<UnitName, Long> silent = new TreeMap<>(bags.passedOver());
        silent.put(unit, epoch);
        NavigableMap<String, String> changes = new TreeMap<>(DatabagCodec.writeByLeader(grant.withdrawn()));
        Map.Entry<String, String> released = DatabagCodec.writeReleased(silent);
        changes.put(released.getKey(), released.getValue());
        return changes;
    }

    /**
     * Members that have written something in another protocol: they get no grant until they are upgraded. A unit that has
     * written nothing may just have come, and has nothing that waits.
     */
    public static List<UnitName> unitsToUpgrade(Databags bags) {
        return bags.units().entrySet().stream()
                .filter(unit -> unit.getValue().keySet().stream().anyMatch(DatabagCodec.UNIT_KEYS::contains))
                .filter(unit -> DatabagCodec.read(unit.getValue()) instanceof UnitBag.Understood bag
                        && !bag.record().isOurs())
                .map(Map.Entry::getKey)
                .toList();
    }

    private static Optional<Turn> changed(Databags bags, Grant grant, Optional<UnitName> granted) {
        NavigableMap<String, String> changes = new TreeMap<>(DatabagCodec.writeByLeader(grant));
        Map.Entry<String, String> released = DatabagCodec.writeReleased(bags.passedOver());
        changes.put(released.getKey(), released.getValue());
        changes.entrySet()
                .removeIf(change ->
                        bags.application().getOrDefault(change.getKey(), "").equals(change.getValue()));
        return changes.isEmpty() ? Optional.empty() : Optional.of(new Turn(changes, granted));
    }
}
