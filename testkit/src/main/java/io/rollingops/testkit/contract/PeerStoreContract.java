// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.peer.Grant;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitBag;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What a replicated {@link PeerStore} promises. The store under test has no units when a test begins. */
public abstract class PeerStoreContract {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final PeerCommand.Request RESTART =
            new PeerCommand.Request("restart", Json.Obj.EMPTY, OptionalInt.empty());

    /** The store as unit {@code web/<number>} sees it; numbers are 0 to 2. */
    protected abstract PeerStore store(int number);

    /** Sends a command of an operator, through any member. */
    protected abstract PeerReply submitAsOperator(PeerCommand command);

    /** Makes the unit lead, or returns false if the store chooses its leader by itself. */
    protected abstract boolean lead(int number);

    @Test
    void a_unit_that_joined_is_seen_by_the_others() {
        join(0);
        join(1);
        assertThat(await(store(1), seen -> seen.members().size() == 2).members().keySet())
                .containsExactly(unit(0), unit(1));
        await(store(0), seen -> seen.members().size() == 2);
    }

    @Test
    void a_command_of_a_unit_that_has_not_joined_is_refused() {
        assertThat(submit(0, RESTART))
                .isInstanceOfSatisfying(
                        PeerReply.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(PeerReply.Reason.NOT_ALLOWED));
    }

    @Test
    void an_answer_tells_the_revision_from_which_on_the_change_is_seen() {
        join(0);
        PeerStore.Answer answer = store(0).submit(RESTART, LIMIT);
        PeerSnapshot seen = await(store(0), now -> now.revision() >= answer.revision());
        assertThat(record(seen, 0).queue().size()).isEqualTo(1);
    }

    @Test
    void a_unit_writes_its_own_databag_and_no_other() {
        join(0);
        join(1);
        submit(0, new PeerCommand.WriteUnit(Map.of(), Map.of("colour", "red")));
        submit(1, new PeerCommand.WriteUnit(Map.of(), Map.of("colour", "blue")));
        PeerSnapshot seen = await(store(0), now -> other(now, 1).containsKey("colour"));
        assertThat(other(seen, 0)).isEqualTo(Map.of("colour", "red"));
        assertThat(other(seen, 1)).isEqualTo(Map.of("colour", "blue"));
    }

    @Test
    void a_guarded_write_whose_expectation_fails_changes_nothing() {
        join(0);
        submit(0, new PeerCommand.WriteUnit(Map.of("colour", ""), Map.of("colour", "red")));
        PeerReply reply =
                submit(0, new PeerCommand.WriteUnit(Map.of("colour", ""), Map.of("colour", "blue", "x", "y")));
        assertThat(reply)
                .isInstanceOfSatisfying(
                        PeerReply.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(PeerReply.Reason.STALE));
        assertThat(other(await(store(0), now -> other(now, 0).containsKey("colour")), 0))
                .isEqualTo(Map.of("colour", "red"));
    }

    @Test
    void only_the_leader_writes_the_databag_of_the_application() {
        join(0);
        join(1);
        join(2);
        lead(1);
        int leader = await(store(0), seen -> seen.leader().isPresent())
                .leader()
                .orElseThrow()
                .number();
        int other = (leader + 1) % 3;
        PeerCommand write = new PeerCommand.WriteApplication(Map.of(), Map.of("colour", "green"));
        assertThat(submit(other, write)).isInstanceOf(PeerReply.Refused.class);
        assertThat(submit(leader, write)).isEqualTo(new PeerReply.Done());
        assertThat(await(store(other), seen -> !seen.shared().isEmpty()).shared())
                .isEqualTo(Map.of("colour", "green"));
    }

    @Test
    void a_unit_may_not_send_what_only_an_operator_may() {
        join(0);
        join(1);
        PeerReply reply =
                submit(0, new PeerCommand.RequestFor(Set.of(unit(1)), "restart", Json.Obj.EMPTY, OptionalInt.empty()));
        assertThat(reply)
                .isInstanceOfSatisfying(
                        PeerReply.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(PeerReply.Reason.NOT_ALLOWED));
        assertThat(submit(0, new PeerCommand.Remove(unit(1)))).isInstanceOf(PeerReply.Refused.class);
    }

    @Test
    void an_operator_queues_for_all_units_in_one_step_and_they_go_in_order() {
        for (int i = 2; i >= 0; i--) {
            join(i);
            openLease(i);
        }
        submitAsOperator(new PeerCommand.RequestFor(
                Set.of(unit(2), unit(0), unit(1)), "restart", Json.Obj.EMPTY, OptionalInt.of(0)));
        List<Integer> order = new ArrayList<>();
        for (int turn = 1; turn <= 3; turn++) {
            long epoch = turn;
            Grant grant = await(store(0), seen -> seen.grant().epoch() == epoch).grant();
            order.add(grant.unit().orElseThrow().number());
            runHead(grant);
        }
        assertThat(order).containsExactly(0, 1, 2);
    }

    @Test
    void the_answer_to_a_grant_and_the_next_grant_are_one_step() {
        join(0);
        join(1);
        openLease(0);
        openLease(1);
        submit(0, RESTART);
        submit(1, RESTART);
        Grant first = await(store(0), seen -> seen.grant().isOpen()).grant();
        assertThat(first.unit()).contains(unit(0));
        runHead(first);
        PeerSnapshot seen = await(store(0), now -> record(now, 0).doneEpoch() == first.epoch());
        assertThat(seen.grant().unit()).contains(unit(1));
        assertThat(seen.grant().phase()).isEqualTo(Grant.Phase.GRANTED);
    }

    @Test
    void a_late_result_is_refused_and_its_operation_stays_queued() {
        join(0);
        openLease(0);
        submit(0, RESTART);
        Grant grant = await(store(0), seen -> seen.grant().isOpen()).grant();
        PeerReply.Started started = (PeerReply.Started) submit(0, new PeerCommand.Start(grant.epoch(), false));
        submit(0, new PeerCommand.OpenLease("another process", 2, Duration.ofMinutes(10), Optional.empty()));

        PeerReply reply = submit(
                0,
                new PeerCommand.Finish(
                        grant.epoch(), started.head().orElseThrow().id(), OperationResult.RELEASE, "", false));

        assertThat(reply).isInstanceOf(PeerReply.Refused.class);
        PeerSnapshot seen = await(store(0), now -> now.grant().epoch() > grant.epoch());
        assertThat(record(seen, 0).queue().size()).isEqualTo(1);
        assertThat(record(seen, 0).work().interrupted()).isEqualTo(1);
    }

    @Test
    void listeners_are_told_of_changes_until_they_stop_listening() throws InterruptedException {
        join(0);
        Semaphore told = new Semaphore(0);
        Runnable stop = store(0).onChange(told::release);
        submit(0, RESTART);
        assertThat(told.tryAcquire(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        stop.run();
        stop.run();
        PeerStore.Answer answer =
                store(0).submit(new PeerCommand.Request("other", Json.Obj.EMPTY, OptionalInt.empty()), LIMIT);
        told.drainPermits();
        await(store(0), seen -> seen.revision() >= answer.revision());
        assertThat(told.availablePermits()).isZero();
    }

    @Test
    void what_a_unit_sees_never_gets_older() throws InterruptedException {
        join(0);
        AtomicLong last = new AtomicLong();
        AtomicLong backwards = new AtomicLong();
        PeerStore store = store(0);
        store.onChange(() -> {
            synchronized (last) { // listeners may be called at once on several threads: look and compare in one
                long now = store.snapshot().revision();
                if (last.getAndSet(now) > now) {
                    backwards.incrementAndGet();
                }
            }
        });
        int threads = 4;
        CountDownLatch done = new CountDownLatch(threads);
        for (int t = 0; t < threads; t++) {
            int writer = t;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 20; i++) {
                    submit(0, new PeerCommand.WriteUnit(Map.of(), Map.of("key" + writer, "" + i)));
                }
                done.countDown();
            });
            thread.start();
        }
        assertThat(done.await(LIMIT.toSeconds() * 2, TimeUnit.SECONDS)).isTrue();
        assertThat(backwards).hasValue(0);
        PeerSnapshot seen = await(
                store,
                now -> other(now, 0).values().stream().filter("19"::equals).count() == threads);
        assertThat(other(seen, 0)).hasSize(threads);
    }

    @Test
    void a_unit_that_was_removed_does_not_come_back() {
        join(0);
        join(1);
        assertThat(submitAsOperator(new PeerCommand.Remove(unit(1)))).isEqualTo(new PeerReply.Done());
        await(store(0), seen -> !seen.members().containsKey(unit(1)));
        assertThat(submit(1, new PeerCommand.Join())).isInstanceOf(PeerReply.Refused.class);
    }

    /** Runs the head of the grantee's queue, as its unit would. */
    private void runHead(Grant grant) {
        int number = grant.unit().orElseThrow().number();
        PeerReply.Started started = (PeerReply.Started) submit(number, new PeerCommand.Start(grant.epoch(), false));
        assertThat(submit(
                        number,
                        new PeerCommand.Finish(
                                grant.epoch(), started.head().orElseThrow().id(), OperationResult.RELEASE, "", false)))
                .isEqualTo(new PeerReply.Done());
    }

    private void join(int number) {
        assertThat(submit(number, new PeerCommand.Join())).isInstanceOf(PeerReply.Joined.class);
    }

    private void openLease(int number) {
        assertThat(submit(
                        number,
                        new PeerCommand.OpenLease("process " + number, 1, Duration.ofMinutes(10), Optional.empty())))
                .isEqualTo(new PeerReply.Done());
    }

    private PeerReply submit(int number, PeerCommand command) {
        return store(number).submit(command, LIMIT).reply();
    }

    private static UnitRecord record(PeerSnapshot seen, int number) {
        return seen.record(unit(number)).orElseThrow();
    }

    private static Map<String, String> other(PeerSnapshot seen, int number) {
        return Optional.ofNullable(seen.members().get(unit(number)))
                .map(member -> member.bag() instanceof UnitBag.Understood bag ? bag.other() : Map.<String, String>of())
                .orElse(Map.of());
    }

    private static UnitName unit(int number) {
        return new UnitName("web", number);
    }

    /** Waits for the store's own notification until what is seen is as wanted. */
    private static PeerSnapshot await(PeerStore store, Predicate<PeerSnapshot> wanted) {
        Semaphore changed = new Semaphore(1);
        Runnable stop = store.onChange(changed::release);
        try {
            long endNanos = System.nanoTime() + LIMIT.toNanos();
            while (true) {
                PeerSnapshot seen = store.snapshot();
                if (wanted.test(seen)) {
                    return seen;
                }
                if (!changed.tryAcquire(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    throw new AssertionError("not seen within " + LIMIT + ": " + seen);
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            stop.run();
        }
    }
}
