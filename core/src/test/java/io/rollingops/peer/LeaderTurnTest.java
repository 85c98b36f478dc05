// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a leader writes, and what it leaves alone. */
class LeaderTurnTest {
    private static final Map<String, String> ORIGINAL_UNIT = Map.of(
            "state",
            "request",
            "operations",
            "[{\"callback_id\":\"restart\",\"requested_at\":\"1700000000.5\",\"max_retry\":null,\"attempt\":2,"
                    + "\"result\":null,\"kwargs\":{}}]",
            "processing_backend",
            "peer",
            "etcd_cleanup_needed",
            "true");

    @Test
    void the_oldest_request_is_granted_under_the_next_epoch() {
        Databags bags = bags(Map.of("grant_epoch", "6"), Map.of(0, idle(), 1, asked(20), 2, asked(10)));
        LeaderTurn.Turn turn = LeaderTurn.next(bags, START).orElseThrow();
        assertThat(turn.granted()).contains(unit(2));
        assertThat(turn.changes())
                .isEqualTo(Map.of(
                        "granted_unit",
                        "app/2",
                        "grant_holder",
                        "app/2",
                        "grant_epoch",
                        "7",
                        "granted_at",
                        "1800000000.0"));
    }

    @Test
    void nothing_is_written_while_the_last_grant_is_not_answered() {
        Map<String, String> granted = granted(2, 7);
        assertThat(LeaderTurn.next(bags(granted, Map.of(0, asked(1), 2, asked(10))), START))
                .isEmpty();
        Map<String, String> answered = bag(
                new UnitRecord(recordOf(asked(10)).work(), recordOf(asked(10)).answers(), Standing.NEW)
                        .answered(7, OperationResult.RELEASE, "", START));
        assertThat(LeaderTurn.next(bags(granted, Map.of(0, asked(1), 2, answered)), START)
                        .flatMap(LeaderTurn.Turn::granted))
                .contains(unit(0));
    }

    @Test
    void an_unanswered_grant_of_a_unit_that_has_left_stands_in_nobodys_way() {
        assertThat(LeaderTurn.next(bags(granted(2, 7), Map.of(0, asked(1))), START)
                        .flatMap(LeaderTurn.Turn::granted))
                .contains(unit(0));
    }

    @Test
    void when_nobody_waits_the_name_goes_and_the_epoch_stays() {
        Map<String, String> answered = bag(recordOf(asked(10)).answered(7, OperationResult.RELEASE, "", START));
        LeaderTurn.Turn turn = LeaderTurn.next(bags(granted(2, 7), Map.of(0, idle(), 2, answered)), START)
                .orElseThrow();
        assertThat(turn.granted()).isEmpty();
        assertThat(turn.changes()).isEqualTo(Map.of("granted_unit", "", "grant_holder", "", "granted_at", ""));
        assertThat(LeaderTurn.next(bags(Map.of("grant_epoch", "7"), Map.of(0, idle(), 2, answered)), START))
                .isEmpty();
    }

    @Test
    void a_unit_that_holds_on_for_a_retry_keeps_its_place_while_it_pauses() {
        UnitRecord holdsOn = recordOf(asked(10)).answered(7, OperationResult.RETRY_HOLD, "", START);
        UnitRecord notReady = new UnitRecord(
                holdsOn.work(), holdsOn.answers(), new Standing(false, Standing.PROTOCOL, holdsOn.backend(), false));
        assertThat(LeaderTurn.next(bags(granted(2, 7), Map.of(0, idle(), 2, bag(notReady))), START))
                .isEmpty();
    }

    @Test
    void units_of_the_original_get_no_grant_and_are_named() {
        Databags bags =
                bags(Map.of(), Map.of(0, asked(20), 1, ORIGINAL_UNIT, 2, Map.of("private-address", "10.0.0.3")));
        assertThat(LeaderTurn.next(bags, START).flatMap(LeaderTurn.Turn::granted))
                .contains(unit(0));
        assertThat(LeaderTurn.unitsToUpgrade(bags)).containsExactly(unit(1));
        assertThat(LeaderTurn.next(bags(Map.of(), Map.of(0, idle(), 1, ORIGINAL_UNIT)), START))
                .isEmpty();
    }

    @Test
    void a_grant_of_an_original_leader_is_respected_while_its_unit_runs_the_original() {
        Map<String, String> foreign = Map.of("granted_unit", "app/1", "granted_at", "1700000001.5");
        assertThat(LeaderTurn.next(bags(foreign, Map.of(0, asked(20), 1, ORIGINAL_UNIT)), START))
                .isEmpty();
        Map<String, String> idleOriginal = new HashMap<>(ORIGINAL_UNIT);
        idleOriginal.putAll(Map.of("state", "idle", "operations", "[]"));
        assertThat(LeaderTurn.next(bags(foreign, Map.of(0, asked(20), 1, idleOriginal)), START)
                        .flatMap(LeaderTurn.Turn::granted))
                .contains(unit(0));
        Map<String, String> upgraded = new HashMap<>(ORIGINAL_UNIT);
        upgraded.put("protocol", "2");
        assertThat(LeaderTurn.next(bags(foreign, Map.of(0, idle(), 1, upgraded)), START)
                        .flatMap(LeaderTurn.Turn::granted))
                .as("the upgrade ended whatever it was doing, and its operation is still queued")
                .contains(unit(1));
    }

    @Test
    void a_grant_that_an_original_leader_wrote_over_ours_is_not_taken_for_ours() {
        Map<String, String> mixed = new HashMap<>(granted(2, 7));
        mixed.put("granted_unit", "app/0");
        Databags seenByGranted = bags(mixed, Map.of(0, asked(1), 2, asked(10)));
        assertThat(seenByGranted.snapshot().isGrantedTo(unit(0))).isFalse();
        assertThat(seenByGranted.lastGrantee()).contains(unit(0));
    }

    @Test
    void a_damaged_unit_gets_no_grant_and_stops_nobody_else() {
        Databags bags = bags(Map.of(), Map.of(0, asked(20), 1, Map.of("state", "no such state", "protocol", "2")));
        assertThat(LeaderTurn.next(bags, START).flatMap(LeaderTurn.Turn::granted))
                .contains(unit(0));
    }

    @Test
    void a_damaged_application_databag_stops_all_grants_and_says_so() {
        Databags bags = bags(Map.of("grant_epoch", "many"), Map.of(0, asked(20)));
        assertThatThrownBy(() -> LeaderTurn.next(bags, START))
                .isInstanceOf(RollingOpsException.Corrupt.class)
                .hasMessageContaining("grant_epoch");
    }

    @Test
    void an_operator_takes_exactly_the_grant_that_he_names() {
        Databags bags = bags(granted(2, 7), Map.of(0, asked(1), 2, asked(10)));
        assertThatThrownBy(() -> LeaderTurn.forceRelease(bags, unit(2), 6))
                .isInstanceOf(RollingOpsException.Refused.class)
                .hasMessageContaining("app/2 holds grant 7");
        NavigableMap<String, String> changes = LeaderTurn.forceRelease(bags, unit(2), 7);
        Map<String, String> after = new HashMap<>(bags.application());
        after.putAll(changes);
        Databags released = bags(after, Map.of(0, asked(1), 2, asked(10)));
        assertThat(released.snapshot().isGrantedTo(unit(2))).isFalse();
        assertThat(LeaderTurn.next(released, START).orElseThrow().changes())
                .containsEntry("granted_unit", "app/0")
                .containsEntry("grant_epoch", "8");
    }

    @Test
    void a_unit_whose_grant_was_taken_is_passed_over_until_it_shows_that_it_is_there() {
        Map<String, String> taken = Map.of("grant_epoch", "7", "grant_released", "{\"app/2\":7}");
        assertThat(LeaderTurn.next(bags(taken, Map.of(0, idle(), 2, asked(10))), START))
                .isEmpty();
        Databags seenByIt = new Databags(unit(2), taken, new TreeMap<>(Map.of(unit(2), asked(10))));
        Map<String, String> back = seenByIt.adopted(START).own();
        LeaderTurn.Turn turn =
                LeaderTurn.next(bags(taken, Map.of(0, idle(), 2, back)), START).orElseThrow();
        assertThat(turn.granted()).contains(unit(2));
        assertThat(turn.changes()).containsEntry("grant_epoch", "8").containsEntry("grant_released", "");
    }

    private static Databags bags(Map<String, String> application, Map<Integer, Map<String, String>> units) {
        NavigableMap<UnitName, Map<String, String>> bags = new TreeMap<>();
        units.forEach((number, bag) -> bags.put(unit(number), bag));
        Map<String, String> present = new HashMap<>(application);
        present.values().removeIf(String::isEmpty);
        return new Databags(unit(0), present, bags);
    }

    private static Map<String, String> granted(int number, long epoch) {
        Map<String, String> bag = new HashMap<>(DatabagCodec.writeByLeader(
                new Grant(Optional.of(unit(number)), epoch, Grant.Phase.GRANTED, false, Optional.of(START))));
        bag.values().removeIf(String::isEmpty);
        return bag;
    }

    private static Map<String, String> idle() {
        return bag(UnitRecord.NEW);
    }

    private static Map<String, String> asked(int second) {
        return bag(UnitRecord.NEW.requested(
                Operation.requested("restart", Json.Obj.EMPTY, OptionalInt.empty(), START.plusSeconds(second)), false));
    }

    private static UnitRecord recordOf(Map<String, String> bag) {
        return ((UnitBag.Understood) DatabagCodec.read(bag)).record();
    }

    private static Map<String, String> bag(UnitRecord record) {
        Map<String, String> bag = new HashMap<>(DatabagCodec.write(record));
        bag.values().removeIf(String::isEmpty);
        return bag;
    }
}
