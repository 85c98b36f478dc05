// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static io.rollingops.peer.Replica.TTL;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.manager.UnitStep.Rest;
import io.rollingops.manager.UnitStep.Run;
import io.rollingops.manager.UnitStep.Send;
import io.rollingops.manager.UnitStep.Why;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.Replica;
import io.rollingops.spi.ClusterLock.Cleanliness;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.spi.ClusterLock.Reach;
import io.rollingops.spi.ClusterLock.State;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules about a lock that several applications share: E, on top of the grant, and B, when it cannot be had. */
class UnitProtocolClusterTest {
    private static final State FREE = cluster(Reach.SETTLED, Hold.NONE);
    private static final State WAITING = cluster(Reach.SETTLED, Hold.WAITING);
    private static final State HELD = new State(Reach.SETTLED, Hold.HELD, OptionalLong.of(44), Cleanliness.UNKNOWN);
    private static final State LOST = cluster(Reach.SETTLED, Hold.LOST);
    private static final State AWAY = cluster(Reach.AWAY, Hold.NONE);

    private final Replica store = new Replica();
    private UnitLocal local = UnitLocal.begin("p", Optional.empty());
    private ClusterLossPolicy onLoss = ClusterLossPolicy.DEGRADE;

    // Rule E1: the lock comes after the grant, and on top of it.

    @Test
    void without_a_grant_nobody_wants_the_lock() {
        readyOnEtcd();
        assertThat(next(FREE)).isEqualTo(new Rest(Why.NOT_GRANTED));
    }

    @Test
    void with_the_grant_the_lock_is_wanted_then_waited_for_and_only_then_the_unit_starts() {
        readyOnEtcd();
        store.requests(0, "restart");
        assertThat(next(FREE)).isEqualTo(new UnitStep.WantCluster(head()));
        assertThat(next(WAITING)).isEqualTo(new Rest(Why.WAITING_FOR_CLUSTER));
        assertThat(next(HELD)).isEqualTo(new Send(new PeerCommand.Start(1, false)));
    }

    @Test
    void the_callback_gets_the_token_of_the_lock() {
        readyOnEtcd();
        store.requests(0, "restart");
        Operation head = head();
        exchange(HELD);
        assertThat(next(HELD)).isEqualTo(new Run(1, head, OptionalLong.of(44)));
    }

    @ParameterizedTest
    @EnumSource(value = Hold.class, names = "HELD", mode = EnumSource.Mode.EXCLUDE)
    void a_lock_that_is_gone_when_the_start_is_confirmed_makes_the_unit_give_way(Hold hold) {
        readyOnEtcd();
        store.requests(0, "restart");
        exchange(HELD);
        assertThat(next(cluster(Reach.SETTLED, hold))).isEqualTo(new Send(new PeerCommand.NotRun(1, true, false)));
    }

    @Test
    void a_unit_that_is_processed_by_its_peers_takes_no_notice_of_the_lock() {
        ready();
        store.requests(0, "restart");
        assertThat(next(AWAY)).isEqualTo(new Send(new PeerCommand.Start(1, false)));
        exchange(AWAY);
        assertThat(((Run) next(AWAY)).clusterToken()).isEmpty();
    }

    @Test
    void after_the_result_the_lock_is_given_back() {
        readyOnEtcd();
        store.requests(0, "restart");
        runs();
        answers(OperationResult.RELEASE);
        assertThat(next(HELD)).isEqualTo(new UnitStep.DropCluster());
        local = local.lockGivenBack();
        assertThat(next(FREE)).isEqualTo(new Rest(Why.NOT_GRANTED));
    }

    @Test
    void the_lock_is_given_back_before_the_next_operation_of_the_same_unit() {
        readyOnEtcd();
        store.requests(0, "restart");
        store.requests(0, "reload");
        runs();
        answers(OperationResult.RELEASE);
        assertThat(store.state().snapshot().isGrantedTo(unit(0))).isTrue();
        assertThat(next(HELD)).isEqualTo(new UnitStep.DropCluster());
        local = local.lockGivenBack();
        assertThat(next(FREE)).isEqualTo(new UnitStep.WantCluster(head()));
    }

    @Test
    void the_lock_is_given_back_as_soon_as_the_result_is_recorded_whatever_the_own_copy_of_the_store_shows() {
        readyOnEtcd();
        store.requests(0, "restart");
        runs();
        PeerSnapshot old = store.state().snapshot();
        answers(OperationResult.RELEASE);
        UnitProtocol protocol = new UnitProtocol(unit(0), TTL, callback -> false);
        assertThat(protocol.next(old, local, HELD)).isEqualTo(new UnitStep.DropCluster());
        local = local.lockGivenBack();
        assertThat(protocol.next(old, local, FREE)).isEqualTo(new Rest(Why.CATCHING_UP));
    }

    @Test
    void without_a_cluster_there_is_no_lock_to_give_back() {
        ready();
        store.requests(0, "restart");
        exchange(State.NONE);
        local = local.began(1, head());
        local = local.ended(new Ending.Answered(OperationResult.RELEASE, "", false));
        exchange(State.NONE);
        assertThat(next(State.NONE)).isEqualTo(new Rest(Why.NOT_GRANTED));
    }

    // Rule E3: a unit that retries with hold keeps the lock.

    @Test
    void between_two_attempts_with_hold_the_lock_is_kept() {
        readyOnEtcd();
        store.requests(0, "restart");
        runs();
        answers(OperationResult.RETRY_HOLD);
        assertThat(next(HELD)).isEqualTo(new Send(new PeerCommand.Start(2, false)));
    }

    @Test
    void a_lock_that_was_lost_while_the_unit_waits_is_given_up_before_it_is_wanted_again() {
        readyOnEtcd();
        store.requests(0, "restart");
        assertThat(next(LOST)).isEqualTo(new UnitStep.DropCluster());
        assertThat(next(FREE)).isEqualTo(new UnitStep.WantCluster(head()));
    }

    @Test
    void a_unit_that_stops_gives_the_lock_back_before_its_lease() {
        readyOnEtcd();
        local = local.stop();
        assertThat(next(HELD)).isEqualTo(new UnitStep.DropCluster());
        assertThat(next(FREE)).isEqualTo(new Send(new PeerCommand.CloseLease("p-1")));
    }

    // Rules B1 and B2: what happens while the lock cannot be had.

    @Test
    void when_etcd_is_away_and_the_policy_is_to_degrade_the_unit_goes_on_with_the_grant_alone() {
        readyOnEtcd();
        store.requests(0, "restart");
        assertThat(next(AWAY)).isEqualTo(new Send(new PeerCommand.SetBackend(ProcessingBackend.PEER, true)));
        exchange(AWAY);
        assertThat(next(AWAY)).isEqualTo(new Send(new PeerCommand.Start(1, false)));
        exchange(AWAY);
        assertThat(((Run) next(AWAY)).clusterToken()).isEmpty();
    }

    @Test
    void when_the_policy_is_to_block_the_unit_lets_the_others_go_and_wants_no_grant_until_etcd_is_back() {
        onLoss = ClusterLossPolicy.BLOCK;
        readyOnEtcd();
        store.requests(0, "restart");
        assertThat(next(AWAY)).isEqualTo(new Send(new PeerCommand.NotRun(1, true, true)));
        exchange(AWAY);
        assertThat(next(AWAY)).isEqualTo(new Rest(Why.NOT_GRANTED));
        assertThat(store.queue(0)).containsExactly("restart");
        assertThat(next(FREE)).isEqualTo(new Send(new PeerCommand.SetReady(true)));
    }

    @Test
    void a_unit_whose_etcd_is_no_longer_configured_goes_back_to_its_peers_whatever_the_policy() {
        onLoss = ClusterLossPolicy.BLOCK;
        readyOnEtcd();
        store.requests(0, "restart");
        assertThat(next(State.NONE)).isEqualTo(new Send(new PeerCommand.SetBackend(ProcessingBackend.PEER, true)));
    }

    // Rule B3: the way back, from a clean slate.

    @Test
    void a_unit_that_was_never_on_etcd_goes_there_as_soon_as_it_answers() {
        ready();
        assertThat(next(cluster(Reach.REACHABLE, Hold.NONE)))
                .isEqualTo(new Send(new PeerCommand.SetBackend(ProcessingBackend.ETCD, false)));
    }

    @Test
    void a_unit_that_fell_back_returns_when_etcd_has_settled_the_queue_is_empty_and_its_keys_are_removed() {
        readyOnEtcd();
        store.requests(0, "restart");
        exchange(AWAY);
        assertThat(next(FREE)).as("work comes first").isEqualTo(new Send(new PeerCommand.Start(1, false)));
        exchange(FREE);
        local = local.began(1, head());
        local = local.ended(new Ending.Answered(OperationResult.RELEASE, "", false));
        exchange(FREE);
        assertThat(next(FREE)).isEqualTo(new UnitStep.DropCluster());
        local = local.lockGivenBack();

        assertThat(next(cluster(Reach.REACHABLE, Hold.NONE))).as("not settled").isEqualTo(new Rest(Why.NOT_GRANTED));
        assertThat(next(FREE)).isEqualTo(new UnitStep.CleanCluster());
        assertThat(next(cleanliness(Cleanliness.CLEANING))).isEqualTo(new Rest(Why.NOT_GRANTED));
        assertThat(next(cleanliness(Cleanliness.CLEAN)))
                .isEqualTo(new Send(new PeerCommand.SetBackend(ProcessingBackend.ETCD, false)));
        exchange(cleanliness(Cleanliness.CLEAN));
        assertThat(next(FREE)).isEqualTo(new Rest(Why.NOT_GRANTED));
    }

    private static State cluster(Reach reach, Hold hold) {
        return new State(
                reach, hold, hold == Hold.HELD ? OptionalLong.of(44) : OptionalLong.empty(), Cleanliness.UNKNOWN);
    }

    private static State cleanliness(Cleanliness cleanliness) {
        return new State(Reach.SETTLED, Hold.NONE, OptionalLong.empty(), cleanliness);
    }

    private UnitStep next(State cluster) {
        return new UnitProtocol(unit(0), TTL, callback -> callback.equals("hold"), onLoss)
                .next(store.state().snapshot(), local, cluster);
    }

    private void exchange(State cluster) {
        UnitStep step = next(cluster);
        assertThat(step).isInstanceOf(Send.class);
        PeerCommand.ByUnit command = ((Send) step).command();
        local = local.replied(command, store.by(0, command), store.state().revision());
    }

    private void ready() {
        exchange(State.NONE);
        exchange(State.NONE);
    }

    private void readyOnEtcd() {
        ready();
        exchange(FREE);
        assertThat(store.record(0).backend()).isEqualTo(ProcessingBackend.ETCD);
    }

    private void runs() {
        exchange(HELD);
        Run run = (Run) next(HELD);
        local = local.began(run.epoch(), run.operation());
    }

    private void answers(OperationResult result) {
        local = local.ended(new Ending.Answered(result, "", false));
        exchange(HELD);
    }

    private Operation head() {
        return store.record(0).queue().head().orElseThrow();
    }
}
