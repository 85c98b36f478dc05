// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.request;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.peer.PeerReply.Reason;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who belongs to the application. */
class MembershipTest {

    @Test
    void a_unit_that_joins_has_nothing_to_do_and_has_had_no_lease() {
        Replica store = new Replica();

        assertThat(store.by(3, new PeerCommand.Join())).isEqualTo(new PeerReply.Joined(0));

        assertThat(store.member(3).bag()).isEqualTo(new UnitBag.Understood(UnitRecord.NEW, Map.of()));
        assertThat(store.member(3).lease()).isEmpty();
        assertThat(store.state().members().keySet()).containsExactly(unit(3));
    }

    @Test
    void joining_again_keeps_everything_and_tells_how_many_leases_there_were() {
        Replica store = Replica.ofUnits(1);
        store.requests(0, "restart");
        store.opensLease(0, 4);
        Member before = store.member(0);

        assertThat(store.by(0, new PeerCommand.Join())).isEqualTo(new PeerReply.Joined(4));

        assertThat(store.member(0)).isEqualTo(before);
    }

    /** So no member ever meets a command that its release does not know, and guesses. */
    @Test
    void the_form_of_the_state_rises_when_the_last_unit_knows_it_and_never_falls() {
        Replica store = Replica.ofUnits(3);
        assertThat(store.state().format()).isEqualTo(1);
        store.by(0, new PeerCommand.Join(3));
        store.by(1, new PeerCommand.Join(2));
        assertThat(store.state().format()).as("unit 2 knows 1").isEqualTo(1);

        store.by(2, new PeerCommand.Join(2));
        assertThat(store.state().format()).isEqualTo(2);

        assertThat(store.refusal(2, new PeerCommand.Join(1)))
                .as("put back to an old release")
                .isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(5, new PeerCommand.Join(1))).isEqualTo(Reason.NOT_ALLOWED);
        store.by(1, new PeerCommand.Join(3));
        store.by(2, new PeerCommand.Leave());
        store.by(5, new PeerCommand.Join(3));
        assertThat(store.state().format()).isEqualTo(3);
    }

    @Test
    void a_unit_of_another_application_cannot_join() {
        Author stranger = new Author.Unit(new UnitName("other", 0));
        assertThat(new Replica().refusal(stranger, new PeerCommand.Join())).isEqualTo(Reason.NOT_ALLOWED);
    }

    @Test
    void a_unit_that_leaves_abandons_its_work_and_the_next_one_runs_in_the_same_step() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0);

        assertThat(store.by(0, new PeerCommand.Leave())).isEqualTo(new PeerReply.Done());

        assertThat(store.events())
                .containsExactly(
                        new PeerEvent.LeaseEnded(unit(0)),
                        new PeerEvent.Removed(unit(0)),
                        new PeerEvent.Granted(unit(1), 2));
        assertThat(store.state().members().keySet()).containsExactly(unit(1));
        assertThat(store.state().departed()).containsExactly(unit(0));
    }

    @Test
    void a_unit_that_left_never_comes_back() {
        Replica store = Replica.ofUnits(2);
        store.by(0, new PeerCommand.Leave());
        store.byOperator(new PeerCommand.Remove(unit(1)));

        assertThat(store.refusal(0, new PeerCommand.Join())).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(1, new PeerCommand.Join())).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(0, new PeerCommand.Leave())).isEqualTo(Reason.NOT_ALLOWED);
    }

    @Test
    void a_unit_that_is_removed_while_it_holds_on_for_a_retry_stops_nobody() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.runs(0, OperationResult.RETRY_HOLD);
        assertThat(store.grant().unit()).hasValue(unit(0));

        assertThat(store.byOperator(new PeerCommand.Remove(unit(0)))).isEqualTo(new PeerReply.Done());

        assertThat(store.grant().isOpenFor(unit(1), 3)).isTrue();
    }

    @Test
    void a_unit_can_be_removed_before_its_first_message_arrives() {
        Replica store = Replica.ofUnits(1);

        assertThat(store.byOperator(new PeerCommand.Remove(unit(7)))).isEqualTo(new PeerReply.Done());

        assertThat(store.refusal(7, new PeerCommand.Join())).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusalOfOperator(new PeerCommand.Remove(unit(7)))).isEqualTo(Reason.STALE);
    }

    @Test
    void only_units_of_the_application_can_be_removed_and_only_once() {
        Replica store = Replica.ofUnits(1);
        PeerCommand stranger = new PeerCommand.Remove(new UnitName("other", 0));
        store.byOperator(new PeerCommand.Remove(unit(0)));

        assertThat(store.refusalOfOperator(stranger)).isEqualTo(Reason.STALE);
        assertThat(store.refusalOfOperator(new PeerCommand.Remove(unit(0)))).isEqualTo(Reason.STALE);
    }

    @Test
    void a_leader_that_leaves_leads_no_longer_and_another_unit_goes_on_leading() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 5);

        store.by(0, new PeerCommand.Leave());
        assertThat(store.state().leadership()).hasValue(new PeerState.Leadership(unit(1), 5));

        store.by(1, new PeerCommand.Leave());
        assertThat(store.state().leadership()).isEmpty();
    }

    @Test
    void the_application_takes_as_many_units_as_its_limit_and_not_one_more() {
        Replica store = new Replica();
        for (int i = 0; i < PeerState.MAX_MEMBERS; i++) {
            assertThat(store.by(i, new PeerCommand.Join())).isEqualTo(new PeerReply.Joined(0));
        }

        assertThat(store.refusal(PeerState.MAX_MEMBERS, new PeerCommand.Join())).isEqualTo(Reason.FULL);
        assertThat(store.by(0, new PeerCommand.Join())).isEqualTo(new PeerReply.Joined(0));

        store.by(0, new PeerCommand.Leave());
        assertThat(store.by(PeerState.MAX_MEMBERS, new PeerCommand.Join())).isEqualTo(new PeerReply.Joined(0));
    }

    @Test
    void a_unit_that_left_cannot_ask_for_anything() {
        Replica store = Replica.ofUnits(1);
        store.by(0, new PeerCommand.Leave());
        assertThat(store.refusal(0, request("restart"))).isEqualTo(Reason.NOT_ALLOWED);
    }
}
