// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.TTL;
import static io.rollingops.peer.Replica.leaseId;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.peer.PeerReply.Reason;
import io.rollingops.schedule.Intent;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lease of a unit's process, and what becomes of its slot when the lease ends (rules C1, C2 and L5). */
class UnitLeasesTest {

    @Test
    void a_unit_gets_no_grant_before_it_has_a_lease_and_gets_it_in_the_step_that_opens_one() {
        Replica store = new Replica();
        store.by(0, new PeerCommand.Join());
        store.requests(0, "restart");
        assertThat(store.grant()).isEqualTo(Grant.NONE);

        store.opensLease(0, 1);

        assertThat(store.events()).containsExactly(new PeerEvent.Granted(unit(0), 1));
        assertThat(store.grant().isOpenFor(unit(0), 1)).isTrue();
    }

    @Test
    void a_keep_alive_is_counted_and_only_for_the_lease_that_is_open() {
        Replica store = Replica.ofUnits(1);

        assertThat(store.by(0, new PeerCommand.KeepAlive(leaseId(0, 1)))).isEqualTo(new PeerReply.Done());

        assertThat(store.member(0).lease()).hasValue(new UnitLease(leaseId(0, 1), TTL, 1));
        assertThat(store.refusal(0, new PeerCommand.KeepAlive("lease-0-2"))).isEqualTo(Reason.STALE);
    }

    @Test
    void opening_the_open_lease_again_prolongs_it_and_keeps_the_slot() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");
        store.starts(0);
        Grant running = store.grant();

        store.opensLease(0, 1);

        assertThat(store.events()).isEmpty();
        assertThat(store.grant()).isEqualTo(running);
        assertThat(store.member(0).lease()).hasValue(new UnitLease(leaseId(0, 1), TTL, 1));
        assertThat(store.member(0).leases()).isEqualTo(1);
    }

    @Test
    void a_late_opening_by_a_dead_process_does_not_end_the_lease_of_the_living_one() {
        Replica store = Replica.ofUnits(1);
        store.opensLease(0, 2);
        Optional<UnitLease> living = store.member(0).lease();
        PeerCommand late = new PeerCommand.OpenLease(leaseId(0, 1), 1, TTL, Optional.empty());
        PeerCommand sameNumber = new PeerCommand.OpenLease("another", 2, TTL, Optional.empty());

        assertThat(store.refusal(0, late)).isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, sameNumber)).isEqualTo(Reason.STALE);

        assertThat(store.member(0).lease()).isEqualTo(living);
    }

    @Test
    void a_number_that_was_used_is_not_used_again_after_its_lease_has_ended() {
        Replica store = Replica.ofUnits(1);
        store.by(0, new PeerCommand.CloseLease(leaseId(0, 1)));
        PeerCommand again = new PeerCommand.OpenLease(leaseId(0, 1), 1, TTL, Optional.empty());

        assertThat(store.refusal(0, again)).isEqualTo(Reason.STALE);
        assertThat(store.by(0, new PeerCommand.Join())).isEqualTo(new PeerReply.Joined(1));
    }

    @Test
    void a_new_process_frees_a_slot_that_was_granted_and_not_started() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");

        store.opensLease(0, 2);

        assertThat(store.events())
                .containsExactly(new PeerEvent.LeaseEnded(unit(0)), new PeerEvent.Granted(unit(0), 2));
        assertThat(store.record(0).work().interrupted()).isZero();
    }

    @Test
    void a_new_process_frees_the_slot_of_the_one_that_died_while_its_callback_ran() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.starts(0, true);
        store.requests(1, "restart");

        store.opensLease(0, 2);

        assertThat(store.events())
                .containsExactly(new PeerEvent.LeaseEnded(unit(0)), new PeerEvent.Granted(unit(0), 2));
        assertThat(store.queue(0)).containsExactly("restart");
        assertThat(store.record(0).work().interrupted()).isEqualTo(1);
        assertThat(store.record(0).queue().head().orElseThrow().attempt()).isZero();
        assertThat(store.record(0).doneEpoch()).isZero();
    }

    @Test
    void interruptions_add_up_and_are_forgotten_with_the_operation() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");
        for (int process = 2; process <= 4; process++) {
            store.starts(0);
            store.opensLease(0, process);
        }
        assertThat(store.record(0).work().interrupted()).isEqualTo(3);

        store.runs(0, OperationResult.RETRY_RELEASE);
        assertThat(store.record(0).work().interrupted()).isEqualTo(3);

        store.runs(0, OperationResult.RELEASE);
        assertThat(store.record(0).work().interrupted()).isZero();
    }

    @Test
    void a_unit_whose_lease_ends_holds_on_no_longer_and_the_others_go_first() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.runs(0, OperationResult.RETRY_HOLD);
        assertThat(store.grant().isOpenFor(unit(0))).isTrue();

        store.opensLease(0, 2);

        assertThat(store.record(0).intent()).isEqualTo(Intent.RETRY_RELEASE);
        assertThat(store.grant().isOpenFor(unit(1), 3)).isTrue();
    }

    @Test
    void a_lease_expires_only_as_the_leader_saw_it() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        PeerCommand seen = store.expiry(0);
        store.by(0, new PeerCommand.KeepAlive(leaseId(0, 1)));
        PeerCommand ofAnother = new PeerCommand.Expire(unit(0), leaseId(0, 9), 1);
        PeerCommand ofNobody = new PeerCommand.Expire(unit(9), leaseId(0, 1), 1);

        assertThat(store.refusal(1, seen)).isEqualTo(Reason.STALE);
        assertThat(store.refusal(1, ofAnother)).isEqualTo(Reason.STALE);
        assertThat(store.refusal(1, ofNobody)).isEqualTo(Reason.STALE);

        assertThat(store.by(1, store.expiry(0))).isEqualTo(new PeerReply.Done());
        assertThat(store.member(0).lease()).isEmpty();
        assertThat(store.refusal(0, new PeerCommand.KeepAlive(leaseId(0, 1)))).isEqualTo(Reason.STALE);
    }

    @Test
    void an_expired_lease_frees_the_slot_and_the_late_result_is_refused() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0);
        PeerCommand result = store.finish(0, OperationResult.RELEASE);

        store.expires(0);

        assertThat(store.events())
                .containsExactly(new PeerEvent.LeaseEnded(unit(0)), new PeerEvent.Granted(unit(1), 2));
        assertThat(store.refusal(0, result)).isEqualTo(Reason.STALE);
        assertThat(store.queue(0)).containsExactly("restart");
        assertThat(store.record(0).work().interrupted()).isEqualTo(1);
    }

    @Test
    void a_callback_that_holds_keeps_its_slot_when_its_lease_expires_and_its_result_counts() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0, true);
        PeerCommand result = store.finish(0, OperationResult.RELEASE);

        store.expires(0);

        assertThat(store.grant().isOpenFor(unit(0), 1)).isTrue();
        assertThat(store.record(0).work().interrupted()).isZero();
        assertThat(store.by(0, result)).isEqualTo(new PeerReply.Done());
        assertThat(store.queue(0)).isEmpty();
        assertThat(store.grant().isOpenFor(unit(1), 2)).isTrue();
    }

    @Test
    void a_grant_that_would_hold_but_was_not_started_is_freed_when_the_lease_expires() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        store.requests(0, "restart");

        store.expires(0);

        assertThat(store.grant().isOpen()).isFalse();
        assertThat(store.grant().unit()).isEmpty();
        assertThat(store.grant().epoch()).isEqualTo(1);
    }

    @Test
    void a_unit_that_is_not_there_cannot_hold_on_for_a_retry() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        store.requests(0, "restart");
        store.starts(0, true);
        PeerCommand result = store.finish(0, OperationResult.RETRY_HOLD);
        store.expires(0);

        store.by(0, result);

        assertThat(store.record(0).intent()).isEqualTo(Intent.RETRY_RELEASE);
        assertThat(store.record(0).answers().outcomes().get(0).kind()).isEqualTo(Outcome.Kind.RETRY_RELEASE);
    }

    @Test
    void the_process_whose_callback_runs_on_opens_a_new_lease_and_keeps_its_slot() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        store.requests(0, "restart");
        store.starts(0, true);
        store.expires(0);
        Grant running = store.grant();

        store.by(0, new PeerCommand.OpenLease("again", 2, TTL, Optional.of(1L)));

        assertThat(store.grant()).isEqualTo(running);
        assertThat(store.member(0).lease()).hasValue(new UnitLease("again", TTL, 0));
        store.finishes(0, OperationResult.RETRY_HOLD);
        assertThat(store.record(0).intent()).isEqualTo(Intent.RETRY_HOLD);
    }

    @Test
    void the_slot_is_freed_when_the_new_lease_does_not_name_what_runs() {
        assertThat(grantAfterNewLease(true, Optional.empty()).isOpenFor(unit(0), 2))
                .isTrue();
        assertThat(grantAfterNewLease(true, Optional.of(9L)).isOpenFor(unit(0), 2))
                .isTrue();
        assertThat(grantAfterNewLease(false, Optional.of(1L)).isOpenFor(unit(0), 2))
                .isTrue();
        assertThat(grantAfterNewLease(true, Optional.of(1L)).isOpenFor(unit(0), 1))
                .isTrue();
    }

    private static Grant grantAfterNewLease(boolean holds, Optional<Long> stillRunning) {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");
        store.starts(0, holds);
        store.by(0, new PeerCommand.OpenLease("again", 2, TTL, stillRunning));
        return store.grant();
    }

    @Test
    void closing_the_lease_gives_the_slot_up_also_when_the_callback_holds() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0, true);

        assertThat(store.by(0, new PeerCommand.CloseLease(leaseId(0, 1)))).isEqualTo(new PeerReply.Done());

        assertThat(store.events())
                .containsExactly(new PeerEvent.LeaseEnded(unit(0)), new PeerEvent.Granted(unit(1), 2));
        assertThat(store.member(0).lease()).isEmpty();
    }

    @Test
    void the_end_of_a_lease_is_told_whether_or_not_it_frees_a_slot_and_only_once() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        store.requests(0, "restart");
        store.starts(0, true);

        store.expires(0);
        assertThat(store.events())
                .as("its lease ends, its slot is held")
                .containsExactly(new PeerEvent.LeaseEnded(unit(0)));

        store.opensLease(0, 2);
        assertThat(store.events())
                .as("its slot is freed, there was no lease")
                .containsExactly(new PeerEvent.LeaseEnded(unit(0)), new PeerEvent.Granted(unit(0), 2));

        store.by(1, new PeerCommand.CloseLease(leaseId(1, 1)));
        assertThat(store.events()).as("it held nothing").containsExactly(new PeerEvent.LeaseEnded(unit(1)));
        store.opensLease(1, 2);
        assertThat(store.events()).as("there was nothing to end").isEmpty();
    }

    @Test
    void closing_a_lease_that_is_not_open_is_harmless() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");
        Grant granted = store.grant();

        assertThat(store.by(0, new PeerCommand.CloseLease(leaseId(0, 9)))).isEqualTo(new PeerReply.Done());

        assertThat(store.grant()).isEqualTo(granted);
        assertThat(store.member(0).lease()).isPresent();
        assertThat(store.events()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT1S", "PT1H"})
    void a_lease_may_live_from_a_second_to_an_hour(String ttl) {
        Replica store = new Replica();
        store.by(0, new PeerCommand.Join());
        Duration duration = Duration.parse(ttl);

        assertThat(store.by(0, new PeerCommand.OpenLease("x", 1, duration, Optional.empty())))
                .isEqualTo(new PeerReply.Done());
        assertThat(store.member(0).lease().orElseThrow().ttl()).isEqualTo(duration);
    }

    /** An exception instead of a refusal would stop every replica of the store at this command, again and again. */
    @ParameterizedTest
    @ValueSource(strings = {"PT0.999999999S", "PT1H0.000000001S", "PT0S", "PT-1S"})
    void a_lease_of_another_length_is_refused_and_nothing_fails(String ttl) {
        Replica store = Replica.ofUnits(1);
        PeerCommand open = new PeerCommand.OpenLease("x", 2, Duration.parse(ttl), Optional.empty());
        assertThat(store.refusal(0, open)).isEqualTo(Reason.INVALID);
    }

    @Test
    void a_lease_id_has_one_to_its_limit_of_characters() {
        Replica store = Replica.ofUnits(1);
        String longest = "x".repeat(UnitLease.MAX_ID_CHARS);

        assertThat(store.refusal(0, new PeerCommand.OpenLease(longest + "x", 2, TTL, Optional.empty())))
                .isEqualTo(Reason.INVALID);
        assertThat(store.refusal(0, new PeerCommand.OpenLease(" ", 2, TTL, Optional.empty())))
                .isEqualTo(Reason.INVALID);
        assertThat(store.by(0, new PeerCommand.OpenLease(longest, 2, TTL, Optional.empty())))
                .isEqualTo(new PeerReply.Done());
    }
}
