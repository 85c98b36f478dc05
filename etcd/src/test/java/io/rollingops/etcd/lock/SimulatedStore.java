// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.etcd.Action;
import io.rollingops.etcd.ActionResult;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.testing.Agenda;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/** What etcd does with transactions, leases and watches, in virtual time and without a network. */
final class SimulatedStore {
    /** Whoever hears of changes. */
    record Observer(KeyRange keys, BiConsumer<Revision, List<WatchEvent>> told) {}

    private final Agenda agenda;
    private final Predicate<Guard> ignored;
    private final TreeMap<Bytes, KeyValue> entries = new TreeMap<>();
    private final Map<LeaseId, Long> deadlines = new HashMap<>();
    private final Map<LeaseId, Long> lengths = new HashMap<>();
    final List<Observer> observers = new ArrayList<>();
    private long revision = 1;
    private long lastLease;

    /** A store that takes the ignored guards for granted: a mistake put in on purpose. */
    SimulatedStore(Agenda agenda, Predicate<Guard> ignored) {
        this.agenda = agenda;
        this.ignored = ignored;
    }

    LeaseId grant(long ttlNanos) {
        LeaseId lease = new LeaseId(++lastLease);
        lengths.put(lease, ttlNanos);
        renew(lease);
        return lease;
    }

    boolean renew(LeaseId lease) {
        if (!lengths.containsKey(lease)) {
            return false;
        }
        long deadline = agenda.nowNanos() + lengths.get(lease);
        deadlines.put(lease, deadline);
        agenda.at(deadline + agenda.between(1, 500_000_000), () -> {
            if (deadlines.containsKey(lease) && agenda.nowNanos() > deadlines.get(lease)) {
                revoke(lease);
            }
        });
        return true;
    }

    boolean revoke(LeaseId lease) {
        boolean known = lengths.remove(lease) != null;
        deadlines.remove(lease);
        List<WatchEvent> events = new ArrayList<>();
        Revision next = new Revision(revision + 1);
        for (KeyValue entry : List.copyOf(entries.values())) {
            if (entry.lease().equals(Optional.of(lease))) {
                entries.remove(entry.key());
                events.add(new WatchEvent.Deleted(entry.key(), next));
            }
        }
        publish(next, events);
        return known;
    }

    TransactionOutcome commit(Transaction transaction) {
        if (namesEndedLease(transaction)) {
            return new TransactionOutcome.LeaseGone();
        }
        Revision next = new Revision(revision + 1);
        List<WatchEvent> events = new ArrayList<>();
        TransactionOutcome outcome = decide(transaction, next, events);
        publish(next, events);
        return outcome;
    }

    private TransactionOutcome decide(Transaction transaction, Revision next, List<WatchEvent> events) {
        boolean holds = allHold(transaction);
        List<Action> actions = holds ? transaction.actions() : transaction.alternatives();
        List<ActionResult> results = new ArrayList<>();
        for (Action action : actions) {
            results.add(carryOut(action, next, events));
        }
        Revision now = events.isEmpty() ? new Revision(revision) : next;
        return holds ? new TransactionOutcome.Applied(now, results) : new TransactionOutcome.Declined(now, results);
    }

    private boolean namesEndedLease(Transaction transaction) {
        List<Action> actions = allHold(transaction) ? transaction.actions() : transaction.alternatives();
        return actions.stream()
                .anyMatch(action -> action instanceof Action.Nested nested
                        ? namesEndedLease(nested.transaction())
                        : action instanceof Action.Put put
                                && put.lease()
                                        .filter(lease -> !lengths.containsKey(lease))
                                        .isPresent());
    }

    private boolean allHold(Transaction transaction) {
        return transaction.guards().stream().allMatch(guard -> ignored.test(guard) || holds(guard));
    }

    private ActionResult carryOut(Action action, Revision next, List<WatchEvent> events) {
        if (action instanceof Action.Put put) {
            KeyValue before = entries.get(put.key());
            KeyValue after = new KeyValue(
                    put.key(),
                    put.value(),
                    before == null ? next : before.created(),
                    next,
                    before == null ? 1 : before.version() + 1,
                    put.lease());
            entries.put(put.key(), after);
            events.add(new WatchEvent.Written(after));
            return new ActionResult.Written();
        }
        if (action instanceof Action.Delete delete) {
            List<Bytes> gone =
                    entries.keySet().stream().filter(delete.keys()::contains).toList();
            for (Bytes key : gone) {
                entries.remove(key);
                events.add(new WatchEvent.Deleted(key, next));
            }
            return new ActionResult.Deleted(gone.size());
        }
        if (action instanceof Action.Nested nested) {
            return new ActionResult.Decided(decide(nested.transaction(), next, events));
        }
        return new ActionResult.Found(read(((Action.Read) action).query()));
    }

    Listing read(Query query) {
        Comparator<KeyValue> created = Comparator.comparing(KeyValue::created).thenComparing(KeyValue::key);
        Comparator<KeyValue> order = switch (query.order()) {
            case CREATED_ASCENDING -> created;
            case CREATED_DESCENDING -> created.reversed();
            default -> Comparator.comparing(KeyValue::key);
        };
        List<KeyValue> found = entries.values().stream()
                .filter(entry -> query.keys().contains(entry.key()))
                .filter(entry ->
                        query.createdUpTo().filter(entry.created()::isAfter).isEmpty())
                .sorted(order)
                .toList();
        return new Listing(
                new Revision(revision),
                query.limit() == 0 ? found : found.subList(0, Math.min(found.size(), query.limit())),
                found.size());
    }

    Optional<KeyValue> entry(Bytes key) {
        return Optional.ofNullable(entries.get(key));
    }

    private boolean holds(Guard guard) {
        List<KeyValue> found = entries.values().stream()
                .filter(entry -> guard.keys().contains(entry.key()))
                .toList();
        if (guard instanceof Guard.OnVersion version && version.relation() == Guard.Relation.EQUAL) {
            return found.isEmpty()
                    ? version.version() == 0
                    : found.stream().allMatch(e -> e.version() == version.version());
        }
        if (guard instanceof Guard.OnCreated created) {
            return !found.isEmpty() && found.stream().allMatch(e -> e.created().equals(created.revision()));
        }
        if (guard instanceof Guard.OnModified modified) {
            return !found.isEmpty() && found.stream().allMatch(e -> e.modified().equals(modified.revision()));
        }
        if (guard instanceof Guard.OnLease lease && lease.relation() == Guard.Relation.NOT_EQUAL) {
            return !found.isEmpty() && found.stream().noneMatch(e -> e.lease().equals(lease.lease()));
        }
        throw new AssertionError("not simulated: " + guard);
    }

    private void publish(Revision next, List<WatchEvent> events) {
        if (events.isEmpty()) {
            return;
        }
        revision = next.number();
        for (Observer observer : List.copyOf(observers)) {
            List<WatchEvent> seen = events.stream()
                    .filter(event -> observer.keys().contains(event.key()))
                    .toList();
            if (!seen.isEmpty()) {
                observer.told().accept(next, seen);
            }
        }
    }
}
