// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.Operation;
import io.rollingops.UnitName;
import io.rollingops.schedule.Hindrance;
import io.rollingops.schedule.Intent;
import io.rollingops.schedule.UnitView;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One unit of the application as a peer store knows it.
 *
 * @param bag its databag
 * @param lease the lease of its process, where the store has leases
 * @param leases the number of the last lease that it had, 0 for none
 * @param requestedIn the revision of the store in which each queued operation was requested, by its stamp; empty where
 *     the store counts no revisions
 * @param knows the highest form of the state that its release knows, as its process last said
 */
public record Member(UnitBag bag, Optional<UnitLease> lease, long leases, Map<Instant, Long> requestedIn, int knows) {
    static final Member NEW =
            new Member(new UnitBag.Understood(UnitRecord.NEW, Map.of()), Optional.empty(), 0, Map.of(), 1);

    public Member {
        requestedIn = Map.copyOf(requestedIn);
    }

    /** The record, if the databag was understood. */
    public Optional<UnitRecord> record() {
        return bag instanceof UnitBag.Understood readable ? Optional.of(readable.record()) : Optional.empty();
    }

    /** The member after a change of its record in that revision of the store. */
    Member with(UnitRecord next, long revision) {
        if (!(bag instanceof UnitBag.Understood readable)) {
            throw new IllegalStateException("a databag that cannot be read cannot be changed");
        }
        if (next.queue().equals(readable.record().queue())) {
            return new Member(readable.with(next), lease, leases, requestedIn, knows);
        }
        Map<Instant, Long> revisions = new HashMap<>();
        for (Operation operation : next.queue().operations()) {
            Instant stamp = operation.requestedAt();
            revisions.put(stamp, requestedIn.getOrDefault(stamp, revision));
        }
        return new Member(readable.with(next), lease, leases, revisions, knows);
    }

    Member with(UnitLease nowLease, long number) {
        return new Member(bag, Optional.of(nowLease), number, requestedIn, knows);
    }

    Member withoutLease() {
        return new Member(bag, Optional.empty(), leases, requestedIn, knows);
    }

    Member with(UnitBag.Understood nowBag) {
        return new Member(nowBag, lease, leases, requestedIn, knows);
    }

    Member knowing(int format) {
        return new Member(bag, lease, leases, requestedIn, format);
    }

    /** What the scheduler is told of it. */
    UnitView view(UnitName unit, PeerSnapshot.Kind kind) {
        Optional<UnitRecord> known = record();
        if (known.isEmpty()) {
            return new UnitView(unit, Intent.IDLE, 0, 0, Optional.of(Hindrance.UNREADABLE));
        }
        UnitRecord record = known.get();
        Optional<Operation> head = record.queue().head();
        return new UnitView(
                unit,
                head.isPresent() ? record.intent() : Intent.IDLE,
                head.map(operation -> kind.order(operation, requestedIn)).orElse(0L),
                record.doneEpoch(),
                hindrance(record, kind));
    }

    private Optional<Hindrance> hindrance(UnitRecord record, PeerSnapshot.Kind kind) {
        if (record.standing().protocol() != Standing.PROTOCOL) {
            return Optional.of(Hindrance.OTHER_PROTOCOL);
        } else if (kind == PeerSnapshot.Kind.REPLICATED && lease.isEmpty()) {
            return Optional.of(Hindrance.OFFLINE);
        } else if (!record.isReady()) {
            return Optional.of(Hindrance.NOT_READY);
        }
        return Optional.empty();
    }
}
