// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.schedule.Decision;
import io.rollingops.schedule.Hindrance;
import io.rollingops.schedule.Intent;
import io.rollingops.schedule.Scheduler;
import io.rollingops.schedule.Slot;
import io.rollingops.schedule.UnitView;
import java.time.Duration;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a snapshot tells the scheduler, for either kind of store. */
class PeerSnapshotTest {
    private static final UnitLease LEASE = new UnitLease("x", Duration.ofSeconds(30), 0);

    @Test
    void in_databags_a_grant_is_open_until_its_unit_has_answered_that_epoch() {
        UnitRecord asked = asked("a", "b", "c");
        UnitRecord answeredEarlier = asked.answered(6, OperationResult.RELEASE, "", START);
        UnitRecord answered = answeredEarlier.answered(7, OperationResult.RELEASE, "", START);

        assertThat(databags(granted(0, 7), Map.of(0, answeredEarlier)).slot())
                .isEqualTo(new Slot(Optional.of(unit(0)), true));
        assertThat(databags(granted(0, 7), Map.of(0, answeredEarlier)).isGrantedTo(unit(0)))
                .isTrue();
        assertThat(databags(granted(0, 7), Map.of(0, answered)).slot())
                .isEqualTo(new Slot(Optional.of(unit(0)), false));
        assertThat(databags(granted(0, 7), Map.of(0, answered)).isGrantedTo(unit(0)))
                .isFalse();
    }

    @Test
    void in_databags_a_grant_closes_when_its_unit_has_left() {
        PeerSnapshot snapshot = databags(granted(0, 7), Map.of(1, asked("a")));
        assertThat(snapshot.slot().open()).isFalse();
        assertThat(decision(snapshot)).isEqualTo(new Decision.Grant(unit(1)));
    }

    @Test
    void in_databags_a_grantee_that_cannot_be_read_may_still_be_running() {
        TreeMap<UnitName, Member> members = new TreeMap<>();
        members.put(unit(0), member(new UnitBag.Damaged("no idea", Map.of())));
        members.put(unit(1), member(understood(asked("a"))));
        PeerSnapshot snapshot = snapshot(PeerSnapshot.Kind.DATABAGS, granted(0, 7), members);
        assertThat(decision(snapshot)).isEqualTo(new Decision.Keep(unit(0)));
    }

    @Test
    void in_the_replicated_store_the_phase_alone_tells_whether_a_grant_is_open() {
        TreeMap<UnitName, Member> members = new TreeMap<>();
        members.put(unit(0), member(understood(asked("a").answered(7, OperationResult.RELEASE, "", START))));
        Grant granted = granted(0, 7);

        assertThat(snapshot(PeerSnapshot.Kind.REPLICATED, granted, members).isGrantedTo(unit(0)))
                .isTrue();
        assertThat(snapshot(PeerSnapshot.Kind.REPLICATED, granted, new TreeMap<>())
                        .slot()
                        .open())
                .isTrue();
        Grant answered = granted.answered();
        assertThat(snapshot(PeerSnapshot.Kind.REPLICATED, answered, members).isGrantedTo(unit(0)))
                .isFalse();
    }

    @Test
    void a_grant_is_its_own_units_and_nobody_elses() {
        PeerSnapshot snapshot = databags(granted(0, 7), Map.of(0, asked("a"), 1, asked("a")));
        assertThat(snapshot.isGrantedTo(unit(0))).isTrue();
        assertThat(snapshot.isGrantedTo(unit(1))).isFalse();
    }

    @Test
    void without_any_grant_the_slot_is_free() {
        for (PeerSnapshot.Kind kind : PeerSnapshot.Kind.values()) {
            assertThat(snapshot(kind, Grant.NONE, new TreeMap<>()).slot()).isEqualTo(new Slot(Optional.empty(), false));
        }
    }

    @Test
    void a_withdrawn_grant_keeps_its_epoch_and_forgets_who_held_on() {
        assertThat(granted(0, 7).withdrawn())
                .isEqualTo(new Grant(Optional.empty(), 7, Grant.Phase.FREE, false, Optional.empty()));
    }

    @Test
    void in_databags_requests_are_ordered_by_their_stamps() {
        PeerSnapshot snapshot = databags(
                Grant.NONE,
                Map.of(
                        0,
                        UnitRecord.NEW.requested(
                                Operation.requested("a", Json.Obj.EMPTY, OptionalInt.empty(), START.plusNanos(2_000)),
                                false),
                        1,
                        UnitRecord.NEW.requested(
                                Operation.requested("a", Json.Obj.EMPTY, OptionalInt.empty(), START.plusNanos(1_000)),
                                false)));
        assertThat(decision(snapshot)).isEqualTo(new Decision.Grant(unit(1)));
    }

    /** One odd stamp must not keep the leader from granting to the others. */
    @Test
    void in_databags_a_stamp_far_in_the_future_is_a_stamp_like_any_other() {
        UnitBag far = DatabagCodec.read(Map.of(
                "state",
                "request",
                "protocol",
                "2",
                "operations",
                "[{\"callback_id\":\"a\",\"requested_at\":\"253402300000.5\"}]"));
        TreeMap<UnitName, Member> members = new TreeMap<>();
        members.put(unit(0), member(far));
        members.put(unit(1), member(understood(asked("a"))));
        PeerSnapshot snapshot = snapshot(PeerSnapshot.Kind.DATABAGS, Grant.NONE, members);
        assertThat(snapshot.views().get(0).headOrder()).isEqualTo(253_402_300_000_500_000L);
        assertThat(decision(snapshot)).isEqualTo(new Decision.Grant(unit(1)));
    }

    @Test
    void a_view_tells_what_the_unit_asks_for_and_why_it_gets_nothing() {
        UnitRecord asked = asked("a");
        UnitRecord original =
                new UnitRecord(asked.work(), asked.answers(), new Standing(true, 0, ProcessingBackend.PEER, false));

        assertThat(view(understood(asked), true))
                .isEqualTo(new UnitView(unit(0), Intent.REQUEST, 9, 0, Optional.empty()));
        assertThat(view(understood(asked), false).hindrance()).hasValue(Hindrance.OFFLINE);
        assertThat(view(understood(asked.ready(false)), true).hindrance()).hasValue(Hindrance.NOT_READY);
        assertThat(view(understood(original), true).hindrance()).hasValue(Hindrance.OTHER_PROTOCOL);
        assertThat(view(new UnitBag.Damaged("no idea", Map.of()), true))
                .isEqualTo(new UnitView(unit(0), Intent.IDLE, 0, 0, Optional.of(Hindrance.UNREADABLE)));
    }

    @Test
    void databags_know_no_leases_so_nobody_is_offline() {
        assertThat(databags(Grant.NONE, Map.of(0, asked("a"))).views())
                .singleElement()
                .satisfies(view -> assertThat(view.hindrance()).isEmpty());
    }

    /** Behaviour of the original: units with an empty queue are ignored whatever their state says. */
    @Test
    void a_unit_with_nothing_queued_asks_for_nothing() {
        UnitBag odd = DatabagCodec.read(Map.of("state", "request", "protocol", "2", "done_epoch", "4"));
        assertThat(view(odd, true)).isEqualTo(new UnitView(unit(0), Intent.IDLE, 0, 4, Optional.empty()));
    }

    @Test
    void the_record_of_a_unit_is_found_only_if_it_is_a_member_and_can_be_read() {
        TreeMap<UnitName, Member> members = new TreeMap<>();
        members.put(unit(0), member(understood(asked("a"))));
        members.put(unit(1), member(new UnitBag.Damaged("no idea", Map.of())));
        PeerSnapshot snapshot = snapshot(PeerSnapshot.Kind.REPLICATED, Grant.NONE, members);
        assertThat(snapshot.record(unit(0))).hasValue(asked("a"));
        assertThat(snapshot.record(unit(1))).isEmpty();
        assertThat(snapshot.record(unit(2))).isEmpty();
    }

    @Test
    void a_databag_that_cannot_be_read_cannot_be_changed() {
        Member damaged = member(new UnitBag.Damaged("no idea", Map.of()));
        assertThatIllegalStateException().isThrownBy(() -> damaged.with(asked("a"), 1));
    }

    @Test
    void an_open_slot_has_a_grantee() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Slot(Optional.empty(), true));
    }

    private static UnitView view(UnitBag bag, boolean withLease) {
        UnitRecord asked = asked("a");
        Member member = new Member(
                bag,
                withLease ? Optional.of(LEASE) : Optional.empty(),
                1,
                Map.of(asked.queue().head().orElseThrow().requestedAt(), 9L),
                1);
        TreeMap<UnitName, Member> members = new TreeMap<>();
        members.put(unit(0), member);
        return snapshot(PeerSnapshot.Kind.REPLICATED, Grant.NONE, members)
                .views()
                .get(0);
    }

    private static Decision decision(PeerSnapshot snapshot) {
        return Scheduler.decide(snapshot.slot(), snapshot.views());
    }

    private static Grant granted(int unit, long epoch) {
        return new Grant(Optional.of(unit(unit)), epoch, Grant.Phase.GRANTED, false, Optional.of(START));
    }

    private static PeerSnapshot databags(Grant grant, Map<Integer, UnitRecord> records) {
        TreeMap<UnitName, Member> members = new TreeMap<>();
        records.forEach((number, record) -> members.put(unit(number), member(understood(record))));
        return snapshot(PeerSnapshot.Kind.DATABAGS, grant, members);
    }

    private static PeerSnapshot snapshot(PeerSnapshot.Kind kind, Grant grant, NavigableMap<UnitName, Member> members) {
        return new PeerSnapshot(kind, 0, grant, Optional.empty(), members, new TreeMap<>(), new TreeMap<>());
    }

    private static Member member(UnitBag bag) {
        return new Member(bag, Optional.empty(), 0, Map.of(), 1);
    }

    private static UnitBag understood(UnitRecord record) {
        return new UnitBag.Understood(record, Map.of());
    }

    private static UnitRecord asked(String... callbacks) {
        UnitRecord record = UnitRecord.NEW;
        for (String callback : callbacks) {
            record = record.requested(Operation.requested(callback, Json.Obj.EMPTY, OptionalInt.empty(), START), false);
        }
        return record;
    }
}
