// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.ProcessingBackend;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.grpc.GrpcEtcdClient;
import io.rollingops.etcd.lock.EtcdClusterLock;
import io.rollingops.etcd.lock.InTurn;
import io.rollingops.etcd.lock.LockKeys;
import io.rollingops.etcd.lock.LockSettings;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.ClusterLock;
import io.rollingops.testkit.etcd.EtcdCluster;
import io.rollingops.testkit.etcd.EtcdOptions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The whole hand-over between two units of one application that shares a lock with others: from the end of one callback to
 * the beginning of the next, over three Raft members and three etcd members, beside what it consists of: two commits and one
 * hand-over of a bare etcd client. Then what happens when all of etcd is killed.
 */
public final class SharedRoll {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int UNITS = 3;
    private static final int SLICES = 5;
    private static final LockSettings TIMES = LockSettings.DEFAULT.returningAfter(Duration.ofSeconds(1));

    private SharedRoll() {}

    public static void main(String[] arguments) throws Exception {
        Logger.getLogger("").setLevel(Level.SEVERE);
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        try (EtcdCluster etcd = EtcdCluster.start(EtcdOptions.members(3).defaultTimings());
                RaftCluster raft = new RaftCluster(3);
                Locks locks = new Locks(EtcdSettings.plain(etcd.endpoints()), UNITS);
                BareClients bare = new BareClients(EtcdSettings.plain(etcd.endpoints()), "roll", 2);
                Fleet fleet = new Fleet(raft, UNITS, locks.all::get)) {
            await("all units work over etcd", () -> fleet.areOn(ProcessingBackend.ETCD));
            measure(raft, bare, fleet, rounds); // warm-up, thrown away
            measure(raft, bare, fleet, rounds).forEach(System.out::println);
            killed(etcd, locks, fleet);
        }
    }

    private static List<String> measure(RaftCluster raft, BareClients bare, Fleet fleet, int rounds) throws Exception {
        List<Long> commits = new ArrayList<>();
        List<Long> etcd = new ArrayList<>();
        List<Long> whole = new ArrayList<>();
        for (int slice = 0; slice < SLICES; slice++) {
            HandOver.commits(raft, rounds / SLICES).addTo(commits);
            bare.measure(rounds / SLICES, 2, etcd);
            fleet.handOvers(rounds / SLICES).addTo(whole);
        }
        Sample commit = Sample.of("commit, three Raft members", commits);
        Sample handOver = Sample.of("floor: delete, event, guarded put; three etcd members", etcd);
        Sample all = Sample.of("end of one unit's callback to the next unit's beginning", whole);
        return List.of(
                commit.toString(),
                handOver.toString(),
                all.toString(),
                String.format(
                        Locale.ROOT,
                        "  whole / (two commits + floor) at p50: %.2f (wanted: 1.3 or less)   load: %s",
                        all.millis(0.5) / (2 * commit.millis(0.5) + handOver.millis(0.5)),
                        SharedLock.load()));
    }

    /** Nobody executes when etcd dies; then there is something to do. */
    private static void killed(EtcdCluster etcd, Locks locks, Fleet fleet) throws InterruptedException {
        etcd.killAll();
        long died = System.nanoTime();
        long[] known = new long[1];
        Thread watcher = new Thread(() -> {
            await("the loss is known", locks::knowLoss);
            known[0] = System.nanoTime();
        });
        watcher.start();
        List<Fleet.Turn> turns = fleet.run(1);
        watcher.join();
        long begun = turns.get(0).beginNanos();
        System.out.printf(
                Locale.ROOT,
                "all of etcd killed, nobody executing: the loss is known after %.2f s, the next callback begins %.2f s after"
                        + " that (wanted: 2 s or less)%n",
                (known[0] - died) / 1e9,
                (begun - known[0]) / 1e9);
        LeaseTerms lease = TIMES.lease();
        System.out.printf(
                Locale.ROOT,
                "with somebody executing: with 'degrade' he goes on; with 'block' he is stopped at the latest %.1f s after"
                        + " his last answered renewal, of which there is one every %.1f s%n",
                lease.trusted().toMillis() / 1e3,
                lease.renewEvery().toMillis() / 1e3);
    }

    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("not within " + LIMIT + ": " + what);
            }
            try {
                TimeUnit.MILLISECONDS.sleep(1);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** A lock for each unit, each with a client of its own, as in processes of their own. */
    private static final class Locks implements AutoCloseable {
        final List<ClusterLock> all = new ArrayList<>();
        private final List<Runnable> ends = new ArrayList<>();
        private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(1);

        Locks(EtcdSettings settings, int units) {
            for (int i = 0; i < units; i++) {
                InTurn inTurn = new InTurn();
                GrpcEtcdClient client = new GrpcEtcdClient(settings, inTurn);
                EtcdClusterLock lock = new EtcdClusterLock(
                        client,
                        LockKeys.of("roll", "0", RaftCluster.unit(i)),
                        TIMES,
                        new HostClock(System::nanoTime, InstantSource.system()),
                        inTurn,
                        (delay, task) -> {
                            if (!timers.isShutdown()) {
                                Future<?> unused = timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
                            }
                        },
                        event -> {});
                all.add(lock.start());
                ends.add(lock::close);
                ends.add(client::close);
            }
        }

        boolean knowLoss() {
            return all.stream().anyMatch(lock -> lock.state().reach() == ClusterLock.Reach.AWAY);
        }

        @Override
        public void close() {
            ends.forEach(Runnable::run);
            timers.shutdownNow();
        }
    }
}
