// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.peer.Outcome;
import io.rollingops.peer.PeerCommand;
import io.rollingops.testing.FaultyPeerStore;
import io.rollingops.testing.FaultyPeerStore.Fault;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A store that does not answer, or whose answers are lost, at every step of a unit's life. */
@Timeout(60)
@Order(2)
class StoreFaultsTest {
    private final TestUnits web = new TestUnits();
    private final AtomicInteger calls = new AtomicInteger();

    @AfterEach
    void close() {
        web.close();
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                        PeerCommand.Join.class,
                        PeerCommand.OpenLease.class,
                        PeerCommand.Start.class,
                        PeerCommand.Finish.class,
                        PeerCommand.SetReady.class,
                        PeerCommand.NotRun.class)
                .flatMap(command -> Stream.of(Fault.values()).map(fault -> Arguments.of(command, fault)));
    }

    /** The journal fails at first, so that a grant is given back and the unit rests, with all commands that belong to it. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("faults")
    void every_step_is_repeated_until_it_is_done_and_counts_once(Class<? extends PeerCommand> command, Fault fault)
            throws InterruptedException {
        FaultyPeerStore store = web.faulty(0);
        store.next(command, fault, fault);
        TestJournal journal = new TestJournal();
        journal.fail(TestJournal.Call.WRITE_BEGUN);
        TestHost host = web.host();
        RollingOpsManager manager = working(host, store).journal(journal).start();
        web.await(seen -> seen.members().containsKey(TestUnits.unit(0)));
        manager.requestAsyncLock("work", Map.of(), OptionalInt.of(0));
        host.await(UnitEvent.JournalFailed.class);
        journal.mend();

        Outcome outcome = web.awaitOutcome();

        assertThat(outcome.kind()).isEqualTo(Outcome.Kind.RELEASED);
        assertThat(outcome.attempt()).isEqualTo(1);
        assertThat(calls).hasValue(1);
        web.await(seen -> seen.record(TestUnits.unit(0)).orElseThrow().queue().isEmpty());
        // What is carried out although its answer is lost may be seen in the store before it is sent again.
        assertThat(store.failed()).isBetween(fault == Fault.REPLY_LOST ? 1L : 2L, 2L);
        assertThat(web.recorded()).isZero();
    }

    @Test
    void a_request_that_did_not_arrive_queued_nothing() throws InterruptedException {
        FaultyPeerStore store = web.faulty(0);
        RollingOpsManager manager = member(store);
        store.next(PeerCommand.Request.class, Fault.UNAVAILABLE, Fault.COMMAND_LOST);

        assertThatThrownBy(() -> manager.requestAsyncLock("work")).isInstanceOf(RollingOpsException.Unavailable.class);
        assertThatThrownBy(() -> manager.requestAsyncLock("work"))
                .isInstanceOf(RollingOpsException.Indeterminate.class);

        assertThat(manager.isWaiting()).isFalse();
        assertThat(calls).hasValue(0);
    }

    @Test
    void a_request_whose_answer_is_lost_may_be_made_again_while_it_waits() throws InterruptedException {
        web.bareHolder(1);
        FaultyPeerStore store = web.faulty(0);
        RollingOpsManager manager = member(store);
        store.next(PeerCommand.Request.class, Fault.REPLY_LOST);

        assertThatThrownBy(() -> manager.requestAsyncLock("work"))
                .isInstanceOf(RollingOpsException.Indeterminate.class);
        manager.requestAsyncLock("work");

        assertThat(web.record(0).queue().size()).isEqualTo(1);
    }

    @Test
    void a_store_that_is_down_is_asked_again_and_again_but_not_in_a_circle() throws InterruptedException {
        FaultyPeerStore store = web.faulty(0);
        store.down(true);
        TestHost host = web.host();
        working(host, store).start();

        host.await(UnitEvent.StoreUnavailable.class);
        long before = System.nanoTime();
        for (int i = 0; i < 3; i++) {
            assertThat(host.await(UnitEvent.StoreUnavailable.class).command()).isInstanceOf(PeerCommand.Join.class);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofMillis(3 * 250));
        store.down(false);
        host.await(UnitEvent.LeaseOpened.class);
    }

    @Test
    void a_refusal_is_told_and_asked_again_later() throws InterruptedException {
        web.bare(1);
        web.store.submitAsOperator("alice", new PeerCommand.Remove(TestUnits.unit(0)));
        TestHost host = web.host();
        RollingOpsManager manager = working(host, web.faulty(0)).start();

        assertThat(host.await(UnitEvent.StoreRefused.class).reason()).contains("has left web for good");
        assertThatThrownBy(() -> manager.requestAsyncLock("work"))
                .isInstanceOf(RollingOpsException.NotReady.class)
                .hasMessageContaining("web/0 is not a member");
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void renewals_that_fail_now_and_then_lose_no_lease(Fault fault) throws InterruptedException {
        FaultyPeerStore store = web.faulty(0);
        TestHost host = web.host();
        RollingOpsManager manager = working(host, store)
                .lease(new LeaseTerms(Duration.ofSeconds(6), Duration.ofMillis(100), Duration.ofMillis(50)))
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        store.next(PeerCommand.KeepAlive.class, fault, fault);
        long renewals = renewals();

        web.await(seen -> renewals() >= renewals + 2 && store.failed() == 2);
        manager.requestAsyncLock("work");

        assertThat(web.awaitOutcome().epoch()).isEqualTo(1);
        assertThat(host.told(UnitEvent.LeaseLost.class)).isEmpty();
    }

    @Test
    void a_unit_whose_lease_the_store_has_ended_opens_another() throws InterruptedException {
        web.bare(1);
        TestHost host = web.host();
        RollingOpsManager manager = working(host, web.faulty(0))
                .lease(new LeaseTerms(Duration.ofSeconds(3), Duration.ofMillis(100), Duration.ofMillis(50)))
                .start();
        host.await(UnitEvent.LeaseOpened.class);

        web.expire(0, 1);

        assertThat(host.await(UnitEvent.LeaseLost.class).reason()).contains("has ended");
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("work");
        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RELEASED);
    }

    /** The callback is told to stop when the store gives its slot away; what it answers then does not count. */
    @Test
    void a_slot_that_was_given_away_is_not_answered_for() throws InterruptedException {
        web.bare(1);
        TestHost host = web.host();
        RollingOpsManager manager = host.manager(web.faulty(0), "p1")
                .lease(new LeaseTerms(Duration.ofSeconds(3), Duration.ofSeconds(1), Duration.ofMillis(50)))
                .callback("work", context -> {
                    if (calls.incrementAndGet() == 1) {
                        while (!context.lock().isLost()) {
                            Thread.onSpinWait();
                        }
                    }
                    return OperationResult.RELEASE;
                })
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("work", Map.of(), OptionalInt.of(0));
        host.await(UnitEvent.Began.class);

        web.expire(0, 1);

        host.await(UnitEvent.NotRecorded.class);
        Outcome outcome = web.awaitOutcome();
        assertThat(outcome.epoch()).isEqualTo(2);
        assertThat(outcome.attempt()).isEqualTo(1);
        assertThat(calls).hasValue(2);
        assertThat(web.recorded()).isZero();
    }

    private long renewals() {
        return web.seen().members().values().stream()
                .flatMap(member -> member.lease().stream())
                .mapToLong(lease -> lease.keepAlives())
                .sum();
    }

    private RollingOpsManager member(FaultyPeerStore store) throws InterruptedException {
        TestHost host = web.host();
        RollingOpsManager manager = working(host, store).start();
        host.await(UnitEvent.LeaseOpened.class);
        return manager;
    }

    private RollingOpsManager.Builder working(TestHost host, FaultyPeerStore store) {
        return host.manager(store, "p1").callback("work", context -> {
            calls.incrementAndGet();
            return OperationResult.RELEASE;
        });
    }
}
