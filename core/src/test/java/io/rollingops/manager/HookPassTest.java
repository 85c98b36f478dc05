// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.peer.Databags;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.schedule.Intent;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.Journal;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** One pass of a unit in one hook, over databags whose commit may fail. */
class HookPassTest {
    private static final UnitName SELF = UnitName.parse("app/0");
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);

    private final List<String> calls = new ArrayList<>();
    private final DiskJournal journal = new DiskJournal();
    private Map<String, String> own = Map.of();
    private Map<String, String> application = Map.of();
    private OperationResult answer = OperationResult.RELEASE;
    private final FakeCluster cluster = new FakeCluster();
    private final List<BooleanSupplier> stopping = new ArrayList<>();
    private ClusterLossPolicy policy = ClusterLossPolicy.DEGRADE;
    private Runnable during = () -> {};

    @Test
    void without_a_grant_nothing_runs() {
        request("restart");
        assertThat(committed(RetryPause.NONE, false).answered()).isFalse();
        assertThat(calls).isEmpty();
    }

    @Test
    void a_granted_head_runs_once_and_is_answered() {
        request("restart");
        request("other");
        grant(3);
        HookPass.Result result = committed(RetryPause.NONE, false);
        assertThat(result.answered()).isTrue();
        assertThat(calls).containsExactly("restart 3");
        assertThat(record().doneEpoch()).isEqualTo(3);
        assertThat(record().queue().head().map(Operation::callbackId)).contains("other");
        committed(RetryPause.NONE, false);
        assertThat(calls).hasSize(1);
    }

    @Test
    void a_result_whose_commit_failed_is_recorded_by_the_next_hook_and_the_callback_does_not_run_again() {
        request("restart");
        grant(3);
        run(RetryPause.NONE, false);
        assertThat(calls).hasSize(1);
        assertThat(record().doneEpoch()).isZero();
        run(RetryPause.NONE, false);
        assertThat(committed(RetryPause.NONE, false).answered()).isTrue();
        assertThat(calls).hasSize(1);
        assertThat(record().queue().isEmpty()).isTrue();
        assertThat(journal.read()).isPresent();
        committed(RetryPause.NONE, false);
        assertThat(journal.read()).as("the answer was seen in the store").isEmpty();
    }

    @Test
    void a_result_whose_grant_was_taken_by_force_counts_no_more() {
        request("restart");
        grant(3);
        run(RetryPause.NONE, false);
        application = Map.of("grant_epoch", "3");
        committed(RetryPause.NONE, false);
        assertThat(record().queue().size()).isEqualTo(1);
        assertThat(journal.read()).isEmpty();
        grant(4);
        committed(RetryPause.NONE, false);
        assertThat(calls).containsExactly("restart 3", "restart 4");
    }

    @Test
    void a_grant_with_nothing_to_run_is_given_back() {
        grant(3);
        assertThat(committed(RetryPause.NONE, false).answered()).isTrue();
        assertThat(calls).isEmpty();
        assertThat(record().doneEpoch()).isEqualTo(3);
    }

    @Test
    void an_operation_whose_callback_is_gone_leaves_the_queue() {
        request("unheard-of");
        grant(3);
        committed(RetryPause.NONE, false);
        assertThat(record().queue().isEmpty()).isTrue();
    }

    @Test
    void a_callback_that_throws_is_tried_again_later() {
        request("throws");
        grant(3);
        committed(RetryPause.NONE, false);
        assertThat(record().intent()).isEqualTo(Intent.RETRY_RELEASE);
        assertThat(record().queue().head().orElseThrow().attempt()).isEqualTo(1);
    }

    @Test
    void after_a_failure_with_a_pause_the_unit_wants_no_grant_until_the_pause_is_over() {
        RetryPause pause = new RetryPause(Duration.ofSeconds(5), Duration.ofMinutes(1));
        answer = OperationResult.RETRY_RELEASE;
        request("restart");
        grant(3);
        assertThat(committed(pause, false).pauseFor()).contains(Duration.ofSeconds(5));
        assertThat(record().isReady()).isFalse();
        committed(pause, true);
        assertThat(record().isReady()).isFalse();
        committed(pause, false);
        assertThat(record().isReady()).isTrue();
    }

    @Test
    void on_etcd_the_lock_is_asked_for_after_the_grant_and_nothing_begins_before_it_is_held() {
        onEtcd();
        request("restart");
        committed(RetryPause.NONE, false);
        assertThat(cluster.asked).as("no grant, no lock (rule E1)").isEmpty();
        grant(3);
        assertThat(committed(RetryPause.NONE, false).resting()).isEqualTo(UnitStep.Why.WAITING_FOR_CLUSTER);
        assertThat(cluster.asked).containsExactly("want restart");
        assertThat(calls).isEmpty();
        assertThat(record().doneEpoch()).isZero();
    }

    @Test
    void under_the_lock_of_etcd_the_head_runs_with_its_token_and_is_told_as_finished() {
        onEtcd();
        request("restart");
        grant(3);
        cluster.hold(17);
        committed(RetryPause.NONE, false);
        assertThat(calls).containsExactly("restart 3 17");
        assertThat(cluster.asked).containsExactly("finished restart release", "drop");
    }

    @Test
    void a_result_of_an_earlier_hook_is_told_as_finished_too() {
        onEtcd();
        request("restart");
        grant(3);
        cluster.hold(17);
        run(RetryPause.NONE, false);
        cluster.asked.clear();
        cluster.hold(17);
        committed(RetryPause.NONE, false);
        assertThat(calls).hasSize(1);
        assertThat(cluster.asked).containsExactly("finished restart release", "drop");
    }

    @Test
    void over_a_retry_that_holds_on_the_lock_of_etcd_is_kept() {
        onEtcd();
        answer = OperationResult.RETRY_HOLD;
        request("restart");
        grant(3);
        cluster.hold(17);
        committed(RetryPause.NONE, false);
        assertThat(cluster.asked).containsExactly("finished restart retry-hold");
    }

    @Test
    void when_the_lock_of_etcd_is_lost_a_callback_goes_on_without_its_token_if_the_policy_is_to_degrade() {
        onEtcd();
        request("restart");
        grant(3);
        cluster.hold(17);
        during = cluster::lose;
        committed(RetryPause.NONE, false);
        assertThat(calls).containsExactly("restart 3 17", "token void");
        assertThat(record().queue().isEmpty()).isTrue();
        assertThat(stopping).isEmpty();
    }

    @Test
    void when_the_lock_of_etcd_is_lost_a_callback_is_stopped_and_tried_again_if_the_policy_is_to_block() {
        policy = ClusterLossPolicy.BLOCK;
        onEtcd();
        request("restart");
        grant(3);
        cluster.hold(17);
        during = cluster::lose;
        assertThat(committed(RetryPause.NONE, false).answered()).isTrue();
        assertThat(calls).containsExactly("restart 3 17");
        assertThat(stopping)
                .singleElement()
                .satisfies(ended -> assertThat(ended.getAsBoolean()).isTrue());
        assertThat(record().queue().size()).isEqualTo(1);
        assertThat(record().intent()).isEqualTo(Intent.RETRY_RELEASE);
    }

    @Test
    void a_lock_that_is_lost_after_the_callback_stops_nothing() {
        policy = ClusterLossPolicy.BLOCK;
        onEtcd();
        request("restart");
        grant(3);
        cluster.hold(17);
        committed(RetryPause.NONE, false);
        cluster.lose();
        assertThat(stopping).isEmpty();
        assertThat(record().queue().isEmpty()).isTrue();
    }

    @Test
    void without_etcd_the_unit_goes_on_over_its_peers_or_waits_as_the_policy_says() {
        onEtcd();
        request("restart");
        grant(3);
        cluster.reach = ClusterLock.Reach.AWAY;
        policy = ClusterLossPolicy.BLOCK;
        run(RetryPause.NONE, false);
        assertThat(calls).isEmpty();
        policy = ClusterLossPolicy.DEGRADE;
        committed(RetryPause.NONE, false);
        assertThat(calls).containsExactly("restart 3");
        assertThat(record().standing().etcdCleanupNeeded()).isTrue();
    }

    private void onEtcd() {
        cluster.reach = ClusterLock.Reach.REACHABLE;
        committed(RetryPause.NONE, false);
        assertThat(record().backend()).isEqualTo(ProcessingBackend.ETCD);
    }

    private void request(String callback) {
        Store store = new Store();
        store.submit(new PeerCommand.Request(callback, Json.Obj.EMPTY, OptionalInt.empty()), Duration.ZERO);
        own = store.bags.own();
    }

    private void grant(long epoch) {
        Map<String, String> bag = new HashMap<>(application);
        bag.putAll(Map.of(
                "granted_unit", SELF.toString(), "grant_holder", SELF.toString(), "grant_epoch", Long.toString(epoch)));
        application = bag;
    }

    private HookPass.Result committed(RetryPause pause, boolean pausing) {
        Store store = new Store();
        HookPass.Result result = pass(store, pause, pausing).run();
        own = store.bags.own();
        return result;
    }

    /** Runs a hook whose commit fails. */
    private void run(RetryPause pause, boolean pausing) {
        pass(new Store(), pause, pausing).run();
    }

    private HookPass pass(Store store, RetryPause pause, boolean pausing) {
        Callback restart = context -> {
            calls.add(context.operation().value().replaceFirst("^[0-9.]+-", "") + " "
                    + context.token().epoch()
                    + (context.token().cluster().isPresent()
                            ? " " + context.token().cluster().getAsLong()
                            : ""));
            during.run();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (context.clusterLock().isLost()) {
                calls.add("token void");
            }
            return answer;
        };
        Callback fails = context -> {
            throw new IllegalStateException("as it was told");
        };
        return new HookPass(
                store,
                cluster,
                Map.of("restart", restart, "other", restart, "throws", fails),
                journal,
                new HookPass.Rules(policy, pause, pausing, stopping::add),
                event -> {});
    }

    private UnitRecord record() {
        return new Store().snapshot().record(SELF).orElseThrow();
    }

    /** The databags as they were committed, and what this hook makes of them. */
    private final class Store implements PeerStore {
        private Databags bags = new Databags(SELF, application, new TreeMap<>(Map.of(SELF, own))).adopted(START);

        @Override
        public UnitName self() {
            return SELF;
        }

        @Override
        public PeerSnapshot snapshot() {
            return bags.snapshot();
        }

        @Override
        public Answer submit(PeerCommand command, Duration limit) {
            Databags.Applied applied = bags.apply((PeerCommand.ByUnit) command, START, false);
            bags = applied.bags();
            return new Answer(applied.reply(), 0);
        }

        @Override
        public Runnable onChange(Runnable listener) {
            return () -> {};
        }
    }

    /** A lock of which the test says what becomes of it. */
    private static final class FakeCluster implements ClusterLock {
        private final List<String> asked = new ArrayList<>();
        private final List<Runnable> listeners = new ArrayList<>();
        private Reach reach = Reach.NONE;
        private Hold hold = Hold.NONE;
        private long token;

        void hold(long newToken) {
            hold = Hold.HELD;
            token = newToken;
        }

        void lose() {
            hold = Hold.LOST;
            List.copyOf(listeners).forEach(Runnable::run);
        }

        @Override
        public State state() {
            return new State(
                    reach,
                    hold,
                    hold == Hold.HELD ? OptionalLong.of(token) : OptionalLong.empty(),
                    Cleanliness.UNKNOWN);
        }

        @Override
        public void want(Operation operation) {
            asked.add("want " + operation.callbackId());
            hold = Hold.WAITING;
        }

        @Override
        public void finished(Operation operation) {
            asked.add("finished " + operation.callbackId() + " "
                    + operation.result().orElseThrow().wire());
        }

        @Override
        public void drop() {
            asked.add("drop");
            hold = Hold.NONE;
        }

        @Override
        public void clean() {
            asked.add("clean");
        }

        @Override
        public Runnable onChange(Runnable listener) {
            listeners.add(listener);
            return () -> listeners.remove(listener);
        }
    }

    /** Kept over hooks, as a disk does. */
    private static final class DiskJournal implements Journal {
        private Optional<Entry> entry = Optional.empty();

        @Override
        public Optional<Entry> read() {
            return entry;
        }

        @Override
        public void write(Entry newEntry) {
            entry = Optional.of(newEntry);
        }

        @Override
        public void clear() {
            entry = Optional.empty();
        }
    }
}
