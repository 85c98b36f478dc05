// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.manager.Host;
import io.rollingops.manager.HostClock;
import io.rollingops.manager.RollingOpsManager;
import io.rollingops.manager.UnitEvent;
import io.rollingops.peer.PeerCommand;
import io.rollingops.raft.RaftPeerStore;
import io.rollingops.spi.PeerStore;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Three Raft members in one JVM, fsync on: what a commit costs, what a hand-over between two units costs, what a whole
 * roll costs, and whether many units make it dearer. All in one run, so that the ratios mean something on a noisy machine.
 */
public final class HandOver {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** One run of a callback. */
    private record Turn(int unit, long beginNanos, long endNanos) {}

    private HandOver() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Logger.getLogger("").setLevel(Level.SEVERE);
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        try (RaftCluster cluster = new RaftCluster(3)) {
            commits(cluster, rounds); // warm-up of the JIT, thrown away
            try (Fleet fleet = new Fleet(cluster, 3)) {
                fleet.handOvers(rounds);
                Sample commit = commits(cluster, rounds);
                Sample handOver = fleet.handOvers(rounds);
                System.out.println(commit);
                System.out.println(handOver);
                System.out.printf(
                        Locale.ROOT,
                        "hand-over / commit at p50: %.2f (wanted: 3 or less)%n",
                        handOver.millis(0.5) / commit.millis(0.5));
            }
        }
        try (RaftCluster cluster = new RaftCluster(3);
                Fleet fleet = new Fleet(cluster, 20)) {
            fleet.handOvers(rounds);
            fleet.roll(cluster.operator());
        }
        double ten = sharedUnits(10, rounds);
        double hundred = sharedUnits(100, rounds);
        System.out.printf(Locale.ROOT, "100 units / 10 units at p50: %.2f (wanted: 1.5 or less)%n", hundred / ten);
    }

    /** What one commit costs, sent through each member in turn. */
    private static Sample commits(RaftCluster cluster, int rounds) throws IOException {
        List<RaftPeerStore> stores = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            stores.add(cluster.store(200 + i));
            stores.get(i).submit(new PeerCommand.Join(), LIMIT);
        }
        long[] nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            PeerStore store = stores.get(i % 3);
            long begin = System.nanoTime();
            store.submit(new PeerCommand.WriteUnit(Map.of(), Map.of("n", "" + i)), LIMIT);
            nanos[i] = System.nanoTime() - begin;
        }
        return new Sample("commit, three members", nanos);
    }

    private static double sharedUnits(int units, int rounds) throws IOException, InterruptedException {
        try (RaftCluster cluster = new RaftCluster(3);
                Fleet fleet = new Fleet(cluster, units)) {
            fleet.handOvers(rounds);
            Sample sample = fleet.handOvers(rounds);
            System.out.println(sample);
            return sample.millis(0.5);
        }
    }

    /** Units with a callback that does nothing. */
    private static final class Fleet implements AutoCloseable {
        private final List<RollingOpsManager> managers = new ArrayList<>();
        private final List<ExecutorService> executors = new ArrayList<>();
        private final List<Turn> turns = new ArrayList<>();
        private final ExecutorService callbacks = executor(Executors.newCachedThreadPool());
        private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(4);
        private volatile CountDownLatch left = new CountDownLatch(0);
        private int generation;

        Fleet(RaftCluster cluster, int units) throws IOException, InterruptedException {
            executors.add(timers);
            CountDownLatch ready = new CountDownLatch(units);
            for (int i = 0; i < units; i++) {
                int unit = i;
                Host host = new Host(
                        executor(Executors.newSingleThreadExecutor()),
                        callbacks,
                        timers,
                        new HostClock(System::nanoTime, InstantSource.system()),
                        reason -> {
                            throw new IllegalStateException(reason);
                        });
                managers.add(RollingOpsManager.builder(cluster.store(i), host, "process" + i)
                        .story(event -> {
                            if (event instanceof UnitEvent.LeaseOpened) {
                                ready.countDown();
                            }
                        })
                        .callback("nothing", context -> {
                            long begin = System.nanoTime();
                            synchronized (turns) {
                                turns.add(new Turn(unit, begin, System.nanoTime()));
                            }
                            left.countDown();
                            return OperationResult.RELEASE;
                        })
                        .start());
            }
            if (!ready.await(2, TimeUnit.MINUTES)) {
                throw new IllegalStateException("the units did not get ready");
            }
        }

        /** Turns of all units, one after the other, that many in all; the times between two of different units. */
        Sample handOvers(int rounds) throws InterruptedException {
            List<Turn> seen = run(rounds);
            long[] between = new long[seen.size() - 1];
            int count = 0;
            for (int i = 1; i < seen.size(); i++) {
                if (seen.get(i).unit() != seen.get(i - 1).unit()) {
                    between[count++] =
                            seen.get(i).beginNanos() - seen.get(i - 1).endNanos();
                }
            }
            return new Sample(
                    "hand-over, " + managers.size() + " units on three members",
                    java.util.Arrays.copyOf(between, count));
        }

        /** Two turns for each of ten units, asked for at once: twenty operations. */
        void roll(RaftPeerStore operator) throws InterruptedException {
            Set<UnitName> units = new TreeSet<>();
            for (int i = 0; i < managers.size(); i++) {
                units.add(RaftCluster.unit(i));
            }
            begin(managers.size());
            long begin = System.nanoTime();
            operator.submit(new PeerCommand.RequestFor(units, "nothing", Json.Obj.EMPTY, OptionalInt.of(0)), LIMIT);
            List<Turn> seen = await(managers.size());
            System.out.printf(
                    Locale.ROOT,
                    "one roll of %d units, from the request to the end: %.2f ms (wanted: 500 or less)%n",
                    managers.size(),
                    (seen.get(seen.size() - 1).endNanos() - begin) / 1e6);
        }

        private List<Turn> run(int operations) throws InterruptedException {
            begin(operations);
            for (int i = 0; i < operations; i++) {
                managers.get(i % managers.size())
                        .requestAsyncLock("nothing", Map.of("n", i, "generation", generation), OptionalInt.of(0));
            }
            return await(operations);
        }

        private void begin(int operations) {
            synchronized (turns) {
                turns.clear();
            }
            generation++;
            left = new CountDownLatch(operations);
        }

        private List<Turn> await(int operations) throws InterruptedException {
            if (!left.await(5, TimeUnit.MINUTES)) {
                throw new IllegalStateException(
                        "only " + (operations - left.getCount()) + " of " + operations + " ran");
            }
            synchronized (turns) {
                return List.copyOf(turns);
            }
        }

        private ExecutorService executor(ExecutorService service) {
            executors.add(service);
            return service;
        }

        @Override
        public void close() {
            executors.forEach(ExecutorService::shutdownNow);
        }
    }
}
