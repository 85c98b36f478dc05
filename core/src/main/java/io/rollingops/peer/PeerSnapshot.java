// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.EpochSeconds;
import io.rollingops.Operation;
import io.rollingops.UnitName;
import io.rollingops.schedule.Slot;
import io.rollingops.schedule.UnitView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;

/**
 * All that a peer store holds, at one moment. It may be older than the store, and is never a mixture of two moments.
 *
 * @param kind what kind of store it is from
 * @param revision grows with every change, where the store counts them; else 0
 * @param grant the application's grant
 * @param leader the unit that leads, where it is known
 * @param members all units of the application
 * @param locks the named locks that are held or waited for
 * @param shared the other keys of the application's databag
 */
public record PeerSnapshot(
        Kind kind,
        long revision,
        Grant grant,
        Optional<UnitName> leader,
        NavigableMap<UnitName, Member> members,
        NavigableMap<String, NamedLock> locks,
        NavigableMap<String, String> shared) {

    /** The two kinds of peer store that the safety protocol knows. */
    public enum Kind {
        /** Linearizable and embedded in the units: it grants by itself and knows unit leases. */
        REPLICATED {
            @Override
            long order(Operation operation, Map<Instant, Long> requestedIn) {
                return requestedIn.getOrDefault(operation.requestedAt(), 0L);
            }
        },
        /** Databags that are written when a hook ends: the leader grants, and nobody expires. */
        DATABAGS {
            @Override
            long order(Operation operation, Map<Instant, Long> requestedIn) {
                return EpochSeconds.micros(operation.requestedAt());
            }
        };

        /** When an operation was requested, compared with others. */
        abstract long order(Operation operation, Map<Instant, Long> requestedIn);
    }

    /** The unit's record, if the unit is a member and its databag was understood. */
    public Optional<UnitRecord> record(UnitName unit) {
        return Optional.ofNullable(members.get(unit)).flatMap(Member::record);
    }

    /** What the scheduler is told of the units. */
    public List<UnitView> views() {
        List<UnitView> views = new ArrayList<>(members.size());
        members.forEach((unit, member) -> views.add(member.view(unit, kind)));
        return views;
    }

    /**
     * The one place to run. In databags nobody but the grantee can close a grant: it is open until its unit has answered
     * that epoch or has left (rule G1).
     */
    public Slot slot() {
        return new Slot(grant.unit(), isOpen());
    }

    /** Whether the open grant is that unit's. */
    public boolean isGrantedTo(UnitName unit) {
        return isOpen() && grant.unit().equals(Optional.of(unit));
    }

    private boolean isOpen() {
        if (!grant.isOpen() || kind == Kind.REPLICATED) {
            return grant.isOpen();
        }
        Optional<Member> grantee = grant.unit().map(members::get);
        return grantee.isPresent()
                && grantee.get()
                        .record()
                        .map(record -> record.doneEpoch() < grant.epoch())
                        .orElse(true);
    }
}
