// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static io.rollingops.peer.Replica.TTL;
import static io.rollingops.peer.Replica.request;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.manager.UnitStep.Rest;
import io.rollingops.manager.UnitStep.Run;
import io.rollingops.manager.UnitStep.Send;
import io.rollingops.manager.UnitStep.Why;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.Replica;
import io.rollingops.peer.StateCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every rule of {@link UnitProtocol} and every reason to rest. */
class UnitProtocolTest {
    private static final UnitProtocol PROTOCOL = new UnitProtocol(unit(0), TTL, callback -> callback.equals("hold"));
    private static final OperationId ID = new OperationId("1800000000.0-restart");

    private final Replica store = new Replica();
    private UnitLocal local = UnitLocal.begin("p", Optional.empty());

    // Rule 1: a result that is known is recorded, whatever else has happened.

    @Test
    void a_result_is_recorded_before_anything_else() {
        Attempt.Ended ended = new Attempt.Ended(7, ID, answered(OperationResult.RELEASE, false));
        Send record = new Send(new PeerCommand.Finish(7, ID, OperationResult.RELEASE, "note", false));
        UnitLocal begun = UnitLocal.begin("p", Optional.of(ended));

        assertThat(PROTOCOL.next(store.state().snapshot(), begun))
                .as("neither a member nor with a lease")
                .isEqualTo(record);
        assertThat(PROTOCOL.next(store.state().snapshot(), begun.stop()))
                .as("stopping")
                .isEqualTo(record);
        assertThat(PROTOCOL.next(store.state().snapshot(), begun.leaseLost()))
                .as("without its lease")
                .isEqualTo(record);
        UnitLocal told = begun.replied(new PeerCommand.SetReady(true), new PeerReply.Done(), 99);
        assertThat(PROTOCOL.next(store.state().snapshot(), told))
                .as("with an old copy of the store")
                .isEqualTo(record);
    }

    @ParameterizedTest
    @CsvSource({
        "RELEASE,false,false",
        "RELEASE,true,false",
        "RETRY_RELEASE,false,false",
        "RETRY_RELEASE,true,true",
        "RETRY_HOLD,false,false",
        "RETRY_HOLD,true,false"
    })
    void only_a_unit_that_waits_without_the_slot_rests(OperationResult result, boolean pause, boolean rests) {
        UnitLocal ended = UnitLocal.begin("p", Optional.of(new Attempt.Ended(7, ID, answered(result, pause))));
        assertThat(next(ended)).isEqualTo(new Send(new PeerCommand.Finish(7, ID, result, "note", rests)));
    }

    @Test
    void an_interrupted_callback_gives_its_grant_back_and_the_others_go_first() {
        UnitLocal ended = UnitLocal.begin("p", Optional.of(new Attempt.Ended(7, ID, new Ending.Interrupted(false))));
        assertThat(next(ended)).isEqualTo(new Send(new PeerCommand.NotRun(7, true, false)));
    }

    // Rule 2: while a callback runs there is nothing to decide, except that one which holds needs a lease.

    @Test
    void while_a_callback_runs_the_unit_rests() {
        ready();
        runs("restart");
        assertThat(next()).isEqualTo(new Rest(Why.RUNNING));
        local = local.stop();
        assertThat(next()).as("it is being stopped").isEqualTo(new Rest(Why.RUNNING));
    }

    @Test
    void a_callback_that_does_not_hold_needs_no_new_lease() {
        ready();
        runs("restart");
        local = local.leaseLost();
        assertThat(next()).isEqualTo(new Rest(Why.RUNNING));
    }

    @Test
    void a_callback_that_holds_needs_a_lease_again_when_it_was_lost() {
        ready();
        runs("hold");
        local = local.leaseLost();
        Send open = new Send(new PeerCommand.OpenLease("p-2", 2, TTL, Optional.of(1L)));
        assertThat(next()).isEqualTo(open);
        assertThat(next()).as("the same command until a reply is seen").isEqualTo(open);

        exchange();

        assertThat(next()).isEqualTo(new Rest(Why.RUNNING));
        assertThat(store.grant().isOpenFor(unit(0), 1)).isTrue();
        assertThat(local.leaseId()).isEqualTo("p-2");
    }

    @Test
    void a_callback_that_holds_needs_no_lease_when_the_unit_stops_or_the_store_has_none() {
        ready();
        runs("hold");
        local = local.leaseLost();
        assertThat(PROTOCOL.next(databags(), local)).isEqualTo(new Rest(Why.RUNNING));
        local = local.stop();
        assertThat(next()).isEqualTo(new Rest(Why.RUNNING));
    }

    /** The reply to the opening was lost and that lease has expired since: the same number is refused for ever. */
    @Test
    void a_callback_that_holds_asks_for_a_new_number_when_its_opening_is_refused() {
        ready();
        runs("hold");
        local = local.leaseLost();
        store.leads(0, 1);
        store.by(0, send().command());
        store.expires(0);

        assertThat(exchange()).isInstanceOf(PeerReply.Refused.class);
        assertThat(next()).isEqualTo(new Send(new PeerCommand.Join()));
        exchange();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.OpenLease("p-3", 3, TTL, Optional.of(1L))));
        exchange();

        assertThat(next()).isEqualTo(new Rest(Why.RUNNING));
        assertThat(store.grant().isOpenFor(unit(0), 1)).isTrue();
    }

    // Rule 3: without being a member and without a lease nothing begins.

    @Test
    void a_unit_becomes_a_member_and_opens_a_lease_before_anything_else() {
        assertThat(next()).isEqualTo(new Send(new PeerCommand.Join()));
        exchange();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.OpenLease("p-1", 1, TTL, Optional.empty())));
        exchange();
        assertThat(next()).isEqualTo(new Rest(Why.NOT_GRANTED));
    }

    @Test
    void a_new_process_numbers_its_lease_after_those_of_the_ones_before() {
        store.by(0, new PeerCommand.Join());
        store.opensLease(0, 41);
        exchange();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.OpenLease("p-42", 42, TTL, Optional.empty())));
    }

    @Test
    void a_lease_whose_opening_is_refused_is_asked_for_again_where_the_numbers_stand() {
        exchange();
        store.opensLease(0, 5);
        assertThat(exchange()).isInstanceOf(PeerReply.Refused.class);
        assertThat(next()).isEqualTo(new Send(new PeerCommand.Join()));
        exchange();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.OpenLease("p-6", 6, TTL, Optional.empty())));
    }

    @Test
    void a_unit_that_lost_its_lease_opens_another_and_begins_nothing_before() {
        ready();
        store.requests(0, "restart");
        local = local.leaseLost();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.OpenLease("p-2", 2, TTL, Optional.empty())));
    }

    @Test
    void what_was_about_to_begin_does_not_when_the_lease_is_lost() {
        ready();
        store.requests(0, "restart");
        exchange();
        assertThat(next()).isInstanceOf(Run.class);
        local = local.leaseLost();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.OpenLease("p-2", 2, TTL, Optional.empty())));
    }

    // Rule 4: what the store agreed to start begins, as the store had it.

    @Test
    void what_the_store_started_runs_as_the_store_had_it_and_not_as_the_copy_here_shows_it() {
        ready();
        PeerSnapshot old = store.state().snapshot();
        store.requests(0, "restart");
        Operation head = store.record(0).queue().head().orElseThrow();
        exchange();
        assertThat(PROTOCOL.next(old, local)).isEqualTo(new Run(1, head, OptionalLong.empty()));
    }

    @Test
    void what_was_started_is_given_back_when_there_is_nothing_to_run_or_the_unit_does_not_want_to() {
        ready();
        Operation head = Operation.requested("restart", Json.Obj.EMPTY, OptionalInt.empty(), Replica.START);
        PeerCommand start = new PeerCommand.Start(4, false);
        Send giveBack = new Send(new PeerCommand.NotRun(4, false, false));

        assertThat(next(local.replied(start, new PeerReply.Started(Optional.empty(), true), 0)))
                .isEqualTo(giveBack);
        assertThat(next(local.replied(start, new PeerReply.Started(Optional.of(head), false), 0)))
                .isEqualTo(giveBack);
        assertThat(next(local.replied(start, new PeerReply.Started(Optional.of(head), true), 0)
                        .stop()))
                .isEqualTo(giveBack);
        assertThat(next(local.replied(start, new PeerReply.Started(Optional.of(head), true), 0)))
                .isEqualTo(new Run(4, head, OptionalLong.empty()));
    }

    // Rule 5: a grant of this unit is started, or given back when there is nothing to run.

    @ParameterizedTest
    @CsvSource({"restart,false", "hold,true"})
    void a_grant_is_started_with_hold_if_the_callback_at_the_head_holds(String callback, boolean holds) {
        ready();
        store.requests(0, callback);
        store.requests(0, "another");
        assertThat(next()).isEqualTo(new Send(new PeerCommand.Start(1, holds)));
    }

    @Test
    void a_grant_with_nothing_to_run_is_given_back() {
        ready();
        OperationId id = store.requests(0, "restart");
        store.by(0, new PeerCommand.Withdraw(id));
        assertThat(next()).isEqualTo(new Send(new PeerCommand.NotRun(1, false, false)));
    }

    @Test
    void a_grant_that_comes_while_the_unit_is_not_ready_is_given_back() {
        ready();
        store.requests(0, "restart");
        store.by(0, new PeerCommand.SetReady(false));
        assertThat(next()).isEqualTo(new Send(new PeerCommand.NotRun(1, false, false)));
    }

    @Test
    void a_grant_of_another_unit_is_none_of_ours() {
        ready();
        store.by(1, new PeerCommand.Join());
        store.opensLease(1, 1);
        store.requests(1, "restart");
        store.requests(0, "restart");
        assertThat(next()).isEqualTo(new Rest(Why.NOT_GRANTED));
    }

    @Test
    void a_refused_start_is_forgotten_and_the_next_grant_waited_for() {
        ready();
        store.requests(0, "restart");
        PeerSnapshot old = store.state().snapshot();
        store.opensLease(0, 7);

        Send start = (Send) PROTOCOL.next(old, local);
        PeerReply reply = store.by(0, start.command());
        local = local.replied(start.command(), reply, store.state().revision());

        assertThat(reply).isInstanceOf(PeerReply.Refused.class);
        assertThat(PROTOCOL.next(old, local)).isEqualTo(new Rest(Why.CATCHING_UP));
        assertThat(next()).isEqualTo(new Send(new PeerCommand.Start(2, false)));
    }

    // Pauses.

    @Test
    void a_unit_that_holds_on_keeps_its_grant_through_the_pause() {
        ready();
        store.requests(0, "restart");
        fails(OperationResult.RETRY_HOLD);
        assertThat(store.grant().isOpenFor(unit(0), 2)).isTrue();
        assertThat(next()).isEqualTo(new Rest(Why.PAUSING));
        local = local.paused();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.Start(2, false)));
    }

    @Test
    void a_unit_that_does_not_hold_on_wants_no_grant_until_the_pause_is_over() {
        ready();
        store.requests(0, "restart");
        fails(OperationResult.RETRY_RELEASE);
        assertThat(store.grant().isOpen()).isFalse();
        assertThat(next()).isEqualTo(new Rest(Why.PAUSING));
        local = local.paused();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.SetReady(true)));
        exchange();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.Start(2, false)));
    }

    @Test
    void a_new_process_wants_grants_whatever_the_one_before_said() {
        ready();
        store.by(0, new PeerCommand.SetReady(false));
        local = UnitLocal.begin("q", Optional.empty());
        exchange();
        exchange();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.SetReady(true)));
    }

    // Stopping.

    @Test
    void a_unit_that_stops_gives_its_lease_up_and_is_done() {
        ready();
        store.requests(0, "restart");
        local = local.stop();
        assertThat(next()).isEqualTo(new Send(new PeerCommand.CloseLease("p-1")));
        exchange();
        assertThat(next()).isEqualTo(new Rest(Why.STOPPED));
        assertThat(store.grant().isOpen()).isFalse();
        assertThat(store.queue(0)).containsExactly("restart");
    }

    @Test
    void a_unit_that_stops_without_a_lease_is_done_at_once() {
        assertThat(next(local.stop())).isEqualTo(new Rest(Why.STOPPED));
    }

    // Reasons to rest.

    @Test
    void a_copy_of_the_store_that_is_older_than_what_the_unit_was_told_proves_nothing() {
        ready();
        store.requests(0, "restart");
        PeerSnapshot granted = store.state().snapshot();
        exchange();
        runsNow();
        local = local.ended(answered(OperationResult.RELEASE, false));
        exchange();
        assertThat(PROTOCOL.next(granted, local)).isEqualTo(new Rest(Why.CATCHING_UP));
        assertThat(next()).isEqualTo(new Rest(Why.NOT_GRANTED));
    }

    @Test
    void a_unit_that_was_removed_or_cannot_be_read_has_no_record() {
        ready();
        store.requests(0, "restart");
        store.restore(JsonText.write(StateCodec.write(store.state())).replaceFirst("\"request\"", "\"asleep\""));
        assertThat(next()).isEqualTo(new Rest(Why.NO_RECORD));
        store.byOperator(new PeerCommand.Remove(unit(0)));
        assertThat(next()).isEqualTo(new Rest(Why.NO_RECORD));
    }

    @ParameterizedTest
    @EnumSource(
            value = Why.class,
            names = {"WAITING_FOR_CLUSTER", "DOUBLE"},
            mode = EnumSource.Mode.EXCLUDE)
    void every_reason_to_rest_has_been_seen_in_a_life(Why why) {
        assertThat(life()).contains(new Rest(why));
    }

    /** From the first start to the end in good order: what a unit does, step by step, and nothing runs twice. */
    @Test
    void a_unit_works_off_its_queue() {
        List<UnitStep> life = life();
        assertThat(life.stream()
                        .filter(Run.class::isInstance)
                        .map(step -> ((Run) step).operation().callbackId()))
                .containsExactly("hold", "restart", "restart");
        assertThat(life.stream()
                        .filter(step -> step instanceof Send send && send.command() instanceof PeerCommand.Start))
                .hasSize(3);
    }

    private List<UnitStep> life() {
        List<UnitStep> life = new ArrayList<>();
        PeerSnapshot stale = store.state().snapshot();
        step(life, 2);
        life.add(PROTOCOL.next(stale, local));
        step(life, 1);
        store.requests(0, "hold");
        store.requests(0, request("restart", OptionalInt.of(1)));
        step(life, 3);
        local = local.ended(answered(OperationResult.RELEASE, false));
        step(life, 4);
        local = local.ended(answered(OperationResult.RETRY_RELEASE, true));
        step(life, 2);
        local = local.paused();
        step(life, 4);
        local = local.ended(answered(OperationResult.RELEASE, false)).stop();
        step(life, 3);
        store.byOperator(new PeerCommand.Remove(unit(0)));
        life.add(PROTOCOL.next(
                store.state().snapshot(), new UnitLocal("p", true, 9, true, 0, Optional.empty(), false, false, false)));
        return life;
    }

    private void step(List<UnitStep> life, int times) {
        for (int i = 0; i < times; i++) {
            UnitStep next = next();
            life.add(next);
            if (next instanceof Send) {
                exchange();
            } else if (next instanceof Run) {
                runsNow();
            }
        }
    }

    private UnitStep next() {
        return next(local);
    }

    private UnitStep next(UnitLocal of) {
        return PROTOCOL.next(store.state().snapshot(), of);
    }

    private Send send() {
        assertThat(next()).isInstanceOf(Send.class);
        return (Send) next();
    }

    /** Sends what is next to the store and takes the reply in. */
    private PeerReply exchange() {
        PeerCommand.ByUnit command = send().command();
        PeerReply reply = store.by(0, command);
        local = local.replied(command, reply, store.state().revision());
        return reply;
    }

    /** A member with a lease. */
    private void ready() {
        exchange();
        exchange();
    }

    private void runs(String callback) {
        store.requests(0, callback);
        exchange();
        runsNow();
    }

    private void runsNow() {
        assertThat(next()).isInstanceOf(Run.class);
        Run run = (Run) next();
        local = local.began(run.epoch(), run.operation());
    }

    /** The granted callback runs and asks for another try after a pause. */
    private void fails(OperationResult result) {
        exchange();
        runsNow();
        local = local.ended(answered(result, true));
        exchange();
    }

    private static Ending answered(OperationResult result, boolean pause) {
        return new Ending.Answered(result, "note", pause);
    }

    private PeerSnapshot databags() {
        PeerSnapshot now = store.state().snapshot();
        return new PeerSnapshot(
                PeerSnapshot.Kind.DATABAGS,
                now.revision(),
                now.grant(),
                now.leader(),
                now.members(),
                now.locks(),
                now.shared());
    }
}
