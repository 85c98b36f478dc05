// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.peer.Grant;
import io.rollingops.peer.Outcome;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callbacks that keep their slot although the unit's lease ends (rule L5). */
@Timeout(60)
class HoldingCallbackTest {
    private final TestUnits web = new TestUnits();
    private final CountDownLatch began = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicBoolean lost = new AtomicBoolean();
    private final AtomicInteger calls = new AtomicInteger();

    @AfterEach
    void close() {
        released.countDown();
        web.close();
    }

    private OperationResult hold(CallbackContext context) throws InterruptedException {
        calls.incrementAndGet();
        context.lock().onLost(reason -> lost.set(true));
        began.countDown();
        released.await();
        return OperationResult.RELEASE;
    }

    @Test
    void it_goes_on_when_the_lease_is_lost_and_its_result_counts() throws InterruptedException {
        TestHost host = holder();

        host.skip(60);
        host.await(UnitEvent.LeaseLost.class);
        host.await(UnitEvent.LeaseOpened.class);
        assertThat(web.seen().grant().epoch()).isEqualTo(1);
        assertThat(web.seen().grant().phase()).isEqualTo(Grant.Phase.RUNNING);
        released.countDown();

        Outcome outcome = web.awaitOutcome();
        assertThat(outcome.kind()).isEqualTo(Outcome.Kind.RELEASED);
        assertThat(outcome.epoch()).isEqualTo(1);
        assertThat(lost).isFalse();
        assertThat(calls).hasValue(1);
    }

    @Test
    void nobody_else_gets_a_turn_although_the_store_has_ended_the_lease() throws InterruptedException {
        web.bare(1);
        TestHost host = holder();
        web.bareRequest(1, "work");

        web.expire(0, 1);
        assertThat(web.seen().grant().unit()).contains(TestUnits.unit(0));
        assertThat(web.seen().grant().isOpen()).isTrue();
        host.skip(60);
        host.await(UnitEvent.LeaseOpened.class);
        released.countDown();

        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RELEASED);
        web.await(seen -> seen.isGrantedTo(TestUnits.unit(1)));
    }

    @Test
    void a_result_without_a_lease_counts_but_cannot_hold_on() throws InterruptedException {
        web.bare(1);
        TestHost host = web.host();
        RollingOpsManager manager = host.manager(web.store, "web/0", "p1")
                .holdingCallback("work", context -> {
                    began.countDown();
                    released.await();
                    return OperationResult.RETRY_HOLD;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("work", Map.of(), OptionalInt.of(1));
        assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();
        web.bareRequest(1, "work");

        web.expire(0, 1);
        released.countDown();

        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RETRY_RELEASE);
        web.await(seen -> seen.isGrantedTo(TestUnits.unit(1)));
    }

    @Test
    void the_next_process_of_the_unit_frees_what_a_dead_one_held() throws InterruptedException {
        TestHost dead = holder();
        dead.close();

        TestHost host = web.host();
        host.manager(web.store, "web/0", "p2")
                .holdingCallback("work", context -> OperationResult.RELEASE)
                .start();

        Outcome outcome = web.awaitOutcome();
        assertThat(outcome.epoch()).isEqualTo(2);
        assertThat(outcome.attempt()).isEqualTo(1); // the interrupted one is not counted
        assertThat(web.recorded()).isZero();
    }

    @Test
    void stopping_the_process_ends_it_all_the_same() throws InterruptedException {
        TestHost host = web.host();
        RollingOpsManager manager = host.manager(web.store, "web/0", "p1")
                .holdingCallback("work", this::hold)
                .start();
        begin(host, manager);

        manager.stop();

        host.await(UnitEvent.Stopped.class);
        assertThat(lost).isTrue();
        assertThat(web.seen().grant().isOpen()).isFalse();
        assertThat(web.record(0).queue().size()).isEqualTo(1);
    }

    private TestHost holder() throws InterruptedException {
        TestHost host = web.host();
        RollingOpsManager manager = host.manager(web.store, "web/0", "p1")
                .lease(TestUnits.SHORT_STOP)
                .holdingCallback("work", this::hold)
                .start();
        begin(host, manager);
        return host;
    }

    private void begin(TestHost host, RollingOpsManager manager) throws InterruptedException {
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("work", Map.of(), OptionalInt.of(0));
        assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();
    }
}
