// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.LeaseStatus;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Member;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import io.rollingops.etcd.Watch;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.etcd.WatchListener;
import io.rollingops.testing.Agenda;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** One process's way to {@link SimulatedStore}: delays, loses, and lets a change arrive after its caller gave it up. */
final class SimulatedClient implements EtcdClient {
    private static final long MILLI = 1_000_000;
    private static final long LIMIT = 500 * MILLI;

    private final SimulatedStore store;
    private final Agenda agenda;
    private final double faults;
    private boolean cutOff;
    private boolean dead;
    private long calls;

    SimulatedClient(SimulatedStore store, Agenda agenda, double faults) {
        this.store = store;
        this.agenda = agenda;
        this.faults = faults;
    }

    void cutOff(boolean isCutOff) {
        cutOff = isCutOff;
    }

    /** The process is gone: it hears nothing any more. */
    void die() {
        dead = true;
    }

    /** How many calls and watch events went to and fro. */
    long messages() {
        return calls;
    }

    private <T> CompletableFuture<T> call(Supplier<T> there, boolean changes) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        calls++;
        if (dead) {
            return answer;
        }
        if (cutOff) {
            fail(answer, LIMIT, new RollingOpsException.Unavailable("etcd cannot be reached"));
            return answer;
        }
        if (agenda.chance(faults)) {
            if (agenda.chance(0.5)) {
                // It arrives, and nobody waits for the answer.
                agenda.in(agenda.between(1, 6_000) * MILLI, () -> {
                    T late = there.get();
                    agenda.note(() -> "late: " + late);
                });
            }
            fail(
                    answer,
                    LIMIT,
                    changes
                            ? new RollingOpsException.Indeterminate("no answer")
                            : new RollingOpsException.Unavailable("no answer"));
            return answer;
        }
        agenda.in(delay(), () -> {
            T value = there.get();
            agenda.in(delay(), () -> {
                if (!dead) {
                    answer.complete(value);
                }
            });
        });
        return answer;
    }

    private <T> void fail(CompletableFuture<T> answer, long after, RollingOpsException reason) {
        agenda.in(after, () -> {
            if (!dead) {
                answer.completeExceptionally(reason);
            }
        });
    }

    private long delay() {
        return agenda.chance(0.05) && faults > 0 ? agenda.between(1, 200) * MILLI : agenda.between(100_000, MILLI);
    }

    @Override
    public EtcdClient within(Duration limit) {
        return this;
    }

    @Override
    public CompletableFuture<Listing> read(Query query) {
        return call(() -> store.read(query), false);
    }

    @Override
    public CompletableFuture<TransactionOutcome> commit(Transaction transaction) {
        return call(() -> store.commit(transaction), !transaction.isReadOnly());
    }

    @Override
    public CompletableFuture<GrantedLease> grantLease(Duration ttl) {
        return call(() -> new GrantedLease(store.grant(ttl.toNanos()), ttl), true);
    }

    @Override
    public CompletableFuture<Optional<Duration>> keepAlive(LeaseId lease) {
        return call(() -> store.renew(lease) ? Optional.of(Duration.ofSeconds(1)) : Optional.empty(), false);
    }

    @Override
    public CompletableFuture<Boolean> revoke(LeaseId lease) {
        return call(() -> store.revoke(lease), true);
    }

    @Override
    public CompletableFuture<Optional<LeaseStatus>> timeToLive(LeaseId lease) {
        throw new UnsupportedOperationException("the lock does not ask for it");
    }

    /** A watch loses nothing, however long its connection is away. */
    @Override
    public CompletableFuture<Watch> watch(KeyRange keys, WatchListener listener, Executor executor) {
        List<Runnable> held = new ArrayList<>();
        boolean[] closed = new boolean[1];
        SimulatedStore.Observer observer =
                new SimulatedStore.Observer(keys, (revision, events) -> deliver(listener, events, held, closed));
        return call(
                () -> {
                    store.observers.add(observer);
                    Revision created = store.read(Query.of(keys)).revision();
                    return new Watch() {
                        @Override
                        public Revision createdAt() {
                            return created;
                        }

                        @Override
                        public void close() {
                            closed[0] = true;
                            store.observers.remove(observer);
                        }
                    };
                },
                false);
    }

    /** In order, and only when connected. */
    private void deliver(WatchListener listener, List<WatchEvent> events, List<Runnable> held, boolean[] closed) {
        calls++;
        held.add(() -> {
            if (!dead && !closed[0]) {
                listener.changed(events);
            }
        });
        agenda.in(delay(), () -> flush(held));
    }

    private void flush(List<Runnable> held) {
        if (cutOff) {
            agenda.in(100 * MILLI, () -> flush(held));
            return;
        }
        List<Runnable> ready = List.copyOf(held);
        held.clear();
        ready.forEach(Runnable::run);
    }

    @Override
    public CompletableFuture<List<EndpointReport>> endpoints() {
        throw new UnsupportedOperationException("the lock does not ask for it");
    }

    @Override
    public CompletableFuture<List<Member>> members() {
        throw new UnsupportedOperationException("the lock does not ask for it");
    }
}
