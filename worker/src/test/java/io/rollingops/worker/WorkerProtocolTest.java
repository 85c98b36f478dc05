// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.juju.HookTraces;
import io.rollingops.juju.RollingOps;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.spi.ClusterLock.Cleanliness;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.spi.ClusterLock.Reach;
import io.rollingops.spi.ClusterLock.State;
import io.rollingops.worker.WorkerStep.Clean;
import io.rollingops.worker.WorkerStep.Dispatch;
import io.rollingops.worker.WorkerStep.Drop;
import io.rollingops.worker.WorkerStep.Rest;
import io.rollingops.worker.WorkerStep.Want;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What a worker does, from what the last hook left and what is known of the lock. */
class WorkerProtocolTest {
    private static final UnitName SELF = UnitName.parse("app/0");
    private static final String QUEUE =
            "[{\"callback_id\":\"restart\",\"requested_at\":\"1771848000.5\",\"max_retry\":null,\"attempt\":0,"
                    + "\"result\":null,\"kwargs\":{}}]";
    private static final Operation DONE = Operation.requested(
                    "restart", Json.Obj.EMPTY, OptionalInt.empty(), Instant.ofEpochSecond(1_771_848_000))
            .completed(OperationResult.RELEASE);

    private final WorkerProtocol protocol = new WorkerProtocol(SELF, ClusterLossPolicy.DEGRADE);

    @Test
    void a_worker_that_has_seen_no_hook_asks_for_one_when_it_knows_whether_etcd_is_there() {
        assertThat(protocol.next(WorkerLocal.NEW, lock(Reach.UNKNOWN, Hold.NONE)))
                .isInstanceOf(Rest.class);
        assertThat(protocol.next(WorkerLocal.NEW, lock(Reach.REACHABLE, Hold.NONE)))
                .isEqualTo(new Dispatch(RollingOps.GRANTED_HOOK));
        assertThat(protocol.next(WorkerLocal.NEW, lock(Reach.AWAY, Hold.NONE)))
                .isEqualTo(new Dispatch(RollingOps.ETCD_FAILED_HOOK));
    }

    @Test
    void a_grant_of_the_unit_is_followed_by_the_wish_for_the_lock_and_that_by_the_hook() {
        WorkerLocal granted = WorkerLocal.NEW.left(granted());
        assertThat(protocol.next(granted, lock(Reach.SETTLED, Hold.NONE))).isInstanceOf(Want.class);
        assertThat(protocol.next(granted, lock(Reach.SETTLED, Hold.WAITING))).isInstanceOf(Rest.class);
        assertThat(protocol.next(granted, lock(Reach.SETTLED, Hold.HELD)))
                .isEqualTo(new Dispatch(RollingOps.GRANTED_HOOK));
    }

    @Test
    void without_a_grant_the_lock_is_not_wanted() {
        WorkerLocal waiting = WorkerLocal.NEW.left(traces(unit("operations", QUEUE, "state", "request"), Map.of()));
        assertThat(protocol.next(waiting, lock(Reach.SETTLED, Hold.NONE))).isInstanceOf(Rest.class);
        assertThat(protocol.next(waiting, lock(Reach.SETTLED, Hold.HELD))).isInstanceOf(Drop.class);
    }

    @Test
    void the_lock_stays_until_the_hook_that_ran_under_it_has_succeeded() {
        WorkerLocal running = WorkerLocal.NEW
                .left(granted())
                .dispatching(1, lock(Reach.SETTLED, Hold.HELD))
                .begun(1)
                .leaving(answered());
        assertThat(protocol.next(running, lock(Reach.SETTLED, Hold.HELD))).isInstanceOf(Rest.class);

        WorkerLocal succeeded = running.ended(true);
        assertThat(protocol.next(succeeded, lock(Reach.SETTLED, Hold.HELD))).isEqualTo(new Drop(Optional.of(DONE)));

        WorkerLocal failed = running.ended(false);
        assertThat(protocol.next(failed, lock(Reach.SETTLED, Hold.HELD))).isInstanceOf(Rest.class);
        assertThat(protocol.next(failed.rested(), lock(Reach.SETTLED, Hold.HELD)))
                .as("and is dispatched again (rule E3)")
                .isEqualTo(new Dispatch(RollingOps.GRANTED_HOOK));
    }

    @Test
    void what_another_hook_leaves_while_one_is_on_its_way_counts_until_that_one_has_ended() {
        WorkerLocal local = WorkerLocal.NEW
                .left(granted())
                .dispatching(1, lock(Reach.SETTLED, Hold.HELD))
                .left(idle());
        assertThat(local.ended(false).seen()).contains(idle());
        assertThat(local.begun(1).leaving(answered()).ended(true).seen()).contains(answered());
    }

    @Test
    void a_hook_that_does_not_come_keeps_the_lock_from_nobody() {
        WorkerLocal late = WorkerLocal.NEW
                .left(granted())
                .dispatching(1, lock(Reach.SETTLED, Hold.HELD))
                .late(1);
        assertThat(protocol.next(late, lock(Reach.SETTLED, Hold.HELD))).isInstanceOf(Drop.class);
        assertThat(protocol.next(late, lock(Reach.SETTLED, Hold.NONE)))
                .as("and is not asked for again before that hook has ended")
                .isInstanceOf(Rest.class);
        WorkerLocal begun = WorkerLocal.NEW
                .left(granted())
                .dispatching(1, lock(Reach.SETTLED, Hold.HELD))
                .begun(1)
                .late(1);
        assertThat(protocol.next(begun, lock(Reach.SETTLED, Hold.HELD)))
                .as("one that came may take as long as it likes")
                .isInstanceOf(Rest.class);
    }

    @Test
    void hooks_that_fail_again_and_again_keep_the_lock_from_nobody() {
        WorkerLocal local = WorkerLocal.NEW.left(granted());
        for (int i = 1; i <= WorkerProtocol.FRUITLESS_WITH_LOCK; i++) {
            assertThat(protocol.next(local, lock(Reach.SETTLED, Hold.HELD))).isInstanceOf(Dispatch.class);
            local = local.dispatching(i, lock(Reach.SETTLED, Hold.HELD))
                    .begun(i)
                    .ended(false);
            assertThat(protocol.next(local, lock(Reach.SETTLED, Hold.HELD)))
                    .isInstanceOf(i < WorkerProtocol.FRUITLESS_WITH_LOCK ? Rest.class : Drop.class);
            if (i < WorkerProtocol.FRUITLESS_WITH_LOCK) {
                local = local.rested();
            }
        }
        assertThat(protocol.next(local, lock(Reach.SETTLED, Hold.NONE))).isInstanceOf(Rest.class);
        assertThat(protocol.next(local.rested(), lock(Reach.SETTLED, Hold.NONE)))
                .isInstanceOf(Want.class);
    }

    @Test
    void a_hook_that_changed_nothing_is_not_dispatched_again_in_a_circle() {
        WorkerLocal again = WorkerLocal.NEW
                .left(granted())
                .dispatching(1, lock(Reach.SETTLED, Hold.HELD))
                .begun(1)
                .leaving(granted())
                .ended(true);
        assertThat(again.resting()).isTrue();
        assertThat(protocol.next(again, lock(Reach.SETTLED, Hold.HELD))).isInstanceOf(Rest.class);
        assertThat(again.left(idle()).resting()).as("news from another hook").isFalse();
    }

    @Test
    void pauses_grow_up_to_the_interval_of_update_status() {
        assertThat(WorkerProtocol.pauseAfter(1)).isEqualTo(Duration.ofSeconds(1));
        assertThat(WorkerProtocol.pauseAfter(4)).isEqualTo(Duration.ofSeconds(8));
        assertThat(WorkerProtocol.pauseAfter(1000)).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void over_a_retry_that_holds_on_the_lock_is_kept_until_another_unit_is_granted() {
        Map<String, String> unit = unit("operations", QUEUE, "state", "retry-hold", "done_epoch", "3");
        WorkerLocal holding = WorkerLocal.NEW.left(traces(unit, application("app/0", 3)));
        assertThat(protocol.next(holding, lock(Reach.SETTLED, Hold.HELD))).isInstanceOf(Rest.class);
        WorkerLocal passedOver = WorkerLocal.NEW.left(traces(unit, application("app/1", 4)));
        assertThat(protocol.next(passedOver, lock(Reach.SETTLED, Hold.HELD))).isInstanceOf(Drop.class);
    }

    @Test
    void a_unit_on_its_peers_returns_after_cleaning_when_etcd_has_settled() {
        WorkerLocal local = WorkerLocal.NEW.left(
                traces(unit("processing_backend", "peer", "etcd_cleanup_needed", "true"), Map.of()));
        assertThat(protocol.next(local, lock(Reach.REACHABLE, Hold.NONE))).isInstanceOf(Rest.class);
        assertThat(protocol.next(local, lock(Reach.SETTLED, Hold.NONE))).isInstanceOf(Clean.class);
        assertThat(protocol.next(local, new State(Reach.SETTLED, Hold.NONE, OptionalLong.empty(), Cleanliness.CLEAN)))
                .isEqualTo(new Dispatch(RollingOps.GRANTED_HOOK));
    }

    @Test
    void when_etcd_is_away_the_hook_decides_by_the_policy() {
        WorkerLocal granted = WorkerLocal.NEW.left(granted());
        assertThat(protocol.next(granted, lock(Reach.AWAY, Hold.WAITING)))
                .isEqualTo(new Dispatch(RollingOps.ETCD_FAILED_HOOK));
        WorkerProtocol blocking = new WorkerProtocol(SELF, ClusterLossPolicy.BLOCK);
        assertThat(blocking.next(WorkerLocal.NEW.left(idle()), lock(Reach.AWAY, Hold.NONE)))
                .as("it says that it wants no grant")
                .isEqualTo(new Dispatch(RollingOps.ETCD_FAILED_HOOK));
    }

    @Test
    void a_pause_of_the_unit_ends_without_the_worker() {
        Map<String, String> unit =
                unit("operations", QUEUE, "state", "retry-release", "done_epoch", "3", "ready", "false");
        WorkerLocal pausing =
                WorkerLocal.NEW.left(new HookTraces(unit, application("app/0", 3), true, Optional.empty()));
        assertThat(protocol.next(pausing, lock(Reach.SETTLED, Hold.NONE))).isInstanceOf(Rest.class);
    }

    @Test
    void a_synchronous_lock_of_the_unit_goes_first() {
        WorkerLocal lent = WorkerLocal.NEW.left(granted()).lending(true);
        assertThat(protocol.next(lent, lock(Reach.SETTLED, Hold.WAITING))).isInstanceOf(Drop.class);
        assertThat(protocol.next(lent, lock(Reach.SETTLED, Hold.NONE))).isInstanceOf(Rest.class);
        assertThat(protocol.next(lent.lending(false), lock(Reach.SETTLED, Hold.NONE)))
                .isInstanceOf(Want.class);
    }

    @Test
    void a_worker_that_ends_lets_a_running_hook_keep_the_lock() {
        WorkerLocal running = WorkerLocal.NEW
                .left(granted())
                .dispatching(1, lock(Reach.SETTLED, Hold.HELD))
                .begun(1);
        assertThat(protocol.next(running.stop(), lock(Reach.SETTLED, Hold.HELD)))
                .isInstanceOf(Rest.class);
        assertThat(protocol.next(running.ended(false).stop(), lock(Reach.SETTLED, Hold.HELD)))
                .isInstanceOf(Drop.class);
    }

    @Test
    void databags_that_cannot_be_understood_lead_to_nothing() {
        WorkerLocal local = WorkerLocal.NEW.left(traces(unit(), Map.of("grant_epoch", "many")));
        assertThat(protocol.next(local, lock(Reach.SETTLED, Hold.NONE))).isInstanceOf(Rest.class);
    }

    private static State lock(Reach reach, Hold hold) {
        return new State(
                reach, hold, hold == Hold.HELD ? OptionalLong.of(17) : OptionalLong.empty(), Cleanliness.UNKNOWN);
    }

    private static HookTraces granted() {
        return traces(unit("operations", QUEUE, "state", "request"), application("app/0", 3));
    }

    private static HookTraces answered() {
        return new HookTraces(
                unit("operations", "[]", "state", "idle", "done_epoch", "3"),
                application("app/0", 3),
                false,
                Optional.of(DONE));
    }

    private static HookTraces idle() {
        return traces(unit(), Map.of());
    }

    private static HookTraces traces(Map<String, String> unit, Map<String, String> application) {
        return new HookTraces(unit, application, false, Optional.empty());
    }

    private static Map<String, String> unit(String... keysAndValues) {
        Map<String, String> bag = new HashMap<>(Map.of("protocol", "2", "processing_backend", "etcd"));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            bag.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return bag;
    }

    private static Map<String, String> application(String holder, long epoch) {
        return Map.of("granted_unit", holder, "grant_holder", holder, "grant_epoch", Long.toString(epoch));
    }
}
