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
import io.rollingops.etcd.lock.InTurn;
import io.rollingops.etcd.lock.LockKeys;
import io.rollingops.etcd.lock.LockSettings;
import io.rollingops.json.Json;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.testkit.etcd.EtcdCluster;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.EtcdProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The lock in etcd between applications, on three etcd members: from one holder's giving it back to the next one's having
 * it, beside what a bare client needs for the same (delete, event of the watch, guarded put); and how long a free lock
 * takes, beside one transaction. All in one run.
 */
public final class SharedLock {
    private static final String WAITING = "2,10,50,200";
    private static final String HOLD_MILLIS = "2,250";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration CALL_LIMIT = Duration.ofSeconds(10);
    private static final int SLICES = 5;

    private SharedLock() {}

    public static void main(String[] arguments) throws Exception {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        String holds = arguments.length > 1 ? arguments[1] : HOLD_MILLIS;
        String waitings = arguments.length > 2 ? arguments[2] : WAITING;
        try (EtcdCluster etcd = EtcdCluster.start(EtcdOptions.members(3).defaultTimings())) {
            handOver(etcd, 2, Math.max(rounds, 300), 2); // warm-up, thrown away
            for (String hold : holds.split(",", -1)) {
                int holdMillis = Integer.parseInt(hold);
                for (String waiting : waitings.split(",", -1)) {
                    handOver(etcd, Integer.parseInt(waiting), Math.min(rounds, 10_000 / holdMillis), holdMillis)
                            .forEach(System.out::println);
                }
            }
            free(EtcdSettings.plain(etcd.endpoints()), rounds);
        }
    }

    /** Ours and the floor in turns, so that whatever else the machine does is the same for both. */
    private static List<String> handOver(EtcdCluster etcd, int waiting, int rounds, int holdMillis) throws Exception {
        EtcdSettings settings = EtcdSettings.plain(etcd.endpoints());
        String cluster = "waiting-" + waiting + "-" + holdMillis;
        List<Long> floor = new ArrayList<>();
        List<Long> ours = new ArrayList<>();
        long messages = 0;
        try (BareClients bare = new BareClients(settings, cluster, waiting + 1);
                Contenders contenders = new Contenders(settings, cluster, waiting + 1)) {
            contenders.begin();
            for (int slice = 0; slice < SLICES; slice++) {
                bare.measure(rounds / SLICES, holdMillis, floor);
                long before = messages(etcd);
                contenders.measure(rounds / SLICES, holdMillis, ours);
                messages += messages(etcd) - before;
            }
        }
        Sample bareSample = Sample.of("floor: delete, event, guarded put; held " + holdMillis + " ms", floor);
        Sample sample = Sample.of("ours: " + waiting + " waiting applications, held " + holdMillis + " ms", ours);
        return List.of(
                bareSample.toString(),
                sample.toString(),
                compared(bareSample, sample),
                String.format(
                        Locale.ROOT,
                        "  messages of the servers for each release: %.1f   load: %s",
                        messages / (double) ours.size(),
                        load()));
    }

    private static String compared(Sample floor, Sample ours) {
        return String.format(
                Locale.ROOT, "  ours / floor at p50: %.2f (wanted: 1.3 or less)", ours.millis(0.5) / floor.millis(0.5));
    }

    private static String load() throws IOException {
        return Files.readString(Path.of("/proc/loadavg")).strip();
    }

    /** How many messages all members have received from clients and sent to them so far. */
    private static long messages(EtcdCluster etcd) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        double sum = 0;
        for (EtcdProcess member : etcd.members()) {
            URI metrics = URI.create("http://" + member.endpoint() + "/metrics");
            String text = client.send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
            sum += text.lines()
                    .filter(line -> line.startsWith("grpc_server_msg_"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        }
        return Math.round(sum);
    }

    /**
     * What any lock with a watch costs at least: a client each, every one with a watch; two of them hand a key over.
     */
    private static final class BareClients implements AutoCloseable {
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
            Transaction take =
                    Transaction.when(Guard.absent(key)).then(Action.put(key, Bytes.utf8("waiter"), lease.id()));
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
                nanos.add(await(taken) - begin);
            }
        }

        @Override
        public void close() {
            clients.parallelStream().forEach(GrpcEtcdClient::close);
        }
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

    private static void free(EtcdSettings settings, int rounds) throws Exception {
        List<Long> warm = new ArrayList<>();
        List<Long> transaction = new ArrayList<>();
        try (Contenders contenders = new Contenders(settings, "free", 1)) {
            Contender one = contenders.all.get(0);
            for (int i = 0; i < 2 * rounds; i++) {
                long begin = System.nanoTime();
                one.want();
                await(contenders.holders);
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
        System.out.println(ours);
        System.out.println(compared(plain, ours));
    }

    private static <T> T await(LinkedBlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new IllegalStateException("nothing within " + LIMIT);
        }
        return next;
    }

    /** Applications with a client each, all of which want the lock again as soon as they had it. */
    private static final class Contenders implements AutoCloseable {
        final List<Contender> all = new ArrayList<>();
        final LinkedBlockingQueue<Contender> holders = new LinkedBlockingQueue<>();
        private @Nullable Contender holder;

        Contenders(EtcdSettings settings, String cluster, int count) {
            for (int i = 0; i < count; i++) {
                all.add(new Contender(settings, cluster, i, holders));
            }
        }

        void begin() throws InterruptedException {
            all.forEach(Contender::want);
            holder = await(holders);
        }

        void measure(int rounds, int holdMillis, List<Long> nanos) throws InterruptedException {
            for (int i = 0; i < rounds; i++) {
                Contender held = Objects.requireNonNull(holder);
                TimeUnit.MILLISECONDS.sleep(holdMillis);
                long begin = System.nanoTime();
                held.lock.drop();
                Contender next = await(holders);
                nanos.add(next.heldNanos - begin);
                held.want();
                holder = next;
            }
        }

        @Override
        public void close() {
            all.parallelStream().forEach(Contender::close);
        }
    }

    private static final class Contender implements AutoCloseable {
        private final InTurn executor = new InTurn();
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
                        if (!timers.isShutdown()) {
                            Future<?> unused = timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
                        }
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
        }
    }
}
