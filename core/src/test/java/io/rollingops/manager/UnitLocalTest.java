// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import java.time.Duration;
import java.time.Instant;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a unit's process knows, and how every reply and every turn of events changes it. */
class UnitLocalTest {
    private static final Duration TTL = Duration.ofSeconds(30);
    private static final PeerReply DONE = new PeerReply.Done();
    private static final PeerReply REFUSED = new PeerReply.Refused(PeerReply.Reason.STALE, "too late");
    private static final Operation OPERATION =
            Operation.requested("restart", Json.Obj.EMPTY, OptionalInt.empty(), Instant.ofEpochSecond(9));
    private static final Attempt.Ended ENDED = ended(OperationResult.RELEASE, false);

    @Test
    void a_process_that_begins_knows_nothing_but_what_the_one_before_wrote_down() {
        UnitLocal begun = UnitLocal.begin("p", Optional.of(ENDED));
        assertThat(begun).isEqualTo(new UnitLocal("p", false, 0, false, 0, Optional.of(ENDED), false, false, false));
        assertThat(UnitLocal.begin("p", Optional.empty()).attempt()).isEmpty();
    }

    @Test
    void a_member_learns_how_many_leases_there_were() {
        UnitLocal joined = fresh().replied(new PeerCommand.Join(), new PeerReply.Joined(4), 7);
        assertThat(joined).isEqualTo(new UnitLocal("p", true, 4, false, 7, Optional.empty(), false, false, false));
        assertThat(joined.openLease(TTL, Optional.empty()))
                .isEqualTo(new PeerCommand.OpenLease("p-5", 5, TTL, Optional.empty()));
    }

    @Test
    void who_is_refused_is_no_member() {
        assertThat(holder().replied(new PeerCommand.Join(), REFUSED, 7).joined())
                .isFalse();
    }

    @Test
    void the_number_of_a_lease_is_used_up_by_the_reply_and_not_before() {
        UnitLocal joined = fresh().replied(new PeerCommand.Join(), new PeerReply.Joined(4), 7);
        PeerCommand.OpenLease open = joined.openLease(TTL, Optional.of(3L));
        assertThat(joined.openLease(TTL, Optional.of(3L))).isEqualTo(open);

        UnitLocal held = joined.replied(open, DONE, 8);

        assertThat(held).isEqualTo(new UnitLocal("p", true, 5, true, 8, Optional.empty(), false, false, false));
        assertThat(held.leaseId()).isEqualTo(open.leaseId());
    }

    @Test
    void a_refused_opening_means_that_the_numbers_must_be_asked_for_again() {
        UnitLocal joined = fresh().replied(new PeerCommand.Join(), new PeerReply.Joined(4), 7);
        UnitLocal refused = joined.replied(joined.openLease(TTL, Optional.empty()), REFUSED, 8);
        assertThat(refused).isEqualTo(new UnitLocal("p", false, 4, false, 8, Optional.empty(), false, false, false));
    }

    @Test
    void a_closed_lease_is_not_held_whatever_the_store_says() {
        PeerCommand close = new PeerCommand.CloseLease("p-5");
        assertThat(holder().replied(close, DONE, 9).leaseHeld()).isFalse();
        assertThat(holder().replied(close, REFUSED, 9).leaseHeld()).isFalse();
        assertThat(holder().replied(close, DONE, 9).joined()).isTrue();
    }

    @Test
    void a_start_that_the_store_agreed_to_is_remembered_with_what_to_run() {
        PeerReply started = new PeerReply.Started(Optional.of(OPERATION), true);
        assertThat(holder().replied(new PeerCommand.Start(3, false), started, 9).attempt())
                .hasValue(new Attempt.Started(3, Optional.of(OPERATION), true));
        assertThat(holder().replied(new PeerCommand.Start(3, false), REFUSED, 9).attempt())
                .isEmpty();
    }

    @Test
    void an_answer_that_was_sent_is_settled_whether_it_counted_or_not() {
        UnitLocal ended = holder().began(3, OPERATION).ended(answered(OperationResult.RELEASE, false));
        PeerCommand finish = new PeerCommand.Finish(3, OPERATION.id(), OperationResult.RELEASE, "", false);
        assertThat(ended.replied(finish, DONE, 9).attempt()).isEmpty();
        assertThat(ended.replied(finish, REFUSED, 9).attempt()).isEmpty();
        assertThat(ended.replied(new PeerCommand.NotRun(3, true, false), DONE, 9)
                        .attempt())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"true,true,true", "true,false,false", "false,true,false", "false,false,false"})
    void the_unit_pauses_after_a_recorded_result_that_asks_for_it(boolean asks, boolean recorded, boolean pauses) {
        UnitLocal ended = holder().began(3, OPERATION).ended(answered(OperationResult.RETRY_RELEASE, asks));
        PeerCommand finish = new PeerCommand.Finish(3, OPERATION.id(), OperationResult.RETRY_RELEASE, "", asks);
        UnitLocal settled = ended.replied(finish, recorded ? DONE : REFUSED, 9);
        assertThat(settled.pausing()).isEqualTo(pauses);
        assertThat(settled.paused().pausing()).isFalse();
    }

    @Test
    void a_pause_goes_on_through_other_replies_and_after_an_interruption_there_is_none() {
        UnitLocal ended = holder().began(3, OPERATION).ended(answered(OperationResult.RETRY_HOLD, true));
        PeerCommand finish = new PeerCommand.Finish(3, OPERATION.id(), OperationResult.RETRY_HOLD, "", false);
        UnitLocal pausing = ended.replied(finish, DONE, 9);
        assertThat(pausing.replied(new PeerCommand.NotRun(4, false, false), DONE, 10)
                        .pausing())
                .isTrue();
        assertThat(pausing.replied(new PeerCommand.SetReady(true), DONE, 10).pausing())
                .isTrue();

        UnitLocal interrupted = holder().began(3, OPERATION).ended(new Ending.Interrupted(false));
        assertThat(interrupted
                        .replied(new PeerCommand.NotRun(3, true, false), DONE, 9)
                        .pausing())
                .isFalse();
    }

    @Test
    void what_the_unit_was_told_never_gets_older() {
        UnitLocal told = holder().replied(new PeerCommand.SetReady(true), DONE, 50);
        assertThat(told.atLeast()).isEqualTo(50);
        assertThat(told.replied(new PeerCommand.SetReady(true), DONE, 49).atLeast())
                .isEqualTo(50);
        assertThat(told.replied(new PeerCommand.SetReady(true), DONE, 51).atLeast())
                .isEqualTo(51);
    }

    @Test
    void other_replies_change_nothing_but_what_was_told() {
        UnitLocal running = holder().began(3, OPERATION);
        UnitLocal told = running.replied(new PeerCommand.KeepAlive("p-5"), DONE, 50);
        assertThat(told).isEqualTo(new UnitLocal("p", true, 5, true, 50, running.attempt(), false, false, false));
    }

    @Test
    void a_lost_lease_keeps_what_runs_and_what_has_ended_and_drops_what_was_about_to_begin() {
        UnitLocal started = holder().replied(
                        new PeerCommand.Start(3, false), new PeerReply.Started(Optional.of(OPERATION), true), 9);
        UnitLocal running = started.began(3, OPERATION);
        UnitLocal ended = running.ended(new Ending.Interrupted(false));

        assertThat(started.leaseLost().attempt()).isEmpty();
        assertThat(running.leaseLost().attempt()).isEqualTo(running.attempt());
        assertThat(ended.leaseLost().attempt()).isEqualTo(ended.attempt());
        for (UnitLocal local : new UnitLocal[] {started, running, ended}) {
            assertThat(local.leaseLost().leaseHeld()).isFalse();
            assertThat(local.leaseLost().joined()).isTrue();
            assertThat(local.leaseLost().leases()).isEqualTo(5);
        }
    }

    @Test
    void what_began_ends_under_the_same_epoch_with_the_same_operation() {
        UnitLocal running = holder().began(3, OPERATION);
        assertThat(running.attempt()).hasValue(new Attempt.Running(3, OPERATION));
        assertThat(running.ended(new Ending.Interrupted(false)).attempt())
                .hasValue(new Attempt.Ended(3, OPERATION.id(), new Ending.Interrupted(false)));
    }

    @Test
    void nothing_ends_that_did_not_begin() {
        assertThatThrownBy(() -> holder().ended(new Ending.Interrupted(false)))
                .isInstanceOf(NoSuchElementException.class);
        UnitLocal ended = holder().began(3, OPERATION).ended(new Ending.Interrupted(false));
        assertThatIllegalStateException().isThrownBy(() -> ended.ended(new Ending.Interrupted(false)));
    }

    @Test
    void stopping_is_remembered_through_every_reply() {
        UnitLocal stopping = holder().began(3, OPERATION).stop();
        assertThat(stopping.stopping()).isTrue();
        assertThat(stopping.attempt()).isPresent();
        assertThat(stopping.ended(new Ending.Interrupted(false))
                        .replied(new PeerCommand.NotRun(3, true, false), DONE, 9)
                        .replied(new PeerCommand.CloseLease("p-5"), DONE, 10)
                        .leaseLost()
                        .paused()
                        .stopping())
                .isTrue();
    }

    private static UnitLocal fresh() {
        return UnitLocal.begin("p", Optional.empty());
    }

    /** A member with its fifth lease. */
    private static UnitLocal holder() {
        return new UnitLocal("p", true, 5, true, 8, Optional.empty(), false, false, false);
    }

    private static Attempt.Ended ended(OperationResult result, boolean pause) {
        return new Attempt.Ended(3, new OperationId("9.0-restart"), answered(result, pause));
    }

    private static Ending answered(OperationResult result, boolean pause) {
        return new Ending.Answered(result, "", pause);
    }
}
