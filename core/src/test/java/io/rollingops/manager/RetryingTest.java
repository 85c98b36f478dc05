// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.peer.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pauses between attempts: they keep a callback that fails at once from running in a circle. */
@Timeout(60)
class RetryingTest {
    private static final RetryPause PAUSE = new RetryPause(Duration.ofMillis(150), Duration.ofMillis(400));

    private final TestUnits web = new TestUnits();
    private final BlockingQueue<Long> calls = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        web.close();
    }

    @Test
    void the_pause_doubles_up_to_its_limit() throws InterruptedException {
        failing(OperationResult.RETRY_RELEASE, 4);

        List<Long> gaps = gaps(5);
        List<Long> least = List.of(150L, 300L, 400L, 400L);
        for (int i = 0; i < least.size(); i++) {
            assertThat(gaps.get(i)).as("gap %s of %s", i, gaps).isGreaterThanOrEqualTo(least.get(i));
        }
    }

    @Test
    void others_go_first_while_a_unit_pauses() throws InterruptedException {
        web.bare(1);
        failing(OperationResult.RETRY_RELEASE, 1);
        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RETRY_RELEASE);

        web.bareRequest(1, "work"); // and it never answers

        web.await(seen -> seen.isGrantedTo(TestUnits.unit(1)));
        web.await(seen -> seen.record(TestUnits.unit(0)).orElseThrow().isReady());
        assertThat(calls).hasSize(1);
    }

    @Test
    void a_unit_that_holds_on_keeps_its_turn_while_it_pauses() throws InterruptedException {
        web.bare(1);
        TestHost host = failing(OperationResult.RETRY_HOLD, 2);
        host.await(UnitEvent.Began.class);
        web.bareRequest(1, "work");

        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RETRY_HOLD);
        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RETRY_HOLD);
        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.DROPPED);
        assertThat(gaps(3)).allMatch(gap -> gap >= 150);
        web.await(seen -> seen.isGrantedTo(TestUnits.unit(1)));
    }

    @Test
    void a_new_request_does_not_end_the_pause_of_the_one_that_failed() throws InterruptedException {
        TestHost host = web.host();
        RollingOpsManager manager = manager(host, OperationResult.RETRY_RELEASE);
        manager.requestAsyncLock("work", TestUnits.number(1), OptionalInt.of(1));
        web.awaitOutcome();
        manager.requestAsyncLock("work", TestUnits.number(2), OptionalInt.of(0));

        assertThat(web.awaitOutcome().attempt()).isEqualTo(2); // the first one again: first in, first out
        assertThat(gaps(2).get(0)).isGreaterThanOrEqualTo(150);
    }

    private TestHost failing(OperationResult result, int retries) throws InterruptedException {
        TestHost host = web.host();
        manager(host, result).requestAsyncLock("work", Map.of(), OptionalInt.of(retries));
        return host;
    }

    private RollingOpsManager manager(TestHost host, OperationResult result) throws InterruptedException {
        RollingOpsManager manager = host.manager(web.store, "web/0", "p1")
                .retryPause(PAUSE)
                .callback("work", context -> {
                    calls.add(System.nanoTime());
                    return result;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        return manager;
    }

    /** Milliseconds from one call to the next, of the first calls. */
    private List<Long> gaps(int count) throws InterruptedException {
        List<Long> gaps = new ArrayList<>();
        long last = take();
        for (int i = 1; i < count; i++) {
            long next = take();
            gaps.add(TimeUnit.NANOSECONDS.toMillis(next - last));
            last = next;
        }
        return gaps;
    }

    private long take() throws InterruptedException {
        Long at = calls.poll(20, TimeUnit.SECONDS);
        assertThat(at).as("one more call").isNotNull();
        return at == null ? 0 : at;
    }
}
