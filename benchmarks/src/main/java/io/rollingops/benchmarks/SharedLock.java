// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.Operation;
import io.rollingops.UnitName;
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
import io.rollingops.etcd.lock.EtcdClusterLock;
import io.rollingops.etcd.lock.LockKeys;
import io.rollingops.etcd.lock.LockSettings;
import io.rollingops.json.Json;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.testkit.etcd.EtcdCluster;
import io.rollingops.testkit.etcd.EtcdOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The lock in etcd between applications, on three etcd members: from one holder's giving it back to the next one's having
 * it, beside what a bare client needs for the same (delete, event of the watch, guarded put); and how long a free lock
 * takes, beside one transaction. All in one run.
 */
public final class SharedLock {
    private static final int[] WAITING = {2, 10, 50, 200};
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private SharedLock() {}

    public static void main(String[] arguments) throws Exception {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        try (EtcdCluster etcd = EtcdCluster.start(EtcdOptions.members(3))) {
            EtcdSettings settings = EtcdSettings.plain(etcd.endpoints());
            floor(settings, rounds, 2); // warm-up, thrown away
            contended(settings, 4, rounds, 2);
            Sample floor = floor(settings, rounds, 2);
            System.out.println(floor);
            for (int waiting : WAITING) {
                compare(floor, contended(settings, waiting, Math.max(rounds, waiting), 2));
            }
            Sample slowFloor = floor(settings, 20, 250);
            System.out.println(slowFloor);
            compare(slowFloor, contended(settings, 10, 20, 250));
            free(settings, rounds);
        }
    }

    private static void compare(Sample floor, Sample ours) {
        System.out.println(ours);
        System.out.printf(
                Locale.ROOT,
                "  ours / floor at p50: %.2f (wanted: 1.3 or less)%n",
                ours.millis(0.5) / floor.millis(0.5));
    }

    /** What any lock with a watch costs at least. */
    private static Sample floor(EtcdSettings settings, int rounds, int holdMillis) throws Exception {
        Bytes key = Bytes.utf8("/benchmark/floor");
        List<Long> nanos = new ArrayList<>();
        try (GrpcEtcdClient holder = new GrpcEtcdClient(settings, Runnable::run);
                GrpcEtcdClient waiter = new GrpcEtcdClient(settings, Runnable::run)) {
            GrantedLease lease = waiter.grantLease(Duration.ofSeconds(60)).get();
            LinkedBlockingQueue<Long> taken = new LinkedBlockingQueue<>();
            Transaction take =
                    Transaction.when(Guard.absent(key)).then(Action.put(key, Bytes.utf8("waiter"), lease.id()));
            waiter.watch(KeyRange.key(key), new Taker(waiter, take, taken), Runnable::run)
                    .get();
            for (int i = 0; i < rounds; i++) {
                holder.commit(Transaction.always(Action.put(key, Bytes.utf8("holder"))))
                        .get();
                TimeUnit.MILLISECONDS.sleep(holdMillis); // how long it is held
                long begin = System.nanoTime();
                holder.commit(Transaction.always(Action.delete(key))).get();
                nanos.add(await(taken) - begin);
            }
        }
        return Sample.of("floor: delete, event, guarded put; held " + holdMillis + " ms", nanos);
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
        public void ended(io.rollingops.RollingOpsException reason) {
            throw reason;
        }
    }

    /** So many applications that all want it again as soon as they had it. */
    private static Sample contended(EtcdSettings settings, int waiting, int rounds, int holdMillis) throws Exception {
        LinkedBlockingQueue<Contender> holders = new LinkedBlockingQueue<>();
        List<Long> nanos = new ArrayList<>();
        try (Contenders contenders =
                new Contenders(settings, waiting, "contended-" + waiting + "-" + holdMillis, holders)) {
            contenders.all.forEach(Contender::want);
            Contender holder = await(holders);
            for (int i = 0; i < rounds; i++) {
                TimeUnit.MILLISECONDS.sleep(holdMillis); // how long it is held
                long begin = System.nanoTime();
                holder.lock.drop();
                Contender next = await(holders);
                nanos.add(next.heldNanos - begin);
                holder.want();
                holder = next;
            }
        }
        return Sample.of("ours: " + waiting + " applications, held " + holdMillis + " ms", nanos);
    }

    private static void free(EtcdSettings settings, int rounds) throws Exception {
        LinkedBlockingQueue<Contender> holders = new LinkedBlockingQueue<>();
        List<Long> warm = new ArrayList<>();
        List<Long> transaction = new ArrayList<>();
        try (Contenders contenders = new Contenders(settings, 1, "free", holders)) {
            Contender one = contenders.all.get(0);
            for (int i = 0; i < 2 * rounds; i++) {
                long begin = System.nanoTime();
                one.want();
                await(holders);
                long took = one.heldNanos - begin;
                long plain = System.nanoTime();
                one.client
                        .commit(Transaction.always(Action.put(Bytes.utf8("/benchmark/plain"), Bytes.utf8("x"))))
                        .get();
                if (i >= rounds) {
                    warm.add(took);
                    transaction.add(System.nanoTime() - plain);
                }
                one.lock.drop();
                one.awaitReleased();
            }
        }
        Sample plain = Sample.of("one transaction", transaction);
        Sample ours = Sample.of("ours: free, lease warm", warm);
        System.out.println(plain);
        compare(plain, ours);
    }

    private static <T> T await(LinkedBlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new IllegalStateException("nothing within " + LIMIT);
        }
        return next;
    }

    /** Applications with a client each. */
    private static final class Contenders implements AutoCloseable {
        final List<Contender> all = new ArrayList<>();

        Contenders(EtcdSettings settings, int count, String cluster, LinkedBlockingQueue<Contender> holders)
                throws InterruptedException {
            for (int i = 0; i < count; i++) {
                all.add(new Contender(settings, cluster, i, holders));
            }
        }

        @Override
        public void close() {
            all.parallelStream().forEach(Contender::close);
        }
    }

    private static final class Contender implements AutoCloseable {
        private final ExecutorService executor = Executors.newSingleThreadExecutor();
        private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(1);
        private final GrpcEtcdClient client;
        private final EtcdClusterLock lock;
        private final int number;
        private volatile long heldNanos;
        private boolean held;

        Contender(EtcdSettings settings, String cluster, int number, LinkedBlockingQueue<Contender> holders) {
            this.number = number;
            client = new GrpcEtcdClient(settings, executor);
            lock = new EtcdClusterLock(
                    client,
                    LockKeys.of(cluster, "0", new UnitName("app" + number, 0)),
                    LockSettings.DEFAULT,
                    new HostClock(System::nanoTime, InstantSource.system()),
                    executor,
                    (delay, task) -> {
                        Future<?> unused = timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
                    },
                    event -> {});
            lock.onChange(() -> {
                boolean now = lock.state().hold() == Hold.HELD;
                if (now && !held) {
                    heldNanos = System.nanoTime();
                    holders.add(this);
                }
                held = now;
            });
            lock.start();
        }

        void want() {
            held = false;
            lock.want(Operation.requested(
                    "restart", Json.object().put("n", number).build(), OptionalInt.empty(), Instant.now()));
        }

        void awaitReleased() throws Exception {
            long end = System.nanoTime() + LIMIT.toNanos();
            while (!client.read(io.rollingops.etcd.Query.key(lock.keys().lock()))
                    .get()
                    .entries()
                    .isEmpty()) {
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("the lock was not released");
                }
            }
        }

        @Override
        public void close() {
            lock.close();
            client.close();
            timers.shutdownNow();
            executor.shutdownNow();
        }
    }
}
