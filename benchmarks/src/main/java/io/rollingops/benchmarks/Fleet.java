// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.Host;
import io.rollingops.manager.HostClock;
import io.rollingops.manager.RollingOpsManager;
import io.rollingops.manager.UnitEvent;
import io.rollingops.peer.PeerCommand;
import io.rollingops.raft.RaftPeerStore;
import io.rollingops.spi.ClusterLock;
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
import java.util.function.IntFunction;

/** Units with a callback that does nothing, over the members of a group. */
final class Fleet implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** One run of a callback. */
    record Turn(int unit, long beginNanos, long endNanos) {}

    private final List<RollingOpsManager> managers = new ArrayList<>();
    private final List<ExecutorService> executors = new ArrayList<>();
    private final List<Turn> turns = new ArrayList<>();
    private final ExecutorService callbacks = executor(Executors.newCachedThreadPool());
    private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(4);
    private volatile CountDownLatch left = new CountDownLatch(0);
    private volatile CountDownLatch asked = new CountDownLatch(0);
    private int generation;

    /** Units that share nothing with other applications. */
    Fleet(RaftCluster cluster, int units) throws IOException, InterruptedException {
        this(cluster, units, unit -> ClusterLock.none());
    }

    /** Units with a lock each that their application shares with others. */
    Fleet(RaftCluster cluster, int units, IntFunction<ClusterLock> locks) throws IOException, InterruptedException {
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
                    .clusterLock(locks.apply(i), ClusterLossPolicy.DEGRADE)
                    .story(event -> {
                        if (event instanceof UnitEvent.LeaseOpened) {
                            ready.countDown();
                        }
                    })
                    .callback("nothing", context -> {
                        long begin = System.nanoTime();
                        asked.await();
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
                between[count++] = seen.get(i).beginNanos() - seen.get(i - 1).endNanos();
            }
        }
        return new Sample(
                "hand-over, " + managers.size() + " units on three members", java.util.Arrays.copyOf(between, count));
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

    /** That many operations, the units taking turns in being asked; the first one ends when all have been asked for. */
    List<Turn> run(int operations) throws InterruptedException {
        begin(operations);
        asked = new CountDownLatch(1);
        for (int i = 0; i < operations; i++) {
            managers.get(i % managers.size())
                    .requestAsyncLock("nothing", Map.of("n", i, "generation", generation), OptionalInt.of(0));
        }
        asked.countDown();
        return await(operations);
    }

    /** Whether all units work over that backend now. */
    boolean areOn(ProcessingBackend backend) {
        return managers.stream().allMatch(manager -> manager.state().processingBackend() == backend);
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
            throw new IllegalStateException("only " + (operations - left.getCount()) + " of " + operations + " ran");
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
