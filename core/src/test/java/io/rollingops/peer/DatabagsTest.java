// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.rollingops.Operation;
import io.rollingops.OperationQueue;
import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.schedule.Intent;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a unit's own commands make of its databag. */
class DatabagsTest {
    private static final PeerCommand.Request RESTART =
            new PeerCommand.Request("restart", Json.Obj.EMPTY, OptionalInt.empty());
    private static final PeerCommand.Request OTHER =
            new PeerCommand.Request("other", Json.Obj.EMPTY, OptionalInt.of(1));

    @Test
    void a_request_is_queued_and_an_equal_one_is_merged_unless_it_has_begun() {
        Databags.Applied first = fresh().apply(RESTART, START, false);
        assertThat(first.reply()).isInstanceOf(PeerReply.Queued.class);
        Databags.Applied again = first.bags().apply(RESTART, START.plusSeconds(1), false);
        assertThat(again.bags()).isSameAs(first.bags());
        assertThat(again.reply()).isEqualTo(first.reply());
        Databags.Applied behind = first.bags().apply(RESTART, START.plusSeconds(1), true);
        assertThat(record(behind.bags()).queue().size()).isEqualTo(2);
    }

    @Test
    void requests_that_can_never_run_are_refused_as_in_the_replicated_store() {
        PeerCommand.Request blank = new PeerCommand.Request(" ", Json.Obj.EMPTY, OptionalInt.empty());
        PeerCommand.Request negative = new PeerCommand.Request("restart", Json.Obj.EMPTY, OptionalInt.of(-1));
        for (PeerCommand.Request request : List.of(blank, negative)) {
            assertThat(refusal(fresh().apply(request, START, false)).reason()).isEqualTo(PeerReply.Reason.INVALID);
        }
        Databags bags = fresh();
        for (int i = 0; i < OperationQueue.MAX_LENGTH; i++) {
            bags = bags.apply(i % 2 == 0 ? RESTART : OTHER, START.plusSeconds(i), false)
                    .bags();
        }
        assertThat(record(bags).queue().size()).isEqualTo(OperationQueue.MAX_LENGTH);
        assertThat(refusal(bags.apply(RESTART, START, false)).reason()).isEqualTo(PeerReply.Reason.FULL);
    }

    @Test
    void a_start_needs_an_open_grant_of_this_unit_and_epoch() {
        Databags asked = fresh().apply(RESTART, START, false).bags();
        assertThat(refusal(asked.apply(new PeerCommand.Start(1, true), START, false))
                        .reason())
                .isEqualTo(PeerReply.Reason.STALE);
        Databags granted = granted(asked, 0, 1);
        assertThat(granted.apply(new PeerCommand.Start(1, true), START, false).reply())
                .isEqualTo(new PeerReply.Started(record(asked).queue().head(), true));
        assertThat(refusal(granted.apply(new PeerCommand.Start(2, true), START, false))
                        .reason())
                .isEqualTo(PeerReply.Reason.STALE);
        assertThat(refusal(granted(asked, 1, 1).apply(new PeerCommand.Start(1, true), START, false))
                        .reason())
                .isEqualTo(PeerReply.Reason.STALE);
    }

    @Test
    void one_answer_settles_operation_intent_and_grant_and_may_be_repeated() {
        Databags granted = granted(fresh().apply(RESTART, START, false).bags(), 0, 4);
        Operation head = record(granted).queue().head().orElseThrow();
        PeerCommand.Finish finish = new PeerCommand.Finish(4, head.id(), OperationResult.RETRY_HOLD, "not yet", false);
        Databags answered = granted.apply(finish, START, false).bags();
        assertThat(record(answered).doneEpoch()).isEqualTo(4);
        assertThat(record(answered).intent()).isEqualTo(Intent.RETRY_HOLD);
        assertThat(record(answered).queue().head().orElseThrow().attempt()).isEqualTo(1);
        assertThat(answered.snapshot().isGrantedTo(unit(0))).isFalse();
        Databags.Applied repeated = answered.apply(finish, START, false);
        assertThat(repeated.bags()).isSameAs(answered);
        assertThat(repeated.reply()).isEqualTo(new PeerReply.Done());
    }

    @Test
    void an_answer_under_an_old_epoch_or_for_another_operation_is_refused() {
        Databags granted = granted(fresh().apply(RESTART, START, false).bags(), 0, 4);
        Operation head = record(granted).queue().head().orElseThrow();
        assertThat(refusal(granted.apply(
                                new PeerCommand.Finish(3, head.id(), OperationResult.RELEASE, "", false), START, false))
                        .reason())
                .isEqualTo(PeerReply.Reason.STALE);
        Operation other = head.requestedAfter(START.plusSeconds(9));
        assertThat(refusal(granted.apply(
                                new PeerCommand.Finish(4, other.id(), OperationResult.RELEASE, "", false),
                                START,
                                false))
                        .message())
                .contains("is not the head");
    }

    @Test
    void a_unit_that_rests_after_its_answer_wants_no_grant_and_cannot_hold_on() {
        Databags granted = granted(fresh().apply(RESTART, START, false).bags(), 0, 4);
        Operation head = record(granted).queue().head().orElseThrow();
        UnitRecord rests = record(
                granted.apply(new PeerCommand.Finish(4, head.id(), OperationResult.RETRY_HOLD, "", true), START, false)
                        .bags());
        assertThat(rests.isReady()).isFalse();
        assertThat(rests.intent()).isEqualTo(Intent.RETRY_RELEASE);
    }

    @Test
    void a_grant_is_given_back_without_touching_the_queue() {
        Databags granted = granted(fresh().apply(RESTART, START, false).bags(), 0, 4);
        UnitRecord back = record(granted.apply(new PeerCommand.NotRun(4, true, false), START, false)
                .bags());
        assertThat(back.queue()).isEqualTo(record(granted).queue());
        assertThat(back.doneEpoch()).isEqualTo(4);
        assertThat(back.intent()).isEqualTo(Intent.RETRY_RELEASE);
    }

    @Test
    void leases_and_membership_are_not_asked_for_here() {
        assertThat(fresh().apply(new PeerCommand.Join(), START, false).reply()).isEqualTo(new PeerReply.Joined(0));
        assertThat(fresh().apply(new PeerCommand.OpenLease("x", 1, Duration.ZERO, Optional.empty()), START, false)
                        .reply())
                .isEqualTo(new PeerReply.Done());
        assertThat(refusal(fresh().apply(new PeerCommand.TakeLock("a", "b"), START, false))
                        .reason())
                .isEqualTo(PeerReply.Reason.NOT_ALLOWED);
    }

    @Test
    void only_a_waiting_operation_that_has_not_begun_is_withdrawn() {
        Databags asked = fresh().apply(RESTART, START, false).bags();
        Operation head = record(asked).queue().head().orElseThrow();
        assertThat(refusal(asked.apply(new PeerCommand.Withdraw(head.id()), START, true))
                        .reason())
                .isEqualTo(PeerReply.Reason.STALE);
        Databags without =
                asked.apply(new PeerCommand.Withdraw(head.id()), START, false).bags();
        assertThat(record(without).queue().isEmpty()).isTrue();
        assertThat(refusal(without.apply(new PeerCommand.Withdraw(head.id()), START, false))
                        .reason())
                .isEqualTo(PeerReply.Reason.STALE);
    }

    @Test
    void what_the_original_left_is_taken_over_with_queue_attempts_and_backend() {
        String queue = "[{\"callback_id\":\"restart\",\"requested_at\":\"1700000000.5\",\"max_retry\":5,\"attempt\":2,"
                + "\"result\":null,\"kwargs\":{\"a\":1}}]";
        Map<String, String> original = Map.of(
                "state",
                "retry-hold",
                "operations",
                queue,
                "processing_backend",
                "etcd",
                "private-address",
                "10.0.0.1");
        Databags adopted = bags(original).adopted(START);
        assertThat(adopted.own())
                .containsEntry("protocol", "2")
                .containsEntry("operations", queue)
                .containsEntry("state", "retry-hold")
                .containsEntry("processing_backend", "etcd")
                .containsEntry("private-address", "10.0.0.1");
        assertThat(adopted.adopted(START)).isSameAs(adopted);
    }

    @Test
    void what_the_library_before_the_original_left_is_harmless() {
        for (String state : new String[] {"release", "acquire"}) {
            UnitRecord record = record(bags(Map.of("state", state)).adopted(START));
            assertThat(record.intent()).isEqualTo(Intent.IDLE);
            assertThat(record.isOurs()).isTrue();
        }
    }

    @Test
    void a_databag_that_cannot_be_read_is_left_as_it_is() {
        Databags damaged = bags(Map.of("operations", "[1"));
        assertThat(damaged.adopted(START)).isSameAs(damaged);
        assertThat(refusal(damaged.apply(RESTART, START, false)).message()).contains("operations");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Databags(unit(0), Map.of(), new TreeMap<>()))
                .withMessageContaining("app/0");
    }

    private static PeerReply.Refused refusal(Databags.Applied applied) {
        return (PeerReply.Refused) applied.reply();
    }

    private static UnitRecord record(Databags bags) {
        return ((UnitBag.Understood) DatabagCodec.read(bags.own())).record();
    }

    private static Databags fresh() {
        return bags(Map.of()).adopted(START);
    }

    private static Databags bags(Map<String, String> own) {
        return new Databags(unit(0), Map.of(), new TreeMap<>(Map.of(unit(0), own)));
    }

    private static Databags granted(Databags bags, int number, long epoch) {
        Map<String, String> application = new HashMap<>(DatabagCodec.writeByLeader(
                new Grant(Optional.of(unit(number)), epoch, Grant.Phase.GRANTED, false, Optional.of(START))));
        NavigableMap<UnitName, Map<String, String>> units = new TreeMap<>(bags.units());
        units.putIfAbsent(unit(number), Map.of());
        return new Databags(bags.self(), application, units);
    }
}
