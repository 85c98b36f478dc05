// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.etcd.WatchListener;
import io.rollingops.etcd.grpc.GrpcEtcdClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What any lock with a watch costs at least: a client each, every one with a watch; two of them hand a key over.
 */
final class BareClients implements AutoCloseable {
    private static final Duration CALL_LIMIT = Duration.ofSeconds(10);

    private final List<GrpcEtcdClient> clients = new ArrayList<>();
    private final LinkedBlockingQueue<Long> taken = new LinkedBlockingQueue<>();
    private final Bytes key;

    BareClients(EtcdSettings settings, String name, int count) throws Exception {
        key = Bytes.utf8("/benchmark/" + name + "/lock");
        for (int i = 0; i < count; i++) {
            clients.add(new GrpcEtcdClient(settings, Runnable::run));
        }
        EtcdClient waiter = clients.get(1).within(CALL_LIMIT);
        GrantedLease lease = waiter.grantLease(Duration.ofSeconds(600)).get();
        Transaction take = Transaction.when(Guard.absent(key)).then(Action.put(key, Bytes.utf8("waiter"), lease.id()));
        waiter.watch(KeyRange.key(key), new Taker(waiter, take, taken), Runnable::run)
                .get();
        for (int i = 2; i < count; i++) {
            clients.get(i)
                    .within(CALL_LIMIT)
                    .watch(KeyRange.key(key.plus("/" + i)), new Taker(waiter, take, taken), Runnable::run)
                    .get();
        }
    }

    void measure(int rounds, int holdMillis, List<Long> nanos) throws Exception {
        EtcdClient holder = clients.get(0).within(CALL_LIMIT);
        for (int i = 0; i < rounds; i++) {
            holder.commit(Transaction.always(Action.put(key, Bytes.utf8("holder"))))
                    .get();
            TimeUnit.MILLISECONDS.sleep(holdMillis);
            long begin = System.nanoTime();
            holder.commit(Transaction.always(Action.delete(key))).get();
            nanos.add(SharedLock.await(taken) - begin);
        }
    }

    @Override
    public void close() {
        clients.parallelStream().forEach(GrpcEtcdClient::close);
    }

    private record Taker(EtcdClient etcd, Transaction take, LinkedBlockingQueue<Long> taken) implements WatchListener {
        @Override
        public void changed(List<WatchEvent> events) {
            if (events.get(events.size() - 1) instanceof WatchEvent.Deleted) {
                Future<?> unused = etcd.commit(take).thenAccept(outcome -> taken.add(System.nanoTime()));
            }
        }

        @Override
        public void relisted(Listing listing) {}

        @Override
        public void ended(RollingOpsException reason) {
            throw reason;
        }
    }
}
