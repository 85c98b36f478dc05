// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.peer.Outcome;
import io.rollingops.peer.PeerCommand;
import io.rollingops.testing.FaultyPeerStore;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A unit's process is told to stop, at every stage of its work. */
@Timeout(60)
class StoppingTest {
    private final TestUnits web = new TestUnits();
    private final TestHost host = web.host();
    private final FaultyPeerStore store = web.faulty(0);

    @AfterEach
    void close() {
        web.close();
    }

    @Test
    void before_the_store_was_ever_reached() throws InterruptedException {
        store.down(true);
        RollingOpsManager manager = work(OperationResult.RELEASE).start();
        host.await(UnitEvent.StoreUnavailable.class);

        manager.stop();

        host.await(UnitEvent.Stopped.class);
        assertThat(web.seen().members()).isEmpty();
    }

    @Test
    void while_it_has_nothing_to_do() throws InterruptedException {
        RollingOpsManager manager = work(OperationResult.RELEASE).start();
        host.await(UnitEvent.LeaseOpened.class);

        manager.stop();
        manager.stop();

        host.await(UnitEvent.Stopped.class);
        assertThat(hasLease()).isFalse();
        assertThat(manager.resting()).isEqualTo(UnitStep.Why.STOPPED);
    }

    @Test
    void while_it_waits_for_its_turn() throws InterruptedException {
        web.bareHolder(1);
        RollingOpsManager manager = work(OperationResult.RELEASE).start();
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("work");

        manager.stop();
        host.await(UnitEvent.Stopped.class);
        web.send(1, new PeerCommand.NotRun(web.seen().grant().epoch(), false, true));

        assertThat(web.seen().grant().isOpen()).isFalse();
        assertThat(web.record(0).queue().size()).isEqualTo(1);
    }

    @Test
    void while_the_store_does_not_answer_its_start() throws InterruptedException {
        RollingOpsManager manager = work(OperationResult.RELEASE).start();
        host.await(UnitEvent.LeaseOpened.class);
        store.next(PeerCommand.Start.class, FaultyPeerStore.Fault.REPLY_LOST);
        for (int i = 0; i < 20; i++) { // it tries again at once when it sees that its start was carried out
            store.next(PeerCommand.Start.class, FaultyPeerStore.Fault.UNAVAILABLE);
        }
        manager.requestAsyncLock("work");
        host.await(UnitEvent.StoreUnavailable.class);

        manager.stop();

        host.await(UnitEvent.Stopped.class);
        assertThat(web.seen().grant().isOpen()).isFalse();
        assertThat(web.record(0).queue().size()).isEqualTo(1);
        assertThat(host.told(UnitEvent.Began.class)).isEmpty();
    }

    @Test
    void while_a_result_is_on_its_way_which_is_recorded_first() throws InterruptedException {
        RollingOpsManager manager = work(OperationResult.RELEASE).start();
        host.await(UnitEvent.LeaseOpened.class);
        store.next(PeerCommand.Finish.class, FaultyPeerStore.Fault.UNAVAILABLE, FaultyPeerStore.Fault.COMMAND_LOST);
        manager.requestAsyncLock("work");
        host.await(UnitEvent.StoreUnavailable.class);

        manager.stop();

        host.await(UnitEvent.Recorded.class);
        host.await(UnitEvent.Stopped.class);
        assertThat(web.awaitOutcome().kind()).isEqualTo(Outcome.Kind.RELEASED);
        assertThat(hasLease()).isFalse();
    }

    @Test
    void while_it_pauses_after_a_failure() throws InterruptedException {
        RollingOpsManager manager = work(OperationResult.RETRY_RELEASE)
                .retryPause(new RetryPause(Duration.ofHours(1), Duration.ofHours(1)))
                .start();
        host.await(UnitEvent.LeaseOpened.class);
        manager.requestAsyncLock("work", Map.of(), OptionalInt.empty());
        host.await(UnitEvent.Recorded.class);

        manager.stop();

        host.await(UnitEvent.Stopped.class);
        assertThat(hasLease()).isFalse();
        assertThat(web.record(0).queue().head().orElseThrow().attempt()).isEqualTo(1);
    }

    /** The next process wants grants again, although the last one rested. */
    @Test
    void and_the_next_process_takes_up_what_was_left() throws InterruptedException {
        while_it_pauses_after_a_failure();

        TestHost next = web.host();
        next.manager(web.store, "web/0", "p2")
                .callback("work", context -> OperationResult.RELEASE)
                .start();

        next.await(UnitEvent.Recorded.class);
        assertThat(web.record(0).queue().isEmpty()).isTrue();
    }

    @Test
    void while_the_store_is_down_it_says_so_only_when_the_lease_is_given_up() throws InterruptedException {
        RollingOpsManager manager = work(OperationResult.RELEASE).start();
        host.await(UnitEvent.LeaseOpened.class);
        store.down(true);

        manager.stop();
        UnitEvent.StoreUnavailable first = host.await(UnitEvent.StoreUnavailable.class);
        assertThat(first.command()).isInstanceOf(PeerCommand.CloseLease.class);
        assertThat(host.told(UnitEvent.Stopped.class)).isEmpty();
        store.down(false);

        host.await(UnitEvent.Stopped.class);
        assertThat(hasLease()).isFalse();
    }

    @Test
    void while_it_holds_a_named_lock() throws InterruptedException {
        RollingOpsManager manager = work(OperationResult.RELEASE).start();
        host.await(UnitEvent.LeaseOpened.class);
        CountDownLatch lost = new CountDownLatch(1);
        try (SyncLock lock = manager.acquireNamedLock("backup", Duration.ofSeconds(10))) {
            lock.signal().onLost(reason -> lost.countDown());

            manager.stop();

            host.await(UnitEvent.Stopped.class);
            assertThat(lost.getCount()).isZero();
            assertThat(web.seen().locks()).isEmpty();
        }
    }

    private RollingOpsManager.Builder work(OperationResult result) {
        return host.manager(store, "p1").callback("work", context -> result);
    }

    private boolean hasLease() {
        return web.seen().members().values().stream()
                .anyMatch(member -> member.lease().isPresent());
    }
}
