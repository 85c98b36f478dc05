// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.peer.PeerReply.Reason;
import io.rollingops.schedule.Intent;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What an operator's word does: the callback of a grant is not running (rule C3), or a unit is gone (rule A8). */
class OperatorTest {

    @Test
    void a_dead_holder_with_hold_stops_the_others_until_its_grant_is_released() {
        Replica store = Replica.ofUnits(2);
        store.leads(1, 1);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0, true);
        PeerCommand late = store.finish(0, OperationResult.RELEASE);
        store.expires(0);
        assertThat(store.grant().isOpenFor(unit(0), 1)).isTrue();

        assertThat(store.byOperator(new PeerCommand.ForceRelease(unit(0), 1))).isEqualTo(new PeerReply.Done());

        assertThat(store.events())
                .containsExactly(new PeerEvent.LeaseEnded(unit(0)), new PeerEvent.Granted(unit(1), 2));
        assertThat(store.record(0).work().interrupted()).isEqualTo(1);
        assertThat(store.queue(0)).containsExactly("restart");
        assertThat(store.refusal(0, late)).isEqualTo(Reason.STALE);
    }

    @Test
    void only_the_grant_that_the_operator_looked_at_is_released() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(0, "reload");

        assertThat(store.refusalOfOperator(new PeerCommand.ForceRelease(unit(0), 2)))
                .isEqualTo(Reason.STALE);
        assertThat(store.refusalOfOperator(new PeerCommand.ForceRelease(unit(1), 1)))
                .isEqualTo(Reason.STALE);
        store.runs(0, OperationResult.RELEASE);
        assertThat(store.refusalOfOperator(new PeerCommand.ForceRelease(unit(0), 1)))
                .isEqualTo(Reason.STALE);
        assertThat(store.grant().isOpenFor(unit(0), 2)).isTrue();
    }

    @Test
    void a_released_unit_holds_on_no_longer() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.runs(0, OperationResult.RETRY_HOLD);

        store.byOperator(new PeerCommand.ForceRelease(unit(0), 2));

        assertThat(store.record(0).intent()).isEqualTo(Intent.RETRY_RELEASE);
        assertThat(store.record(0).work().interrupted())
                .as("it had not started")
                .isZero();
        assertThat(store.grant().isOpenFor(unit(1), 3)).isTrue();
    }

    @Test
    void an_operator_writes_keys_of_users_with_a_guard_and_a_unit_may_not_write_as_one() {
        Replica store = Replica.ofUnits(2);
        PeerCommand.WriteOrder write = new PeerCommand.WriteOrder(Map.of("order", ""), Map.of("order", "pause"));

        assertThat(store.refusal(1, write)).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.byOperator(write)).isEqualTo(new PeerReply.Done());
        assertThat(store.refusalOfOperator(write)).isEqualTo(Reason.STALE);

        assertThat(store.refusalOfOperator(new PeerCommand.WriteOrder(Map.of(), Map.of("grant_epoch", "7"))))
                .isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.state().shared()).containsExactly(Map.entry("order", "pause"));
    }

    @Test
    void a_unit_whose_databag_cannot_be_read_is_passed_over_refused_by_name_and_can_be_removed() {
        Replica store = damaged();
        assertThat(store.grant().isOpenFor(unit(1), 1))
                .as("unit 0 asked first, and cannot be read")
                .isTrue();

        PeerReply reply = store.by(0, Replica.request("reload"));
        assertThat(reply)
                .isInstanceOfSatisfying(
                        PeerReply.Refused.class,
                        refused -> assertThat(refused.message()).contains("app/0", "'state'", "asleep"));
        assertThat(store.refusal(0, new PeerCommand.SetReady(true))).isEqualTo(Reason.INVALID);

        store.opensLease(0, 2);
        store.by(0, new PeerCommand.KeepAlive("lease-0-2"));
        assertThat(store.member(0).lease().orElseThrow().keepAlives()).isEqualTo(1);
        store.byOperator(new PeerCommand.Remove(unit(0)));
        assertThat(store.state().members().keySet()).containsExactly(unit(1));
    }

    @Test
    void a_request_for_several_units_reports_the_one_that_cannot_be_read() {
        Replica store = damaged();
        PeerCommand request =
                new PeerCommand.RequestFor(Set.of(unit(0), unit(1)), "reload", Json.Obj.EMPTY, OptionalInt.empty());
        assertThat(store.refusalOfOperator(request)).isEqualTo(Reason.INVALID);
        assertThat(((PeerReply.Refused) store.byOperator(request)).message()).contains("app/0");
    }

    @Test
    void a_grant_of_a_unit_that_cannot_be_read_any_more_can_be_released() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0);
        store.restore(JsonText.write(StateCodec.write(store.state())).replaceFirst("\"request\"", "\"asleep\""));
        assertThat(store.member(0).bag()).isInstanceOf(UnitBag.Damaged.class);

        store.byOperator(new PeerCommand.ForceRelease(unit(0), 1));

        assertThat(store.grant().isOpenFor(unit(1), 2)).isTrue();
    }

    /** Else a unit whose process hangs would be granted the same operation again at once, beside the one that hangs. */
    @Test
    void a_unit_that_was_released_gets_nothing_more_until_its_process_has_come_back() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.starts(0);

        store.byOperator(new PeerCommand.ForceRelease(unit(0), 1));

        assertThat(store.grant().isOpen()).isFalse();
        assertThat(store.member(0).lease()).isEmpty();
        assertThat(store.refusal(0, new PeerCommand.KeepAlive("lease-0-1"))).isEqualTo(Reason.STALE);
        store.requests(1, "restart");
        assertThat(store.grant().isOpenFor(unit(1), 2)).isTrue();
        store.opensLease(0, 2);
        store.runs(1, OperationResult.RELEASE);
        assertThat(store.grant().isOpenFor(unit(0), 3)).isTrue();
    }

    @Test
    void a_databag_that_cannot_be_read_is_emptied_on_the_operators_word() {
        Replica store = Replica.ofUnits(2);
        store.by(0, new PeerCommand.WriteUnit(Map.of(), Map.of("colour", "blue")));
        store.by(0, new PeerCommand.SetReady(false));
        store.requests(0, "restart");
        store.restore(JsonText.write(StateCodec.write(store.state())).replaceFirst("\"request\"", "\"asleep\""));
        Reason asUnit = store.refusal(1, new PeerCommand.Repair(unit(0)));

        assertThat(store.byOperator(new PeerCommand.Repair(unit(0)))).isEqualTo(new PeerReply.Done());

        assertThat(asUnit).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.queue(0)).isEmpty();
        assertThat(store.member(0).bag())
                .isInstanceOfSatisfying(
                        UnitBag.Understood.class,
                        bag -> assertThat(bag.other()).containsExactly(Map.entry("colour", "blue")));
        store.requests(0, "reload");
        assertThat(store.grant().isOpenFor(unit(0))).isTrue();
    }

    @Test
    void what_can_be_read_is_never_emptied_and_an_open_grant_comes_first() {
        Replica store = Replica.ofUnits(2);
        assertThat(store.refusalOfOperator(new PeerCommand.Repair(unit(0)))).isEqualTo(Reason.STALE);
        assertThat(store.refusalOfOperator(new PeerCommand.Repair(unit(9)))).isEqualTo(Reason.STALE);

        store.requests(0, "restart");
        store.starts(0);
        store.restore(JsonText.write(StateCodec.write(store.state())).replaceFirst("\"request\"", "\"asleep\""));
        assertThat(store.refusalOfOperator(new PeerCommand.Repair(unit(0)))).isEqualTo(Reason.STALE);
        store.byOperator(new PeerCommand.ForceRelease(unit(0), 1));
        assertThat(store.byOperator(new PeerCommand.Repair(unit(0)))).isEqualTo(new PeerReply.Done());
    }

    /** Both units ask, and the databag of the first is not understood. */
    private static Replica damaged() {
        Replica store = Replica.ofUnits(2);
        store.by(0, new PeerCommand.SetReady(false));
        store.requests(0, "restart");
        store.restore(JsonText.write(StateCodec.write(store.state())).replaceFirst("\"request\"", "\"asleep\""));
        store.requests(1, "restart");
        return store;
    }
}
