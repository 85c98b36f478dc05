// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.RollingOpsStatus;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the user of a manager sees of the lock that applications share. */
@Timeout(60)
class SharedLockTest {
    private final TestUnits units = new TestUnits();
    private final TestClusterLock cluster = new TestClusterLock();
    private final TestHost host = units.host();
    private final ExecutorService caller = Executors.newSingleThreadExecutor();

    @AfterEach
    void close() {
        caller.shutdownNow();
        units.close();
    }

    @Test
    void a_unit_with_its_applications_grant_waits_until_it_has_the_shared_lock() throws InterruptedException {
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        RollingOpsManager manager =
                start(host.manager(units.store, "web/0", "p1").callback("restart", context -> {
                    began.countDown();
                    end.await();
                    return OperationResult.RELEASE;
                }));

        manager.requestAsyncLock("restart");
        cluster.awaitWanted();
        assertThat(units.seen().isGrantedTo(TestUnits.unit(0))).isTrue();
        assertThat(manager.state().status()).isEqualTo(RollingOpsStatus.WAITING);
        assertThat(manager.state().processingBackend()).isEqualTo(ProcessingBackend.ETCD);

        cluster.give(5);
        assertThat(began.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(manager.state().status()).isEqualTo(RollingOpsStatus.GRANTED);
        cluster.lose();
        assertThat(manager.state().status())
                .as("it goes on under its application's grant")
                .isEqualTo(RollingOpsStatus.GRANTED);

        end.countDown();
        host.await(UnitEvent.Recorded.class);
        assertThat(manager.state().status()).isEqualTo(RollingOpsStatus.IDLE);
    }

    @Test
    void who_has_the_synchronous_lock_is_told_that_the_shared_one_is_lost_while_the_other_is_kept() throws Exception {
        RollingOpsManager manager = start(host.manager(units.store, "web/0", "p1"));
        Future<SyncLock> asked = caller.submit(
                () -> manager.acquireSyncLock(RollingOpsManager.NATIVE_SYNC_LOCK, Duration.ofSeconds(30)));
        cluster.awaitWanted();
        cluster.give(7);

        try (SyncLock lock = asked.get(20, TimeUnit.SECONDS)) {
            assertThat(lock.token().orElseThrow().cluster()).isEqualTo(OptionalLong.of(7));
            CompletableFuture<String> told = new CompletableFuture<>();
            lock.clusterSignal().onLost(told::complete);
            assertThat(lock.clusterSignal().isLost()).isFalse();

            cluster.lose();
            assertThat(told.get(20, TimeUnit.SECONDS)).contains("cluster-wide lock");
            assertThat(List.of(lock.signal().isLost(), lock.clusterSignal().isLost()))
                    .containsExactly(false, true);
        }
        host.await(UnitEvent.Recorded.class);
    }

    private RollingOpsManager start(RollingOpsManager.Builder builder) throws InterruptedException {
        RollingOpsManager manager =
                builder.clusterLock(cluster, ClusterLossPolicy.DEGRADE).start();
        host.await(UnitEvent.Switched.class);
        return manager;
    }
}
