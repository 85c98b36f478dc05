// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.RollingOpsStatus;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.peer.Outcome;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerEvent;
import io.rollingops.testing.InMemoryPeerStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RollingOpsManagerTest {
    private static final LeaseTerms SHORT_STOP =
            new LeaseTerms(Duration.ofSeconds(30), Duration.ofMillis(300), Duration.ofMillis(50));

    private final InMemoryPeerStore store = new InMemoryPeerStore("web", InstantSource.system());
    private final List<TestHost> hosts = new ArrayList<>();
    private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();

    RollingOpsManagerTest() {
        store.onEvent(event -> {
            if (event instanceof PeerEvent.Answered answered) {
                outcomes.add(answered.outcome());
            }
        });
    }

    @AfterEach
    void close() {
        hosts.forEach(TestHost::close);
    }

    @Test
    void a_requested_operation_runs_with_its_arguments_under_a_token() throws InterruptedException {
        TestHost host = host();
        BlockingQueue<CallbackContext> calls = new LinkedBlockingQueue<>();
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .callback("restart", context -> {
                    calls.add(context);
                    return OperationResult.RELEASE;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);

        manager.requestAsyncLock("restart", Map.of("delay", 5), OptionalInt.empty());
        host.await(UnitEvent.Recorded.class);

        CallbackContext call = calls.remove();
        assertThat(call.arguments()).isEqualTo(Json.object().put("delay", 5).build());
        assertThat(call.attempt()).isEqualTo(1);
        assertThat(call.token()).isEqualTo(FencingToken.ofEpoch(1));
        assertThat(manager.state().status()).isEqualTo(RollingOpsStatus.IDLE);
        assertThat(outcomes.remove().kind()).isEqualTo(Outcome.Kind.RELEASED);
    }

    /** An operator may ask for what a unit does not have; so may a unit itself, before its configuration changes. */
    @Test
    void an_operation_whose_callback_is_not_known_is_dropped_with_a_note_and_others_run() throws InterruptedException {
        TestHost host = host();
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .callback("restart", context -> OperationResult.RELEASE)
                .start();
        host.await(UnitEvent.LeaseOpened.class);

        store.submitAsOperator(
                "alice",
                new PeerCommand.RequestFor(
                        Set.of(UnitName.parse("web/0")), "gone", Json.Obj.EMPTY, OptionalInt.empty()));
        store.submitAsOperator(
                "alice",
                new PeerCommand.RequestFor(
                        Set.of(UnitName.parse("web/0")), "restart", Json.Obj.EMPTY, OptionalInt.empty()));
        host.await(UnitEvent.Recorded.class);
        host.await(UnitEvent.Recorded.class);

        assertThat(manager.isWaiting()).isFalse();
        Outcome gone = outcomes.remove();
        assertThat(gone.kind()).isEqualTo(Outcome.Kind.DROPPED);
        assertThat(gone.note()).isEqualTo("not run: no callback 'gone' is registered on this unit");
        assertThat(outcomes.remove().kind()).isEqualTo(Outcome.Kind.RELEASED);
    }

    /** Neither can be sure of its lease while both live; it is the later one that has to go. */
    @Test
    void a_second_process_of_a_unit_goes_away_and_the_first_one_goes_on() throws InterruptedException {
        LeaseTerms quick = new LeaseTerms(Duration.ofSeconds(3), Duration.ofMillis(100), Duration.ofMillis(50));
        TestHost first = host();
        TestHost second = host();
        RollingOpsManager manager = first.manager(store, "web/0", "one-1")
                .lease(quick)
                .callback("restart", context -> OperationResult.RELEASE)
                .start();
        first.await(UnitEvent.LeaseOpened.class);

        second.manager(store, "web/0", "two-2").lease(quick).start();
        assertThat(second.awaitHalt()).contains("another process of web/0").contains("stop the other one first");

        manager.requestAsyncLock("restart");
        first.await(UnitEvent.Recorded.class);
        assertThat(first.wasHalted()).isFalse();
    }

    @Test
    void a_process_that_comes_after_one_that_died_is_no_double() throws InterruptedException {
        TestHost dead = host();
        dead.manager(store, "web/0", "one").start();
        dead.await(UnitEvent.LeaseOpened.class);
        dead.close();

        TestHost next = host();
        RollingOpsManager manager = next.manager(store, "web/0", "two")
                .callback("restart", context -> OperationResult.RELEASE)
                .start();
        next.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("restart");
        next.await(UnitEvent.Recorded.class);

        assertThat(next.wasHalted()).isFalse();
    }

    @Test
    void what_waits_can_be_withdrawn_and_what_runs_cannot() throws InterruptedException {
        TestHost host = host();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .callback("restart", context -> {
                    running.countDown();
                    gate.await();
                    return OperationResult.RELEASE;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        OperationId first = manager.requestAsyncLock("restart");
        running.await();
        OperationId second = manager.requestAsyncLock("restart");

        manager.withdraw(second);

        assertThat(manager.state().queue().size()).isEqualTo(1);
        assertThatThrownBy(() -> manager.withdraw(first))
                .isInstanceOf(RollingOpsException.Refused.class)
                .hasMessageContaining("is running");
        assertThatThrownBy(() -> manager.withdraw(second)).isInstanceOf(RollingOpsException.Refused.class);
        gate.countDown();
        host.await(UnitEvent.Recorded.class);
    }

    @Test
    void many_units_that_all_want_to_run_never_run_together() throws InterruptedException {
        int units = 8;
        int each = 25;
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(units * each);
        for (int i = 0; i < units; i++) {
            TestHost host = host();
            RollingOpsManager manager = host.manager(store, "web/" + i, "p" + i)
                    .callback("count", context -> {
                        if (inside.incrementAndGet() > 1) {
                            overlaps.incrementAndGet();
                        }
                        Thread.onSpinWait();
                        inside.decrementAndGet();
                        done.countDown();
                        return OperationResult.RELEASE;
                    })
                    .start();
            host.await(UnitEvent.LeaseOpened.class);
            for (int n = 0; n < each; n++) {
                manager.requestAsyncLock("count", Map.of("n", n), OptionalInt.of(0));
            }
        }
        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(overlaps).hasValue(0);
    }

    @Test
    void a_failure_is_tried_again_until_the_limit() throws InterruptedException {
        TestHost host = host();
        AtomicInteger calls = new AtomicInteger();
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .callback("restart", context -> {
                    calls.incrementAndGet();
                    throw new IllegalStateException("no");
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);

        manager.requestAsyncLock("restart", Map.of(), OptionalInt.of(2));
        Outcome last = awaitFinal();

        assertThat(calls).hasValue(3);
        assertThat(last.kind()).isEqualTo(Outcome.Kind.DROPPED);
        assertThat(last.note()).contains("no");
        assertThat(manager.isWaiting()).isFalse();
    }

    @Test
    void a_request_made_inside_a_callback_is_kept() throws InterruptedException {
        TestHost host = host();
        AtomicInteger calls = new AtomicInteger();
        BlockingQueue<RollingOpsManager> self = new LinkedBlockingQueue<>();
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .callback("restart", context -> {
                    if (calls.incrementAndGet() == 1) {
                        self.take().requestAsyncLock("restart");
                    }
                    return OperationResult.RELEASE;
                })
                .start();
        self.add(manager);
        host.await(UnitEvent.LeaseOpened.class);

        manager.requestAsyncLock("restart");
        host.await(UnitEvent.Recorded.class);
        host.await(UnitEvent.Recorded.class);
        assertThat(calls).hasValue(2);
    }

    @Test
    void a_lost_lease_stops_the_callback_and_the_operation_runs_again() throws InterruptedException {
        TestHost host = host();
        CountDownLatch began = new CountDownLatch(1);
        BlockingQueue<String> lost = new LinkedBlockingQueue<>();
        AtomicInteger calls = new AtomicInteger();
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .lease(SHORT_STOP)
                .callback("restart", context -> {
                    if (calls.incrementAndGet() == 1) {
                        context.lock().onLost(lost::add);
                        began.countDown();
                        new CountDownLatch(1).await();
                    }
                    assertThat(context.attempt()).isEqualTo(1);
                    return OperationResult.RELEASE;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("restart", Map.of(), OptionalInt.of(0));
        assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();

        host.skip(60);

        host.await(UnitEvent.LeaseLost.class);
        assertThat(lost.poll(10, TimeUnit.SECONDS)).contains("no renewal");
        host.await(UnitEvent.Recorded.class);
        assertThat(calls).hasValue(2);
        assertThat(host.wasHalted()).isFalse();
    }

    /** A machine that was suspended without its steady clock noticing shows it by the time of day (rule L3). */
    @Test
    void a_time_of_day_that_jumps_stops_the_callback_and_the_operation_runs_again() throws InterruptedException {
        TestHost host = host();
        CountDownLatch began = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .lease(new LeaseTerms(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofMillis(500)))
                .callback("restart", context -> {
                    if (calls.incrementAndGet() == 1) {
                        began.countDown();
                        new CountDownLatch(1).await();
                    }
                    return OperationResult.RELEASE;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("restart", Map.of(), OptionalInt.of(0));
        assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();

        host.jumpWall(60);

        assertThat(host.await(UnitEvent.LeaseLost.class).reason()).contains("the wall clock jumped by");
        host.await(UnitEvent.Recorded.class);
        assertThat(calls).hasValue(2);
        assertThat(host.wasHalted()).isFalse();
    }

    @Test
    void a_callback_that_does_not_stop_ends_the_process() throws InterruptedException {
        TestHost host = host();
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .lease(SHORT_STOP)
                .callback("restart", context -> {
                    began.countDown();
                    while (released.getCount() > 0) {
                        try {
                            released.await();
                        } catch (InterruptedException e) {
                            // as a callback that will not listen
                        }
                    }
                    return OperationResult.RELEASE;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("restart");
        assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();

        host.skip(60);

        assertThat(host.awaitHalt()).contains("did not stop within 300 ms");
        released.countDown();
    }

    @Test
    void stopping_gives_the_lock_up_and_keeps_what_is_queued() throws InterruptedException {
        TestHost host = host();
        CountDownLatch began = new CountDownLatch(1);
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .callback("restart", context -> {
                    began.countDown();
                    new CountDownLatch(1).await();
                    return OperationResult.RELEASE;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("restart");
        assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();

        manager.stop();
        host.await(UnitEvent.Stopped.class);

        assertThat(store.state().grant().isOpen()).isFalse();
        assertThat(store.state()
                        .snapshot()
                        .record(UnitName.parse("web/0"))
                        .orElseThrow()
                        .queue()
                        .size())
                .isEqualTo(1);
    }

    @Test
    void the_native_lock_excludes_callbacks_and_its_timeout_is_a_timeout() throws InterruptedException {
        TestHost one = host();
        TestHost other = host();
        CountDownLatch ran = new CountDownLatch(1);
        RollingOpsManager first = one.manager(store, "web/0", "p1").start();
        RollingOpsManager second = other.manager(store, "web/1", "p2")
                .callback("restart", context -> {
                    ran.countDown();
                    return OperationResult.RELEASE;
                })
                .start();
        one.await(UnitEvent.LeaseOpened.class);
        other.await(UnitEvent.LeaseOpened.class);

        try (SyncLock lock = first.acquireSyncLock(RollingOpsManager.NATIVE_SYNC_LOCK, Duration.ofSeconds(10))) {
            assertThat(lock.token()).isPresent();
            second.requestAsyncLock("restart");
            assertThatThrownBy(() -> second.acquireSyncLock(RollingOpsManager.NATIVE_SYNC_LOCK, Duration.ofMillis(100)))
                    .isInstanceOf(RollingOpsException.LockTimeout.class);
            assertThat(ran.getCount()).isEqualTo(1);
        }
        assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
        other.await(UnitEvent.Recorded.class);
        assertThat(second.isWaiting()).isFalse();
    }

    @Test
    void wrong_requests_say_what_was_wrong_and_store_nothing() throws InterruptedException {
        TestHost host = host();
        RollingOpsManager manager = host.manager(store, "web/0", "p1")
                .callback("restart", context -> OperationResult.RELEASE)
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        assertThatThrownBy(() -> manager.requestAsyncLock("reboot"))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessage("Unknown callback_id: reboot; registered are [restart]");
        assertThatThrownBy(() -> manager.requestAsyncLock("restart", Map.of(), OptionalInt.of(-1)))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContaining("Failed to create the lock request")
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> manager.requestAsyncLock("restart", Map.of("x", new Object()), OptionalInt.empty()))
                .hasMessageContaining("argument 'x'");
        assertThat(manager.isWaiting()).isFalse();
        assertThat(manager.isWaitingCallback("restart")).isFalse();
    }

    private Outcome awaitFinal() throws InterruptedException {
        Outcome outcome;
        do {
            outcome = outcomes.poll(20, TimeUnit.SECONDS);
            assertThat(outcome).isNotNull();
        } while (!outcome.kind().isFinal());
        return outcome;
    }

    private TestHost host() {
        TestHost host = new TestHost();
        hosts.add(host);
        return host;
    }
}
