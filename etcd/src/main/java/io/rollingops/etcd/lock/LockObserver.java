// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.etcd.Action;
import io.rollingops.etcd.ActionResult;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Looks at the lock for a person; takes no part. Safe for all threads. */
public final class LockObserver {
    private static final int WAITERS_MAX = 1_000;

    private final EtcdClient etcd;
    private final LockKeys keys;

    public LockObserver(EtcdClient etcd, LockKeys keys) {
        this.etcd = etcd;
        this.keys = keys;
    }

    /** Who has the lock and who waits; fails as calls to etcd fail. */
    public CompletableFuture<LockView> look() {
        return etcd.commit(Transaction.always(
                        Action.read(Query.key(keys.lock())),
                        Action.read(Query.of(keys.tickets())
                                .sortedBy(Query.Order.CREATED_ASCENDING)
                                .first(WAITERS_MAX))))
                .thenCompose(this::withLease);
    }

    private CompletableFuture<LockView> withLease(TransactionOutcome outcome) {
        List<Listing> found = outcome.fold(
                applied -> applied.results().stream()
                        .map(result -> ((ActionResult.Found) result).listing())
                        .toList(),
                declined -> List.<Listing>of(),
                gone -> List.<Listing>of());
        Optional<KeyValue> lock = found.get(0).first();
        List<String> waiters = found.get(1).entries().stream()
                .filter(ticket -> lock.filter(held -> held.value().equals(ticket.value()))
                        .isEmpty()) // whoever has the lock has a ticket, too
                .map(LockObserver::owner)
                .toList();
        if (lock.isEmpty()) {
            return CompletableFuture.completedFuture(new LockView(Optional.empty(), waiters));
        }
        LockView.Holder holder =
                new LockView.Holder(owner(lock.get()), lock.get().created().number(), Optional.empty());
        return lock.get()
                .lease()
                .map(lease -> etcd.timeToLive(lease)
                        .thenApply(status -> new LockView(
                                Optional.of(new LockView.Holder(
                                        holder.owner(), holder.token(), status.map(left -> left.left()))),
                                waiters)))
                .orElseGet(() -> CompletableFuture.completedFuture(new LockView(Optional.of(holder), waiters)));
    }

    private static String owner(KeyValue entry) {
        return entry.value().text().orElse("?");
    }
}
