// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.request;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.OperationCodec;
import io.rollingops.OperationId;
import io.rollingops.OperationQueue;
import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.peer.PeerReply.Reason;
import io.rollingops.schedule.Intent;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests by units and by operators, and how a request is taken back (rules Q1 and Q2). */
class RequestsTest {

    @Test
    void a_request_is_queued_and_granted_in_one_step() {
        Replica store = Replica.ofUnits(1);

        OperationId id = store.requests(0, "restart");

        assertThat(id).isEqualTo(new OperationId("1800000000.0-restart"));
        assertThat(store.events())
                .containsExactly(new PeerEvent.Requested(unit(0), id), new PeerEvent.Granted(unit(0), 1));
        assertThat(store.queue(0)).containsExactly("restart");
    }

    @Test
    void an_equal_request_is_merged_into_the_last_one_that_waits_and_keeps_its_limit() {
        Replica store = Replica.ofUnits(1);
        OperationId first = store.requests(0, request("restart", OptionalInt.of(2)));

        assertThat(store.requests(0, request("restart", OptionalInt.of(9)))).isEqualTo(first);

        assertThat(store.events()).isEmpty();
        assertThat(store.record(0).queue().operations())
                .singleElement()
                .satisfies(operation -> assertThat(operation.maxRetry()).hasValue(2));
    }

    @Test
    void a_request_is_compared_with_the_last_one_only() {
        Replica store = Replica.ofUnits(1);
        OperationId first = store.requests(0, "a");
        store.requests(0, "b");
        assertThat(store.requests(0, "a")).isNotEqualTo(first);
        assertThat(store.queue(0)).containsExactly("a", "b", "a");
    }

    @Test
    void an_operation_that_has_begun_takes_no_request_in() {
        Replica store = Replica.ofUnits(1);
        OperationId running = store.requests(0, "restart");
        assertThat(store.requests(0, "restart"))
                .as("granted, and not begun: merged")
                .isEqualTo(running);
        store.starts(0);

        OperationId next = store.requests(0, "restart");

        assertThat(next).isNotEqualTo(running);
        assertThat(store.requests(0, "restart"))
                .as("the one behind it has not begun")
                .isEqualTo(next);
        store.finishes(0, OperationResult.RELEASE);
        assertThat(store.queue(0)).containsExactly("restart");
    }

    @Test
    void a_failed_operation_that_waits_for_its_retry_takes_an_equal_request_in() {
        Replica store = Replica.ofUnits(1);
        OperationId first = store.requests(0, "restart");
        store.runs(0, OperationResult.RETRY_RELEASE);
        assertThat(store.requests(0, "restart")).isEqualTo(first);
        assertThat(store.queue(0)).containsExactly("restart");
    }

    @Test
    void ids_are_unique_also_when_two_requests_come_in_the_same_microsecond() {
        Replica store = Replica.ofUnits(1);
        OperationId one = store.requests(0, numbered(1));
        OperationId other = store.requests(0, numbered(2));
        assertThat(one.value()).isEqualTo("1800000000.0-restart");
        assertThat(other.value()).isEqualTo("1800000000.000001-restart");
    }

    @Test
    void a_clock_that_steps_back_neither_reorders_requests_nor_names_one_twice() {
        Replica store = Replica.ofUnits(1);
        OperationId first = store.requests(0, "restart");
        store.runs(0, OperationResult.RELEASE);
        store.at(START.minusSeconds(3600));

        OperationId second = store.requests(0, "restart");

        assertThat(second).isNotEqualTo(first);
        assertThat(second.value()).isEqualTo("1800000000.000001-restart");
    }

    /** An instant without a wire form would fail when the state is written down, on every replica and for ever. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "-1000000000-01-01T00:00:00Z",
                "1969-12-31T23:59:59.999999Z",
                "2026-02-03T04:05:06.123456789Z",
                "9999-12-31T23:59:59.999999999Z",
                "+1000000000-12-31T23:59:59.999999999Z"
            })
    void whatever_the_clock_of_a_sender_shows_the_state_can_be_written_and_the_next_request_is_later(String clock) {
        Replica store = Replica.ofUnits(1).at(Instant.parse(clock));
        OperationId first = store.requests(0, "restart");
        store.runs(0, OperationResult.RETRY_HOLD);

        store.at(START);
        OperationId second = store.requests(0, "reload");

        assertThat(StateCodec.read(StateCodec.write(store.state()))).isEqualTo(store.state());
        assertThat(store.queue(0)).containsExactly("restart", "reload");
        assertThat(store.record(0).queue().operations())
                .extracting(Operation::id)
                .containsExactly(first, second);
        assertThat(store.record(0).queue().operations().get(1).requestedAt())
                .isAfter(store.record(0).queue().operations().get(0).requestedAt());
    }

    @ParameterizedTest
    @CsvSource({"0,false", "1,true", "256,true", "257,false"})
    void a_callback_id_has_one_to_its_limit_of_characters(int length, boolean taken) {
        Replica store = Replica.ofUnits(1);
        PeerCommand.Request request = request("x".repeat(length));
        if (taken) {
            assertThat(store.requests(0, request).value()).endsWith("x");
        } else {
            assertThat(store.refusal(0, request)).isEqualTo(Reason.INVALID);
        }
        assertThat(Operation.MAX_CALLBACK_CHARS).isEqualTo(256);
    }

    @Test
    void a_blank_callback_id_is_refused() {
        assertThat(Replica.ofUnits(1).refusal(0, request("  \t"))).isEqualTo(Reason.INVALID);
    }

    @Test
    void a_negative_retry_limit_is_refused_and_zero_is_not() {
        Replica store = Replica.ofUnits(1);
        assertThat(store.refusal(0, request("restart", OptionalInt.of(-1)))).isEqualTo(Reason.INVALID);
        assertThat(store.refusal(0, request("restart", OptionalInt.of(Integer.MIN_VALUE))))
                .isEqualTo(Reason.INVALID);
        store.requests(0, request("restart", OptionalInt.of(0)));
        assertThat(store.queue(0)).containsExactly("restart");
    }

    @Test
    void an_operation_is_taken_up_to_its_size_limit_and_not_one_character_further() {
        Replica store = Replica.ofUnits(1);
        PeerCommand.Request longest = ofSize(Operation.MAX_WIRE_CHARS);

        assertThat(store.refusal(0, ofSize(Operation.MAX_WIRE_CHARS + 1))).isEqualTo(Reason.INVALID);
        store.requests(0, longest);

        assertThat(store.queue(0)).containsExactly("restart");
    }

    @Test
    void arguments_are_taken_up_to_their_depth_limit_and_can_then_be_read_back() {
        Replica store = Replica.ofUnits(1);

        assertThat(store.refusal(0, nested(Operation.MAX_ARGUMENTS_DEPTH + 1))).isEqualTo(Reason.INVALID);
        assertThat(store.refusal(0, nested(JsonText.MAX_DEPTH - 1)))
                .as("a command that can be read, and a queue that could not be")
                .isEqualTo(Reason.INVALID);
        store.requests(0, nested(Operation.MAX_ARGUMENTS_DEPTH));

        PeerState read = StateCodec.read(StateCodec.write(store.state()));
        assertThat(read).isEqualTo(store.state());
    }

    /** Values that no text can bring in, but a caller in the same process can. */
    @Test
    void arguments_that_could_be_written_and_not_be_read_back_are_refused() {
        Replica store = Replica.ofUnits(1);
        Json.Obj half = Json.object().put("a", "\uD83D").build();
        Json.Obj halfName = Json.object().put("\uDE00", 1).build();
        Json.Obj digits = Json.object()
                .put("a", new Json.Int(BigInteger.TEN.pow(JsonText.MAX_DIGITS)))
                .build();
        Json.Obj mostDigits = Json.object()
                .put("a", new Json.Int(BigInteger.TEN.pow(JsonText.MAX_DIGITS - 1)))
                .build();
        for (Json.Obj arguments : List.of(half, halfName, digits)) {
            PeerCommand.Request request = new PeerCommand.Request("restart", arguments, OptionalInt.empty());
            assertThat(store.refusal(0, request)).isEqualTo(Reason.INVALID);
        }
        assertThat(store.refusal(0, request("\uD83D"))).isEqualTo(Reason.INVALID);

        store.requests(0, new PeerCommand.Request("restart", mostDigits, OptionalInt.empty()));
        assertThat(StateCodec.read(StateCodec.write(store.state()))).isEqualTo(store.state());
    }

    @Test
    void a_queue_takes_as_many_operations_as_its_limit_and_not_one_more() {
        Replica store = Replica.ofUnits(1);
        for (int i = 0; i < OperationQueue.MAX_LENGTH; i++) {
            store.requests(0, numbered(i));
        }

        assertThat(store.refusal(0, numbered(-1))).isEqualTo(Reason.FULL);
        assertThat(store.refusalOfOperator(requestFor(Set.of(0), "other"))).isEqualTo(Reason.FULL);

        assertThat(store.record(0).queue().size()).isEqualTo(OperationQueue.MAX_LENGTH);
    }

    /** The requester whose reply was lost asks again and must not be told that its operation is not queued. */
    @Test
    void a_full_queue_still_takes_in_what_is_merged_into_its_last_operation() {
        Replica store = Replica.ofUnits(1);
        for (int i = 0; i < OperationQueue.MAX_LENGTH; i++) {
            store.requests(0, numbered(i));
        }
        OperationId last = store.record(0).queue().last().orElseThrow().id();

        assertThat(store.requests(0, numbered(OperationQueue.MAX_LENGTH - 1))).isEqualTo(last);
    }

    @Test
    void a_queue_grows_to_its_size_limit_and_not_one_character_further() {
        Replica store = Replica.ofUnits(1);
        int queued = 0;
        while (sizeOfQueue(store) + Operation.MAX_WIRE_CHARS + 20 <= OperationQueue.MAX_WIRE_CHARS) {
            store.requests(0, ofSize(Operation.MAX_WIRE_CHARS - queued++));
        }
        int stamped = "1800000000.000001".length() - "0.0".length();
        int left = OperationQueue.MAX_WIRE_CHARS - sizeOfQueue(store) - ",".length() - stamped;

        assertThat(store.refusal(0, ofSize(left + 1))).isEqualTo(Reason.FULL);
        store.requests(0, ofSize(left));

        assertThat(sizeOfQueue(store)).isEqualTo(OperationQueue.MAX_WIRE_CHARS);
        assertThat(StateCodec.read(StateCodec.write(store.state()))).isEqualTo(store.state());

        for (int attempt = 1; attempt <= 10; attempt++) {
            store.runs(0, OperationResult.RETRY_HOLD);
        }
        assertThat(sizeOfQueue(store)).as("a second digit").isEqualTo(OperationQueue.MAX_WIRE_CHARS + 1);
        assertThat(store.requests(0, ofSize(left)))
                .as("merged all the same")
                .isEqualTo(store.record(0).queue().last().orElseThrow().id());
    }

    @Test
    void all_queues_together_grow_to_the_limit_of_the_store_and_not_one_character_further() {
        Replica store = Replica.ofUnits(20);
        fill(store);
        int left = (int) (PeerState.MAX_CHARS - size(store)) - (int) sizeOf(argument(0));

        assertThat(store.refusal(0, argument(left + 1))).isEqualTo(Reason.FULL);
        assertThat(store.refusalOfOperator(new PeerCommand.RequestFor(
                        Set.of(unit(0), unit(1)),
                        "restart",
                        argument(left / 2 + 1).arguments(),
                        OptionalInt.empty())))
                .as("for both of them or for none")
                .isEqualTo(Reason.FULL);
        store.requests(0, argument(left));

        assertThat(size(store)).isEqualTo(PeerState.MAX_CHARS);
        assertThat(store.refusal(18, request("restart"))).isEqualTo(Reason.FULL);
        assertThat(store.refusal(18, new PeerCommand.WriteUnit(Map.of(), Map.of("a", "1"))))
                .isEqualTo(Reason.FULL);
        assertThat(store.refusalOfOperator(new PeerCommand.WriteOrder(Map.of(), Map.of("a", "1"))))
                .isEqualTo(Reason.FULL);
    }

    @Test
    void a_full_store_goes_on_working_and_loses_nothing() {
        Replica store = Replica.ofUnits(20);
        fill(store);
        int queued = queued(store);
        store.refusal(19, argument(Operation.MAX_WIRE_CHARS - 200));

        int holder = store.grant().unit().orElseThrow().number();
        store.runs(holder, OperationResult.RETRY_HOLD);
        store.runs(holder, OperationResult.RELEASE);
        assertThat(queued(store)).isEqualTo(queued - 1);
        store.by(19, new PeerCommand.KeepAlive(Replica.leaseId(19, 1)));
        store.opensLease(18, 2);
        OperationId last = store.record(1).queue().last().orElseThrow().id();
        assertThat(store.byOperator(new PeerCommand.WithdrawFor(unit(1), last))).isEqualTo(new PeerReply.Done());
        assertThat(store.byOperator(new PeerCommand.Remove(unit(2)))).isEqualTo(new PeerReply.Done());

        store.requests(19, argument(Operation.MAX_WIRE_CHARS - 200));
        assertThat(StateCodec.read(StateCodec.write(store.state()))).isEqualTo(store.state());
    }

    /** As much as there is room for in operations of the greatest size. */
    private static void fill(Replica store) {
        PeerCommand.Request large = argument(Operation.MAX_WIRE_CHARS - 200);
        for (int i = 0; size(store) + sizeOf(large) + 10 <= PeerState.MAX_CHARS; i++) {
            store.requests(i % 12, argument(Operation.MAX_WIRE_CHARS - 200 - i / 12)); // else they would be merged
        }
    }

    private static int queued(Replica store) {
        return store.state().members().values().stream()
                .mapToInt(member -> member.record().orElseThrow().queue().size())
                .sum();
    }

    private static long size(Replica store) {
        return StateSize.chars(store.state().members().values(), store.state().shared());
    }

    private static long sizeOf(PeerCommand.Request request) {
        Replica store = Replica.ofUnits(1);
        store.requests(0, request);
        return size(store);
    }

    private static PeerCommand.Request argument(int chars) {
        return new PeerCommand.Request(
                "restart", Json.object().put("a", "x".repeat(chars)).build(), OptionalInt.empty());
    }

    @Test
    void an_operator_takes_back_what_waits_in_a_queue_and_nothing_that_runs() {
        Replica store = Replica.ofUnits(2);
        OperationId first = store.requests(1, "restart");
        OperationId second = store.requests(1, "reload");
        store.starts(1);

        assertThat(store.refusalOfOperator(new PeerCommand.WithdrawFor(unit(1), first)))
                .as("it runs")
                .isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, new PeerCommand.WithdrawFor(unit(1), second)))
                .as("units ask for themselves alone")
                .isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.byOperator(new PeerCommand.WithdrawFor(unit(1), second)))
                .isEqualTo(new PeerReply.Done());
        assertThat(store.events()).containsExactly(new PeerEvent.Withdrawn(unit(1), second));
        assertThat(store.refusalOfOperator(new PeerCommand.WithdrawFor(unit(1), second)))
                .isEqualTo(Reason.STALE);
        assertThat(store.refusalOfOperator(new PeerCommand.WithdrawFor(unit(7), second)))
                .isEqualTo(Reason.INVALID);

        assertThat(store.queue(1)).containsExactly("restart");
    }

    @Test
    void what_a_unit_cannot_run_is_dropped_once_and_the_next_one_has_its_turn() {
        Replica store = Replica.ofUnits(2);
        OperationId gone = store.requests(0, "gone");
        store.requests(0, "restart");
        store.requests(1, "restart");
        store.starts(0);
        PeerCommand drop = new PeerCommand.Drop(1, gone, "not run");

        assertThat(store.by(0, drop)).isEqualTo(new PeerReply.Done());
        assertThat(store.record(0).answers().outcomes())
                .singleElement()
                .satisfies(outcome -> assertThat(outcome.kind()).isEqualTo(Outcome.Kind.DROPPED));
        assertThat(store.by(0, drop)).as("once more").isEqualTo(new PeerReply.Done());

        assertThat(store.events()).isEmpty();
        assertThat(store.queue(0)).containsExactly("restart");
        assertThat(store.queue(1)).containsExactly("restart");
        store.runs(0, OperationResult.RELEASE);
        store.starts(1);
        assertThat(store.refusal(1, new PeerCommand.Drop(3, gone, "")))
                .as("not the head of its queue")
                .isEqualTo(Reason.STALE);
        store.finishes(1, OperationResult.RELEASE);
    }

    @Test
    void requests_for_several_units_are_queued_in_one_step_and_take_turns_by_name() {
        Replica store = Replica.ofUnits(11);

        PeerReply reply = store.byOperator(requestFor(Set.of(10, 9, 2), "restart"));

        OperationId id = new OperationId("1800000000.0-restart");
        TreeMap<UnitName, OperationId> queued = new TreeMap<>();
        Set.of(2, 9, 10).forEach(number -> queued.put(unit(number), id));
        assertThat(reply).isEqualTo(new PeerReply.Queued(queued));
        assertThat(store.events())
                .containsExactly(
                        new PeerEvent.Requested(unit(2), id),
                        new PeerEvent.Requested(unit(9), id),
                        new PeerEvent.Requested(unit(10), id),
                        new PeerEvent.Granted(unit(2), 1));
        store.runs(2, OperationResult.RELEASE);
        store.runs(9, OperationResult.RELEASE);
        store.runs(10, OperationResult.RELEASE);
        assertThat(store.grant().isOpen()).isFalse();
    }

    @Test
    void a_request_for_several_units_is_queued_for_all_of_them_or_for_none() {
        Replica store = Replica.ofUnits(2);
        assertThat(store.refusalOfOperator(requestFor(Set.of(0, 1, 5), "restart")))
                .isEqualTo(Reason.INVALID);
        assertThat(store.refusalOfOperator(requestFor(Set.of(), "restart"))).isEqualTo(Reason.INVALID);
        assertThat(store.refusalOfOperator(requestFor(Set.of(0), " "))).isEqualTo(Reason.INVALID);

        for (int i = 0; i < OperationQueue.MAX_LENGTH; i++) {
            store.requests(1, numbered(i));
        }
        assertThat(store.refusalOfOperator(requestFor(Set.of(0, 1), "restart"))).isEqualTo(Reason.FULL);
    }

    @Test
    void a_request_for_several_units_is_merged_where_an_equal_one_waits_last() {
        Replica store = Replica.ofUnits(2);
        OperationId waiting = store.requests(1, "restart");
        store.at(START.plusSeconds(5));

        PeerReply reply = store.byOperator(requestFor(Set.of(0, 1), "restart"));

        assertThat(reply)
                .isEqualTo(new PeerReply.Queued(
                        new TreeMap<>(Map.of(unit(0), new OperationId("1800000005.0-restart"), unit(1), waiting))));
    }

    @Test
    void an_operation_that_has_not_begun_can_be_taken_back() {
        Replica store = Replica.ofUnits(1);
        OperationId head = store.requests(0, "a");
        OperationId second = store.requests(0, "b");
        store.requests(0, "c");

        assertThat(store.by(0, new PeerCommand.Withdraw(second))).isEqualTo(new PeerReply.Done());
        assertThat(store.events()).containsExactly(new PeerEvent.Withdrawn(unit(0), second));
        assertThat(store.queue(0)).containsExactly("a", "c");

        assertThat(store.by(0, new PeerCommand.Withdraw(head))).isEqualTo(new PeerReply.Done());
        assertThat(store.queue(0)).containsExactly("c");
        assertThat(store.refusal(0, new PeerCommand.Withdraw(head))).isEqualTo(Reason.STALE);
    }

    @Test
    void an_operation_that_runs_cannot_be_taken_back_and_those_behind_it_can() {
        Replica store = Replica.ofUnits(1);
        OperationId running = store.requests(0, "a");
        OperationId behind = store.requests(0, "b");
        store.starts(0);

        assertThat(store.refusal(0, new PeerCommand.Withdraw(running))).isEqualTo(Reason.STALE);
        assertThat(store.by(0, new PeerCommand.Withdraw(behind))).isEqualTo(new PeerReply.Done());
    }

    @Test
    void a_unit_cannot_take_back_what_another_asked_for() {
        Replica store = Replica.ofUnits(2);
        OperationId id = store.requests(0, "a");
        assertThat(store.refusal(1, new PeerCommand.Withdraw(id))).isEqualTo(Reason.STALE);
    }

    @Test
    void after_the_last_operation_is_taken_back_the_grant_finds_nothing_and_the_unit_asks_for_nothing() {
        Replica store = Replica.ofUnits(1);
        OperationId id = store.requests(0, "a");
        store.by(0, new PeerCommand.Withdraw(id));

        PeerReply started = store.by(0, new PeerCommand.Start(1, false));
        assertThat(started).isEqualTo(new PeerReply.Started(Optional.empty(), true));
        store.by(0, new PeerCommand.NotRun(1, false, false));

        assertThat(store.grant().isOpen()).isFalse();
        assertThat(store.record(0).intent()).isEqualTo(Intent.IDLE);
    }

    @Test
    void taking_back_the_operation_that_was_held_on_to_lets_the_others_go_first() {
        Replica store = Replica.ofUnits(2);
        OperationId held = store.requests(0, "a");
        store.runs(0, OperationResult.RETRY_HOLD);
        store.requests(1, "x");
        store.requests(0, "b");
        store.by(0, new PeerCommand.Withdraw(held));
        store.by(0, new PeerCommand.NotRun(2, false, false));
        assertThat(store.grant().isOpenFor(unit(1), 3)).isTrue();
    }

    @Test
    void stamps_are_to_the_microsecond() {
        Replica store = Replica.ofUnits(1).at(START.plusNanos(1_999));
        store.requests(0, "a");
        assertThat(store.record(0).queue().head().orElseThrow().requestedAt())
                .isEqualTo(START.plus(1, ChronoUnit.MICROS));
        assertThat(store.grant().grantedAt()).hasValue(START.plus(Duration.ofNanos(1_000)));
    }

    private static PeerCommand.Request numbered(int number) {
        return new PeerCommand.Request("restart", Json.object().put("n", number).build(), OptionalInt.empty());
    }

    /** A request whose operation, stamped with the first instant of all, has a wire form of that length. */
    private static PeerCommand.Request ofSize(int chars) {
        int frame = size("");
        return new PeerCommand.Request("restart", filled(chars - frame), OptionalInt.empty());
    }

    private static int size(String filling) {
        return OperationCodec.write(
                        Operation.requested("restart", filled(filling.length()), OptionalInt.empty(), Instant.EPOCH))
                .length();
    }

    private static Json.Obj filled(int chars) {
        return Json.object().put("filling", "x".repeat(chars)).build();
    }

    private static int sizeOfQueue(Replica store) {
        return OperationCodec.write(store.record(0).queue()).length();
    }

    private static PeerCommand.Request nested(int depth) {
        Json.Obj arguments = Json.Obj.EMPTY;
        for (int i = 1; i < depth; i++) {
            arguments = Json.object().put("a", arguments).build();
        }
        return new PeerCommand.Request("restart", arguments, OptionalInt.empty());
    }

    private static PeerCommand.RequestFor requestFor(Set<Integer> units, String callback) {
        return new PeerCommand.RequestFor(
                Set.copyOf(units.stream().map(Replica::unit).toList()), callback, Json.Obj.EMPTY, OptionalInt.empty());
    }
}
