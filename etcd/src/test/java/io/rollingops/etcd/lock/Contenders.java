// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.Operation;
import io.rollingops.UnitName;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.grpc.GrpcEtcdClient;
import io.rollingops.json.Json;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.ClusterLock.Hold;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Units of several applications that want one lock on a real etcd. */
final class Contenders implements AutoCloseable {
    static final LockSettings QUICK = new LockSettings(
            new LeaseTerms(Duration.ofSeconds(6), Duration.ofMillis(500), Duration.ofMillis(200)),
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            Duration.ofSeconds(60));
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final String clusterId;
    private final List<Contender> contenders = new ArrayList<>();

    Contenders(String clusterId) {
        this.clusterId = clusterId;
    }

    Contender add(String application, EtcdSettings etcd) {
        Contender contender = new Contender(LockKeys.of(clusterId, "5eed", new UnitName(application, 0)), etcd);
        contenders.add(contender);
        return contender;
    }

    @Override
    public void close() {
        contenders.forEach(Contender::close);
    }

    /** One unit. */
    static final class Contender implements AutoCloseable {
        final EtcdClusterLock lock;
        final GrpcEtcdClient client;
        final LinkedBlockingQueue<LockEvent> story = new LinkedBlockingQueue<>();
        private final ExecutorService executor = Executors.newSingleThreadExecutor();
        private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(1);
        private final AtomicLong wallJumpSeconds = new AtomicLong();
        private boolean closed;

        Contender(LockKeys keys, EtcdSettings etcd) {
            client = new GrpcEtcdClient(etcd, executor);
            lock = new EtcdClusterLock(
                    client,
                    keys,
                    QUICK,
                    new HostClock(System::nanoTime, () -> Instant.now().plusSeconds(wallJumpSeconds.get())),
                    executor,
                    (delay, task) -> {
                        Future<?> unused = timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
                    },
                    story::add);
            lock.start();
        }

        void want() {
            lock.want(operation());
        }

        static Operation operation() {
            return Operation.requested("restart", Json.Obj.EMPTY, OptionalInt.empty(), Instant.now());
        }

        /** Lets the time of day jump, and no time pass. */
        void jumpWall(long seconds) {
            wallJumpSeconds.addAndGet(seconds);
        }

        Hold hold() {
            return lock.state().hold();
        }

        long awaitHeld() {
            awaitHold(Hold.HELD);
            return lock.state().token().orElseThrow();
        }

        void awaitHold(Hold wanted) {
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(5))
                    .untilAsserted(
                            () -> assertThat(hold()).as("%s %s", lock, story).isEqualTo(wanted));
        }

        /** As when the process dies: nobody says goodbye. */
        void die() {
            closed = true;
            timers.shutdownNow();
            executor.shutdownNow();
            client.close();
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                lock.close();
                timers.shutdownNow();
                executor.shutdownNow();
                client.close();
            }
        }
    }
}
