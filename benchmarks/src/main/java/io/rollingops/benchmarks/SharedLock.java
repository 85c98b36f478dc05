// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.Operation;
import io.rollingops.UnitName;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
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
    private static final int SLICES = 5;
    private static final int KILLS = 5;

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
            cold(EtcdSettings.plain(etcd.endpoints()), rounds);
            killed(EtcdSettings.plain(etcd.endpoints()));
        }
    }

    /** Ours and the floor in turns, so that whatever else the machine does is the same for both. */
    static List<String> handOver(EtcdCluster etcd, int waiting, int rounds, int holdMillis) throws Exception {
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

    static String load() throws IOException {
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

    /** From the death of a holder, who says nothing, to the next one's having it. */
    private static void killed(EtcdSettings settings) throws Exception {
        LockSettings quick = LockSettings.of(LockSettings.LEASE_MIN);
        List<Long> nanos = new ArrayList<>();
        for (int i = 0; i < KILLS; i++) {
            try (Contenders contenders = new Contenders(settings, "killed-" + i, 2, quick)) {
                contenders.begin();
                Contender first = Objects.requireNonNull(contenders.holder);
                long begin = System.nanoTime();
                first.die();
                nanos.add(await(contenders.holders).heldNanos - begin);
            }
        }
        Sample sample =
                Sample.of("ours: holder killed, lease " + quick.lease().ttl().toSeconds() + " s", nanos);
        System.out.println(sample);
        System.out.printf(
                Locale.ROOT,
                "  longest: %.2f s (wanted: %.1f s or less)%n",
                sample.millis(1) / 1e3,
                quick.lease().ttl().toSeconds() + 0.5);
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

    /** A process that has only just started, with its connection open: lease, session, lock. */
    private static void cold(EtcdSettings settings, int rounds) throws Exception {
        List<Long> ours = new ArrayList<>();
        List<Long> plain = new ArrayList<>();
        for (int i = 0; i < rounds / SLICES; i++) {
            LinkedBlockingQueue<Contender> holders = new LinkedBlockingQueue<>();
            try (Contender one = new Contender(settings, "cold-" + i, 0, LockSettings.DEFAULT, holders)) {
                Bytes key = Bytes.utf8("/benchmark/cold/" + i);
                one.client.within(LIMIT).read(Query.key(key)).get();
                long plainBegin = System.nanoTime();
                GrantedLease lease = one.client
                        .within(LIMIT)
                        .grantLease(Duration.ofSeconds(60))
                        .get();
                one.client
                        .within(LIMIT)
                        .commit(Transaction.always(Action.put(key, Bytes.utf8("x"), lease.id())))
                        .get();
                long begin = System.nanoTime();
                plain.add(begin - plainBegin);
                one.lock.start();
                one.want();
                await(holders);
                ours.add(one.heldNanos - begin);
            }
        }
        Sample plainSample = Sample.of("one lease grant and one transaction", plain);
        Sample sample = Sample.of("ours: free, from nothing", ours);
        System.out.println(plainSample);
        System.out.println(sample);
        System.out.println(compared(plainSample, sample));
    }

    static <T> T await(LinkedBlockingQueue<T> queue) throws InterruptedException {
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
            this(settings, cluster, count, LockSettings.DEFAULT);
        }

        Contenders(EtcdSettings settings, String cluster, int count, LockSettings times) {
            for (int i = 0; i < count; i++) {
                Contender contender = new Contender(settings, cluster, i, times, holders);
                all.add(contender);
                contender.lock.start();
            }
        }

        void begin() throws InterruptedException {
            all.forEach(Contender::want);
            holder = await(holders);
        }

        void measure(int rounds, int holdMillis, List<Long> nanos) throws Exception {
            for (int i = 0; i < rounds; i++) {
                Contender held = Objects.requireNonNull(holder);
                TimeUnit.MILLISECONDS.sleep(holdMillis);
                long begin = System.nanoTime();
                held.lock.drop();
                Contender next = await(holders);
                nanos.add(next.heldNanos - begin);
                held.wantAgain();
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
        private boolean isDead;

        Contender(
                EtcdSettings settings,
                String cluster,
                int number,
                LockSettings times,
                LinkedBlockingQueue<Contender> holders) {
            this.number = number;
            client = new GrpcEtcdClient(settings, executor);
            lock = new EtcdClusterLock(
                    client,
                    LockKeys.of(cluster, "0", new UnitName("app" + number, 0)),
                    times,
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
        }

        void want() {
            held = false;
            lock.want(Operation.requested(
                    "restart", Json.object().put("n", number).build(), OptionalInt.empty(), Instant.now()));
        }

        /** In line again before the next hold begins, as the bare client has its lock before it begins to hold. */
        void wantAgain() throws Exception {
            want();
            awaitThat(lock.keys().ticket(), true);
        }

        void awaitReleased() throws Exception {
            awaitThat(lock.keys().lock(), false);
        }

        private void awaitThat(Bytes key, boolean isThere) throws Exception {
            long end = System.nanoTime() + LIMIT.toNanos();
            while (client.read(Query.key(key)).get().entries().isEmpty() == isThere) {
                if (System.nanoTime() > end) {
                    throw new IllegalStateException(key + (isThere ? " was not written" : " was not deleted"));
                }
            }
        }

        /** As when the process is killed: nothing is given back, nobody says goodbye. */
        void die() {
            isDead = true;
            timers.shutdownNow();
            client.close();
        }

        @Override
        public void close() {
            if (isDead) {
                return;
            }
            lock.close();
            client.close();
            timers.shutdownNow();
        }
    }
}
