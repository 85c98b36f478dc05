// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.Operation;
import io.rollingops.OperationCodec;
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

/** The transactions and queries of the lock. */
final class LockCalls {
    /** Pending entries that are looked at to find somebody who polls; those in front are the oldest. */
    private static final int POLLERS_SEEN = 64;

    private final LockKeys keys;

    LockCalls(LockKeys keys) {
        this.keys = keys;
    }

    Transaction openSession(LeaseId lease) {
        return Transaction.always(
                Action.put(keys.session(), keys.lockValue(), lease),
                Action.read(Query.key(keys.lock())),
                Action.read(Query.key(keys.ticket())));
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

    Transaction takeFree(Session session, Operation operation) {
        return Transaction.when(isOurs(session), Guard.absent(keys.lock()), Guard.noneIn(keys.tickets()))
                .then(
                        Action.put(keys.lock(), keys.lockValue(), session.lease()),
                        Action.delete(keys.completed()),
                        entry(keys.inProgress(operation.id()), operation, session))
                .otherwise(Action.read(Query.key(keys.session())));
    }

    Transaction enqueue(Session session, Operation operation) {
        return Transaction.when(isOurs(session), Guard.absent(keys.ticket()))
                .then(
                        Action.put(keys.ticket(), keys.lockValue(), session.lease()),
                        Action.delete(keys.completed()),
                        entry(keys.pending(operation.id()), operation, session))
                .otherwise(Action.read(Query.key(keys.session())));
    }

    Transaction takeInTurn(Session session, Revision ticket, Operation operation) {
        return Transaction.when(isOurs(session), Guard.absent(keys.lock()), Guard.createdAt(keys.ticket(), ticket))
                .then(
                        Action.put(keys.lock(), keys.lockValue(), session.lease()),
                        Action.delete(keys.ticket()),
                        Action.delete(keys.pending(operation.id())),
                        entry(keys.inProgress(operation.id()), operation, session))
                .otherwise(
                        Action.read(Query.key(keys.session())),
                        Action.read(Query.key(keys.ticket())),
                        Action.read(Query.key(keys.lock())));
    }

    Transaction release(Session session, Revision lock, Optional<Operation> finished) {
        Transaction release = Transaction.when(isOurs(session), Guard.createdAt(keys.lock(), lock))
                .then(Action.delete(keys.lock()), Action.delete(keys.pending()), Action.delete(keys.inProgress()))
                .otherwise(Action.read(Query.key(keys.session())));
        return finished.map(operation -> release.then(entry(keys.completed(operation.id()), operation, session)))
                .orElse(release);
    }

    Transaction withdraw(Session session, Revision ticket) {
        return Transaction.when(isOurs(session), Guard.createdAt(keys.ticket(), ticket))
                .then(Action.delete(keys.ticket()), Action.delete(keys.pending()))
                .otherwise(Action.read(Query.key(keys.session())));
    }

    /** The lock and the first two in line. */
    Transaction lookAtFront() {
        return Transaction.always(
                Action.read(Query.key(keys.lock())),
                Action.read(Query.of(keys.tickets())
                        .sortedBy(Query.Order.CREATED_ASCENDING)
                        .keysOnly()
                        .first(2)));
    }

    /** The lock and the whole line. */
    Transaction lookAtAll() {
        return Transaction.always(
                Action.read(Query.key(keys.lock())),
                Action.read(Query.of(keys.tickets())
                        .sortedBy(Query.Order.CREATED_ASCENDING)
                        .keysOnly()));
    }

    Transaction lookForPollers() {
        return Transaction.always(
                Action.read(Query.of(keys.queues())
                        .sortedBy(Query.Order.CREATED_ASCENDING)
                        .keysOnly()
                        .first(POLLERS_SEEN)),
                Action.read(Query.of(keys.passedOver()).keysOnly()));
    }

    Transaction passOver(Session session, String owner, LeaseId lease) {
        return Transaction.when(isOurs(session)).then(Action.put(keys.passedOver(owner), keys.lockValue(), lease));
    }

    /** The first one who asked before that ticket was made and has none; whoever was passed over does not count. */
    Optional<String> poller(List<Listing> findings, Revision ticket) {
        List<String> passedOver = findings.get(1).entries().stream()
                .map(entry -> keys.ownerAtEnd(entry.key()))
                .toList();
        return findings.get(0).entries().stream()
                .filter(entry -> ticket.isAfter(entry.created()))
                .flatMap(entry -> keys.ownerOfPending(entry.key()).stream())
                .filter(owner -> !owner.equals(keys.owner()) && !passedOver.contains(owner))
                .findFirst();
    }

    private Guard isOurs(Session session) {
        return Guard.modifiedAt(keys.session(), session.written());
    }

    private static Action entry(Bytes key, Operation operation, Session session) {
        return Action.put(key, Bytes.utf8(OperationCodec.write(operation)), session.lease());
    }
}
