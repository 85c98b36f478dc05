// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.Operation;
import io.rollingops.OperationCodec;
import io.rollingops.OperationId;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Transaction;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** The transactions and queries of the lock. */
final class LockCalls {
    /** Queue entries that are looked at to find somebody who polls; the oldest. */
    private static final int ENTRIES_SEEN = 1_000;

    private static final int ATTEMPTS_BEHIND_SIBLING = 2;

    private final LockKeys keys;

    LockCalls(LockKeys keys) {
        this.keys = keys;
    }

    Transaction openSession(LeaseId lease, boolean privately) {
        return Transaction.always(putSession(lease, privately))
                .then(Action.read(Query.key(keys.lock())), Action.read(Query.key(keys.ticket())));
    }

    /**
     * With the session the lock, or else the session alone. That no session key is there makes sure that it happens once,
     * even if it was sent twice since the first one was not answered.
     */
    Transaction openSessionAndTake(LeaseId lease, boolean privately, Optional<Operation> shown) {
        Transaction take = Transaction.when(
                        Guard.absent(keys.session()),
                        Guard.absent(keys.lock()),
                        Guard.noneIn(keys.tickets()),
                        Guard.noneIn(keys.own()))
                .then(putSession(lease, privately))
                .then(
                        Action.put(keys.lock(), keys.lockValue(), lease),
                        Action.put(keys.ticket(), keys.lockValue(), lease));
        return with(take, lease, shown, keys::inProgress)
                .otherwise(openSession(lease, privately).actions().toArray(Action[]::new));
    }

    private Action[] putSession(LeaseId lease, boolean privately) {
        return Stream.concat(Stream.of(keys.session()), keys.privateSession().filter(key -> privately).stream())
                .map(key -> Action.put(key, keys.lockValue(), lease))
                .toArray(Action[]::new);
    }

    /** Everything that has our name: the lock, the ticket, the queue entries. */
    Transaction lookForLeftovers() {
        return Transaction.always(
                Action.read(Query.key(keys.lock())),
                Action.read(Query.key(keys.ticket())),
                Action.read(Query.of(keys.own()).keysOnly()));
    }

    Transaction removeLeftoverLock(Session session, KeyValue lock) {
        return Transaction.when(isOurs(session), Guard.createdAt(keys.lock(), lock.created()))
                .then(Action.delete(keys.lock()));
    }

    Transaction removeLeftoverTicket(Session session, KeyValue ticket) {
        return Transaction.when(isOurs(session), Guard.createdAt(keys.ticket(), ticket.created()))
                .then(Action.delete(keys.ticket()));
    }

    Transaction clean(Session session) {
        return Transaction.when(isOurs(session)).then(Action.delete(keys.own()));
    }

    /** What it reads tells a waiter where he stands: the session key, the lock, and the end of the line with his ticket. */
    Transaction takeOrEnqueue(Session session, Optional<Operation> shown) {
        Transaction enqueue = Transaction.when(isOurs(session), Guard.absent(keys.ticket()))
                .then(
                        Action.put(keys.ticket(), keys.lockValue(), session.lease()),
                        Action.delete(keys.completed()),
                        Action.read(Query.key(keys.lock())),
                        Action.read(newestTickets()));
        Transaction take = Transaction.when(isOurs(session), Guard.absent(keys.lock()), Guard.noneIn(keys.tickets()))
                .then(
                        Action.put(keys.lock(), keys.lockValue(), session.lease()),
                        Action.put(keys.ticket(), keys.lockValue(), session.lease()),
                        Action.delete(keys.completed()))
                .otherwise(
                        Action.read(Query.key(keys.session())),
                        Action.nested(with(enqueue, session.lease(), shown, keys::pending)));
        return with(take, session.lease(), shown, keys::inProgress);
    }

    /** Where a new ticket stands, by what {@link #takeOrEnqueue} read of the lock and of the line. */
    Place placeOfNew(Revision ticket, Listing lock, Listing line) {
        Place place =
                new WaitingLine(line.entries()).placeOf(ticket, lock.first().isEmpty());
        boolean siblingHolds = lock.first()
                .flatMap(entry -> entry.value().text())
                .filter(keys::isSibling)
                .isPresent();
        return siblingHolds && place instanceof Place.Behind behind && behind.isNext()
                ? new Place.GivenSoon(behind.ticket(), ATTEMPTS_BEHIND_SIBLING)
                : place;
    }

    /** The ticket is written again, which tells the one behind it that he is next. */
    Transaction takeInTurn(Session session, Revision ticket, Optional<Operation> shown) {
        Transaction take = Transaction.when(
                        isOurs(session), Guard.absent(keys.lock()), Guard.createdAt(keys.ticket(), ticket))
                .then(
                        Action.put(keys.lock(), keys.lockValue(), session.lease()),
                        Action.put(keys.ticket(), keys.lockValue(), session.lease()),
                        Action.delete(keys.pending()))
                .otherwise(
                        Action.read(Query.key(keys.session())),
                        Action.read(Query.key(keys.ticket())),
                        Action.read(Query.key(keys.lock())));
        return with(take, session.lease(), shown, keys::inProgress);
    }

    Transaction release(Session session, Revision lock, Optional<Operation> shown) {
        Transaction release = Transaction.when(isOurs(session), Guard.createdAt(keys.lock(), lock))
                .then(
                        Action.delete(keys.lock()),
                        Action.delete(keys.ticket()),
                        Action.delete(keys.pending()),
                        Action.delete(keys.inProgress()))
                .otherwise(Action.read(Query.key(keys.session())));
        return with(release, session.lease(), shown, keys::completed);
    }

    Transaction withdraw(Session session, Revision ticket) {
        return Transaction.when(isOurs(session), Guard.createdAt(keys.ticket(), ticket))
                .then(Action.delete(keys.ticket()), Action.delete(keys.pending()))
                .otherwise(Action.read(Query.key(keys.session())));
    }

    /** The lock, and the end of the line up to that ticket. */
    Transaction look(Revision ticket, Query.Source source) {
        return Transaction.always(lock(source), line(ticket, source));
    }

    /**
     * The same, and what pollers have written: entries without a lease, while everybody with a ticket writes them under one.
     * So mostly there is nothing more to read.
     */
    Transaction lookForPollers(Revision ticket, Query.Source source) {
        return Transaction.when(Guard.allOnLeases(keys.queues()))
                .then(lock(source), line(ticket, source))
                .otherwise(
                        lock(source),
                        line(ticket, source),
                        Action.read(Query.of(keys.queues())
                                .from(source)
                                .createdUpTo(ticket)
                                .sortedBy(Query.Order.CREATED_ASCENDING)
                                .keysOnly()
                                .first(ENTRIES_SEEN)),
                        Action.read(Query.of(keys.passedOver()).from(source).keysOnly()));
    }

    private Action lock(Query.Source source) {
        return Action.read(Query.key(keys.lock()).from(source).keysOnly());
    }

    private Action line(Revision ticket, Query.Source source) {
        return Action.read(newestTickets().from(source).createdUpTo(ticket));
    }

    private Query newestTickets() {
        return Query.of(keys.tickets())
                .sortedBy(Query.Order.CREATED_DESCENDING)
                .keysOnly()
                .first(WaitingLine.SEEN);
    }

    Transaction passOver(Session session, String owner, LeaseId lease) {
        return Transaction.when(isOurs(session)).then(Action.put(keys.passedOver(owner), keys.lockValue(), lease));
    }

    /** The first one who asked before that ticket was made and has none; whoever was passed over does not count. */
    Optional<String> poller(Listing entries, Listing passedOver, Revision ticket) {
        List<String> passed = passedOver.entries().stream()
                .map(entry -> keys.ownerAtEnd(entry.key()))
                .toList();
        return entries.entries().stream()
                .filter(entry -> entry.lease().isEmpty() && ticket.isAfter(entry.created()))
                .flatMap(entry -> keys.ownerOfPending(entry.key()).stream())
                .filter(owner -> !owner.equals(keys.owner()) && !passed.contains(owner))
                .findFirst();
    }

    private Guard isOurs(Session session) {
        return Guard.modifiedAt(keys.session(), session.written());
    }

    private static Transaction with(
            Transaction transaction, LeaseId lease, Optional<Operation> shown, Function<OperationId, Bytes> place) {
        return shown.map(operation -> transaction.then(
                        Action.put(place.apply(operation.id()), Bytes.utf8(OperationCodec.write(operation)), lease)))
                .orElse(transaction);
    }
}
