// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.manager.TestJournal.Call;
import io.rollingops.peer.Outcome;
import io.rollingops.peer.PeerCommand;
import io.rollingops.spi.Journal;
import io.rollingops.testing.FaultyPeerStore;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a unit writes down on its own disk, when its process dies, and when the disk is full. */
@Timeout(60)
class ResultJournalTest {
    private final TestUnits web = new TestUnits();
    private final TestJournal journal = new TestJournal();
    private final AtomicInteger calls = new AtomicInteger();

    @AfterEach
    void close() {
        web.close();
    }

    @Test
    void a_result_that_the_store_never_got_is_recorded_by_the_next_process() throws InterruptedException {
        TestHost dead = dieWithAResult();

        TestHost host = web.host();
        start(host, web.faulty(0), "p2");

        Outcome outcome = web.awaitOutcome();
        assertThat(outcome.kind()).isEqualTo(Outcome.Kind.RELEASED);
        assertThat(outcome.epoch()).isEqualTo(1);
        host.await(UnitEvent.Recorded.class);
        host.await(UnitEvent.LeaseOpened.class);
        assertThat(calls).hasValue(1);
        assertThat(dead.wasHalted()).isFalse();
    }

    @Test
    void a_result_whose_slot_is_gone_does_not_count_and_the_operation_runs_again() throws InterruptedException {
        web.bare(1);
        dieWithAResult();
        web.expire(0, 1);

        TestHost host = web.host();
        start(host, web.faulty(0), "p2");

        host.await(UnitEvent.NotRecorded.class);
        assertThat(web.awaitOutcome().epoch()).isEqualTo(2);
        assertThat(calls).hasValue(2);
    }

    @Test
    void an_entry_that_only_says_begun_is_no_result() throws InterruptedException, IOException {
        dieWithAResult();
        Journal.Entry entry = journal.read().orElseThrow();
        journal.write(new Journal.Entry(entry.operation(), entry.epoch(), Optional.empty(), ""));

        start(web.host(), web.faulty(0), "p2");

        assertThat(web.awaitOutcome().epoch()).isEqualTo(2);
        assertThat(calls).hasValue(2);
    }

    @Test
    void nothing_begins_that_cannot_be_written_down_and_nothing_is_lost() throws InterruptedException {
        journal.fail(Call.WRITE_BEGUN);
        TestHost host = web.host();
        RollingOpsManager manager = start(host, web.faulty(0), "p1");
        manager.requestAsyncLock("work", Map.of(), OptionalInt.of(0));

        UnitEvent.JournalFailed failed = host.await(UnitEvent.JournalFailed.class);
        assertThat(failed.reason()).contains("is not begun", "No space left on device");
        host.await(UnitEvent.GaveBack.class);
        assertThat(calls).hasValue(0);
        assertThat(manager.isWaitingCallback("work")).isTrue();
        journal.mend();

        assertThat(web.awaitOutcome().attempt()).isEqualTo(1); // having no room to write was no attempt
        assertThat(calls).hasValue(1);
    }

    @Test
    void a_full_disk_is_not_tried_in_a_circle() throws InterruptedException {
        journal.fail(Call.WRITE_BEGUN);
        TestHost host = web.host();
        start(host, web.faulty(0), "p1").requestAsyncLock("work");

        host.await(UnitEvent.JournalFailed.class);
        long before = System.nanoTime();
        for (int i = 0; i < 3; i++) {
            host.await(UnitEvent.JournalFailed.class);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofMillis(3 * 250));
    }

    @Test
    void a_result_that_cannot_be_written_down_goes_to_the_store_all_the_same() throws InterruptedException {
        journal.fail(Call.WRITE_RESULT);
        TestHost host = web.host();
        start(host, web.faulty(0), "p1").requestAsyncLock("work");

        assertThat(host.await(UnitEvent.JournalFailed.class).reason())
                .contains("is not in the journal", "No space left on device");
        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RELEASED);
        assertThat(calls).hasValue(1);
    }

    @Test
    void a_journal_that_cannot_be_cleared_is_harmless_to_the_next_process() throws InterruptedException {
        journal.fail(Call.CLEAR);
        TestHost first = web.host();
        RollingOpsManager manager = start(first, web.faulty(0), "p1");
        manager.requestAsyncLock("work");
        assertThat(first.await(UnitEvent.JournalFailed.class).reason()).contains("cannot be cleared");
        first.await(UnitEvent.Recorded.class);
        web.awaitOutcome();
        first.close();
        journal.mend();

        TestHost host = web.host();
        RollingOpsManager next = start(host, web.faulty(0), "p2");
        host.await(UnitEvent.LeaseOpened.class);
        next.requestAsyncLock("work", TestUnits.number(2), OptionalInt.of(0));

        assertThat(web.awaitOutcome().epoch()).isEqualTo(2);
        assertThat(web.recorded()).isZero();
        assertThat(calls).hasValue(2);
    }

    @Test
    void a_journal_that_cannot_be_read_is_told_and_the_operation_runs_again() throws InterruptedException {
        dieWithAResult();
        journal.fail(Call.READ);
        TestHost host = web.host();
        start(host, web.faulty(0), "p2");

        assertThat(host.await(UnitEvent.JournalFailed.class).reason()).contains("cannot be read");
        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RELEASED);
        assertThat(calls).hasValue(2);
    }

    /** A process that ran the callback, wrote the result down, could not tell the store, and died. */
    private TestHost dieWithAResult() throws InterruptedException {
        FaultyPeerStore store = web.faulty(0);
        TestHost host = web.host();
        RollingOpsManager manager = start(host, store, "p1");
        store.next(PeerCommand.Finish.class, FaultyPeerStore.Fault.UNAVAILABLE, FaultyPeerStore.Fault.UNAVAILABLE);
        manager.requestAsyncLock("work", Map.of(), OptionalInt.of(0));
        host.await(UnitEvent.Ended.class);
        host.await(UnitEvent.StoreUnavailable.class);
        store.down(true);
        host.close();
        assertThat(web.recorded()).isZero();
        return host;
    }

    /** A process of web/0, which is a member when this returns. */
    private RollingOpsManager start(TestHost host, FaultyPeerStore store, String process) throws InterruptedException {
        RollingOpsManager manager = host.manager(store, process)
                .journal(journal)
                .callback("work", context -> {
                    calls.incrementAndGet();
                    return OperationResult.RELEASE;
                })
                .start();
        web.await(seen -> seen.members().containsKey(TestUnits.unit(0)));
        return manager;
    }
}
