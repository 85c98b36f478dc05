// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.leaseId;
import static io.rollingops.peer.Replica.request;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.peer.PeerReply.Reason;
import io.rollingops.schedule.Intent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Who is granted the slot, and how a grant is started and answered (rules G1, G2, X1, X4, X5). */
class GrantsTest {

    @Test
    void requests_are_served_in_the_order_in_which_the_store_saw_them_whatever_the_clocks_show() {
        Replica store = Replica.ofUnits(3);
        store.at(START.plusSeconds(60)).requests(2, "restart");
        store.at(START.plusSeconds(30)).requests(1, "restart");
        store.at(START).requests(0, "restart");

        assertThat(order(store)).containsExactly(2, 1, 0);
    }

    @Test
    void nobody_is_granted_when_nobody_asks() {
        Replica store = Replica.ofUnits(3);
        assertThat(store.grant()).isEqualTo(Grant.NONE);
        store.requests(0, "restart");
        store.runs(0, OperationResult.RELEASE);
        assertThat(store.grant().isOpen()).isFalse();
        assertThat(store.events())
                .singleElement()
                .satisfies(event -> assertThat(event).isInstanceOf(PeerEvent.Answered.class));
    }

    @Test
    void a_grant_that_is_open_stays_where_it_is() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        Grant granted = store.grant();
        store.at(START.plusSeconds(99)).requests(1, "restart");
        assertThat(store.grant()).isEqualTo(granted);
    }

    @Test
    void a_start_moves_the_grant_to_running_once_and_tells_what_to_run() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");

        PeerReply started = store.by(0, new PeerCommand.Start(1, true));

        assertThat(started)
                .isEqualTo(new PeerReply.Started(store.record(0).queue().head(), true));
        assertThat(store.grant())
                .isEqualTo(new Grant(Optional.of(unit(0)), 1, Grant.Phase.RUNNING, true, Optional.of(START)));
        assertThat(store.by(0, new PeerCommand.Start(1, false))).isEqualTo(started);
        assertThat(store.grant().hold()).as("what the first start said counts").isTrue();
    }

    @Test
    void a_start_is_refused_under_another_epoch_by_another_unit_and_after_the_answer() {
        Replica store = Replica.ofUnits(2);
        assertThat(store.refusal(0, new PeerCommand.Start(0, false))).isEqualTo(Reason.STALE);
        store.requests(0, "restart");

        assertThat(store.refusal(0, new PeerCommand.Start(2, false))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, new PeerCommand.Start(0, false))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(1, new PeerCommand.Start(1, false))).isEqualTo(Reason.STALE);
        store.runs(0, OperationResult.RELEASE);
        assertThat(store.refusal(0, new PeerCommand.Start(1, false))).isEqualTo(Reason.STALE);
    }

    @Test
    void a_start_tells_whether_the_unit_is_ready() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");
        store.by(0, new PeerCommand.SetReady(false));
        PeerReply started = store.by(0, new PeerCommand.Start(1, false));
        assertThat(started)
                .isEqualTo(new PeerReply.Started(store.record(0).queue().head(), false));
    }

    @Test
    void a_result_settles_the_operation_and_the_grant_and_makes_the_next_grant() {
        Replica store = Replica.ofUnits(2);
        OperationId id = store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0);

        store.finishes(0, OperationResult.RELEASE);

        Outcome outcome = new Outcome(id, Outcome.Kind.RELEASED, 1, 1, START, "");
        assertThat(store.events())
                .containsExactly(new PeerEvent.Answered(unit(0), outcome), new PeerEvent.Granted(unit(1), 2));
        assertThat(store.record(0).doneEpoch()).isEqualTo(1);
        assertThat(store.record(0).answers().outcomes()).containsExactly(outcome);
    }

    @Test
    void a_result_is_refused_without_a_start_under_another_epoch_and_for_another_operation() {
        Replica store = Replica.ofUnits(2);
        OperationId id = store.requests(0, "restart");
        OperationId behind = store.requests(0, "reload");
        assertThat(store.refusal(0, released(1, id)))
                .as("granted, and not started")
                .isEqualTo(Reason.STALE);
        store.starts(0);

        assertThat(store.refusal(0, released(2, id))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, released(0, id))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, released(1, behind))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(1, released(1, id))).isEqualTo(Reason.STALE);
    }

    @Test
    void a_result_that_was_taken_may_be_repeated_and_counts_once() {
        Replica store = Replica.ofUnits(1);
        OperationId id = store.requests(0, "restart");
        store.requests(0, "reload");
        store.runs(0, OperationResult.RELEASE);
        UnitRecord recorded = store.record(0);
        Grant next = store.grant();
        assertThat(next.isOpenFor(unit(0), 2)).isTrue();

        assertThat(store.by(0, released(1, id))).isEqualTo(new PeerReply.Done());

        assertThat(store.record(0)).isEqualTo(recorded);
        assertThat(store.grant()).isEqualTo(next);
        assertThat(store.events()).isEmpty();
    }

    /** Told that it was carried out, the unit would believe that its result counted. */
    @Test
    void an_epoch_that_was_answered_otherwise_takes_no_result() {
        Replica store = Replica.ofUnits(1);
        OperationId id = store.requests(0, "restart");
        OperationId other = store.requests(0, "reload");
        store.starts(0);
        store.by(0, new PeerCommand.NotRun(1, true, false));
        assertThat(store.refusal(0, released(1, id)))
                .as("given back, so nothing ran")
                .isEqualTo(Reason.STALE);

        store.runs(0, OperationResult.RELEASE);
        assertThat(store.refusal(0, released(2, other)))
                .as("that epoch ran another operation")
                .isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, new PeerCommand.NotRun(2, false, false)))
                .as("something ran")
                .isEqualTo(Reason.STALE);
    }

    @Test
    void before_the_first_grant_there_is_nothing_to_answer() {
        Replica store = Replica.ofUnits(1);
        assertThat(store.refusal(0, released(0, new OperationId("1.0-x")))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, new PeerCommand.NotRun(0, false, false))).isEqualTo(Reason.STALE);
    }

    @Test
    void a_unit_that_holds_on_goes_before_an_older_request() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.runs(0, OperationResult.RETRY_HOLD);
        assertThat(store.grant().isOpenFor(unit(0), 2)).isTrue();
        store.runs(0, OperationResult.RETRY_HOLD);
        assertThat(store.grant().isOpenFor(unit(0), 3)).isTrue();
        store.runs(0, OperationResult.RELEASE);
        assertThat(store.grant().isOpenFor(unit(1), 4)).isTrue();
    }

    @Test
    void a_unit_that_releases_for_a_retry_goes_after_every_request() {
        Replica store = Replica.ofUnits(3);
        store.requests(0, "restart");
        store.runs(0, OperationResult.RETRY_RELEASE);
        store.starts(0);
        store.requests(1, "restart");
        store.requests(2, "restart");
        store.finishes(0, OperationResult.RETRY_RELEASE);
        assertThat(order(store)).containsExactly(1, 2, 0);
    }

    @Test
    void units_that_retry_take_turns() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, request("restart", OptionalInt.of(2)));
        store.requests(1, request("restart", OptionalInt.of(2)));
        assertThat(order(store, OperationResult.RETRY_RELEASE)).containsExactly(0, 1, 0, 1, 0, 1);
        assertThat(store.queue(0)).isEmpty();
        assertThat(store.queue(1)).isEmpty();
    }

    @Test
    void the_operations_of_one_unit_run_in_order_and_a_retry_goes_before_what_waits_behind_it() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "a");
        store.requests(0, "b");
        store.runs(0, OperationResult.RETRY_RELEASE);
        assertThat(store.queue(0)).containsExactly("a", "b");
        store.runs(0, OperationResult.RELEASE);
        assertThat(store.queue(0)).containsExactly("b");
    }

    @Test
    void an_operation_runs_once_more_than_its_retry_limit_and_is_then_dropped() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, request("restart", OptionalInt.of(2)));
        store.requests(0, "reload");
        store.runs(0, OperationResult.RETRY_RELEASE);
        store.runs(0, OperationResult.RETRY_HOLD);
        store.runs(0, OperationResult.RETRY_RELEASE);

        assertThat(store.queue(0)).containsExactly("reload");
        assertThat(store.record(0).answers().outcomes())
                .extracting(Outcome::kind)
                .containsExactly(Outcome.Kind.RETRY_RELEASE, Outcome.Kind.RETRY_HOLD, Outcome.Kind.DROPPED);
        assertThat(store.record(0).intent()).isEqualTo(Intent.REQUEST);
    }

    @Test
    void a_unit_that_rests_is_passed_over_until_it_says_that_it_is_ready() {
        Replica store = Replica.ofUnits(1);
        OperationId id = store.requests(0, "restart");
        store.starts(0);

        store.by(0, new PeerCommand.Finish(1, id, OperationResult.RETRY_RELEASE, "exit 75", true));
        assertThat(store.record(0).isReady()).isFalse();
        assertThat(store.grant().isOpen()).isFalse();

        store.by(0, new PeerCommand.SetReady(true));
        assertThat(store.grant().isOpenFor(unit(0), 2)).isTrue();
    }

    /** Else the unit that holds on would be passed over, and the next unit run before its retry (I6). */
    @Test
    void a_unit_that_rests_or_is_not_ready_cannot_hold_on_for_a_retry() {
        Replica store = Replica.ofUnits(2);
        OperationId id = store.requests(0, "restart");
        store.starts(0);
        store.by(0, new PeerCommand.Finish(1, id, OperationResult.RETRY_HOLD, "", true));
        assertThat(store.record(0).intent()).isEqualTo(Intent.RETRY_RELEASE);
        assertThat(store.record(0).answers().outcomes().get(0).kind()).isEqualTo(Outcome.Kind.RETRY_RELEASE);

        store.by(0, new PeerCommand.SetReady(true));
        store.starts(0);
        store.by(0, new PeerCommand.SetReady(false));
        store.finishes(0, OperationResult.RETRY_HOLD);
        assertThat(store.record(0).intent()).isEqualTo(Intent.RETRY_RELEASE);
    }

    @Test
    void a_grant_given_back_is_answered_and_the_operation_stays_as_it_was() {
        Replica store = Replica.ofUnits(1);
        OperationId id = store.requests(0, "restart");
        UnitRecord asked = store.record(0);

        assertThat(store.by(0, new PeerCommand.NotRun(1, false, false))).isEqualTo(new PeerReply.Done());

        assertThat(store.events())
                .containsExactly(
                        new PeerEvent.GivenBack(unit(0), Optional.of(id), 1), new PeerEvent.Granted(unit(0), 2));
        assertThat(store.record(0).work()).isEqualTo(asked.work());
        assertThat(store.record(0).doneEpoch()).isEqualTo(1);
        assertThat(store.record(0).answers().outcomes()).isEmpty();
    }

    @Test
    void a_unit_that_gives_way_goes_after_the_others() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0);

        store.by(0, new PeerCommand.NotRun(1, true, false));

        assertThat(store.record(0).intent()).isEqualTo(Intent.RETRY_RELEASE);
        assertThat(order(store)).containsExactly(1, 0);
    }

    @Test
    void giving_back_may_be_repeated_and_is_refused_under_another_epoch() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.by(0, new PeerCommand.NotRun(1, true, false));
        Grant next = store.grant();

        assertThat(store.by(0, new PeerCommand.NotRun(1, true, false))).isEqualTo(new PeerReply.Done());

        assertThat(store.grant()).isEqualTo(next);
        assertThat(store.events()).isEmpty();
        assertThat(store.refusal(0, new PeerCommand.NotRun(2, true, false))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(1, new PeerCommand.NotRun(1, true, false))).isEqualTo(Reason.STALE);
    }

    @Test
    void epochs_grow_by_one_whatever_becomes_of_a_grant() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        List<Long> epochs = new ArrayList<>();
        store.requests(0, "restart");
        epochs.add(store.grant().epoch());
        store.by(0, new PeerCommand.NotRun(1, false, false));
        epochs.add(store.grant().epoch());
        store.opensLease(0, 2);
        epochs.add(store.grant().epoch());
        store.runs(0, OperationResult.RETRY_HOLD);
        epochs.add(store.grant().epoch());
        store.expires(0);
        store.opensLease(0, 3);
        epochs.add(store.grant().epoch());
        assertThat(epochs).containsExactly(1L, 2L, 3L, 4L, 5L);
    }

    @Test
    void a_unit_that_is_offline_is_passed_over_and_keeps_its_place() {
        Replica store = Replica.ofUnits(3);
        store.requests(2, "hold the slot");
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.by(0, new PeerCommand.CloseLease(leaseId(0, 1)));
        store.runs(2, OperationResult.RELEASE);
        assertThat(store.grant().isOpenFor(unit(1))).isTrue();
        store.requests(2, "restart");

        store.opensLease(0, 2);
        store.runs(1, OperationResult.RELEASE);

        assertThat(store.grant().isOpenFor(unit(0)))
                .as("its request is older than that of unit 2")
                .isTrue();
    }

    @Test
    void a_unit_may_change_the_lock_under_which_it_runs_and_keeps_its_turn() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");
        store.by(0, new PeerCommand.SetBackend(ProcessingBackend.ETCD, true));
        assertThat(store.record(0).standing())
                .isEqualTo(new Standing(true, Standing.PROTOCOL, ProcessingBackend.ETCD, true));
        assertThat(store.grant().isOpenFor(unit(0), 1)).isTrue();
    }

    @Test
    void a_grant_that_is_open_names_its_unit_and_only_a_running_one_is_held() {
        for (Grant.Phase phase : List.of(Grant.Phase.GRANTED, Grant.Phase.RUNNING)) {
            assertThat(grant(Optional.of(unit(0)), 1, phase, false).isOpen()).isTrue();
            assertThatIllegalArgumentException().isThrownBy(() -> grant(Optional.empty(), 1, phase, false));
            assertThatIllegalArgumentException().isThrownBy(() -> grant(Optional.of(unit(0)), 0, phase, false));
        }
        assertThat(grant(Optional.of(unit(0)), 1, Grant.Phase.RUNNING, true).isOpen())
                .isTrue();
        for (Grant.Phase phase : List.of(Grant.Phase.FREE, Grant.Phase.GRANTED)) {
            assertThatIllegalArgumentException().isThrownBy(() -> grant(Optional.of(unit(0)), 1, phase, true));
        }
    }

    private static Grant grant(Optional<UnitName> unit, long epoch, Grant.Phase phase, boolean hold) {
        return new Grant(unit, epoch, phase, hold, Optional.empty());
    }

    private static PeerCommand.Finish released(long epoch, OperationId operation) {
        return new PeerCommand.Finish(epoch, operation, OperationResult.RELEASE, "", false);
    }

    /** Runs whatever is granted until nothing is, and tells which unit ran when. */
    private static List<Integer> order(Replica store, OperationResult result) {
        List<Integer> order = new ArrayList<>();
        while (store.grant().isOpen()) {
            int unit = store.grant().unit().orElseThrow().number();
            order.add(unit);
            store.runs(unit, result);
        }
        return order;
    }

    private static List<Integer> order(Replica store) {
        return order(store, OperationResult.RELEASE);
    }

    /** Rule X6: what was stopped in the middle is counted, what never began is not. */
    @Test
    void a_grant_given_back_after_the_start_counts_as_an_interruption() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");
        store.by(0, new PeerCommand.NotRun(1, true, false));
        assertThat(store.record(0).work().interrupted()).isZero();

        store.starts(0);
        store.by(0, new PeerCommand.NotRun(2, true, false));

        assertThat(store.record(0).work().interrupted()).isEqualTo(1);
        assertThat(store.record(0).queue().head().orElseThrow().attempt()).isZero();
    }

    @Test
    void a_command_that_changes_nothing_makes_no_new_revision() {
        Replica store = Replica.ofUnits(2);
        store.by(0, Replica.request("restart"));
        PeerState before = store.state();

        store.by(0, new PeerCommand.Join());
        store.by(0, new PeerCommand.SetReady(true));
        store.by(1, new PeerCommand.DropLock("db", "none"));
        store.by(0, Replica.request("restart"));

        assertThat(store.state()).isSameAs(before);
    }
}
