// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.rollingops.Operation;
import io.rollingops.OperationQueue;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.json.Json;
import io.rollingops.schedule.Intent;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every transition of one unit's record, as the original's table of them has it, and where ours differ. */
class UnitRecordTest {
    private static final Instant LATER = START.plusSeconds(60);

    @Test
    void a_request_on_an_empty_queue_asks_for_the_lock() {
        UnitRecord record = asked("a");
        assertThat(record.intent()).isEqualTo(Intent.REQUEST);
        assertThat(callbacks(record)).containsExactly("a");
        assertThat(record.answers()).isEqualTo(Answers.NONE);
    }

    @ParameterizedTest
    @EnumSource(
            value = Intent.class,
            names = {"REQUEST", "RETRY_RELEASE", "RETRY_HOLD"})
    void a_request_behind_others_changes_neither_the_intent_nor_the_last_answer(Intent intent) {
        UnitRecord waiting = asked("a");
        UnitRecord record = intent == Intent.REQUEST ? waiting : answered(waiting, retry(intent));
        Answers answers = record.answers();

        UnitRecord next = record.requested(operation("b", OptionalInt.empty()), false);

        assertThat(next.intent()).isEqualTo(intent);
        assertThat(callbacks(next)).containsExactly("a", "b");
        assertThat(next.answers()).isEqualTo(answers);
    }

    /** As a databag of another origin may have it; the original asks anew whenever the queue was empty. */
    @ParameterizedTest
    @EnumSource(Intent.class)
    void a_request_on_an_empty_queue_asks_for_the_lock_whatever_the_intent_was(Intent intent) {
        UnitRecord odd = new UnitRecord(
                new Work(intent, OperationQueue.EMPTY, Instant.EPOCH, 0), Answers.NONE, UnitRecord.NEW.standing());
        assertThat(odd.requested(operation("a", OptionalInt.empty()), false).intent())
                .isEqualTo(Intent.REQUEST);
    }

    /** As an etcd-managed databag or one without {@code state} has it: the request must not be forgotten. */
    @Test
    void a_request_of_an_idle_unit_with_a_queue_asks_for_the_lock() {
        UnitRecord odd = new UnitRecord(
                new Work(Intent.IDLE, asked("a").queue(), START, 0), Answers.NONE, UnitRecord.NEW.standing());
        assertThat(odd.requested(operation("b", OptionalInt.empty()), false).intent())
                .isEqualTo(Intent.REQUEST);
    }

    @Test
    void an_equal_request_is_merged_and_changes_nothing() {
        UnitRecord record = asked("a", "b");
        assertThat(record.requested(operation("b", OptionalInt.of(7)), false)).isSameAs(record);
        assertThat(callbacks(record.requested(operation("a", OptionalInt.empty()), false)))
                .containsExactly("a", "b", "a");
    }

    @Test
    void what_has_begun_takes_nothing_in_and_what_waits_behind_it_does() {
        UnitRecord one = asked("a");
        assertThat(callbacks(one.requested(operation("a", OptionalInt.empty()), true)))
                .containsExactly("a", "a");
        UnitRecord two = asked("a", "b");
        assertThat(two.requested(operation("b", OptionalInt.empty()), true)).isSameAs(two);
    }

    @Test
    void stamps_grow_from_one_request_to_the_next_also_across_an_empty_queue() {
        UnitRecord empty = answered(asked("a"), OperationResult.RELEASE);
        UnitRecord next = empty.requested(
                Operation.requested("b", Json.Obj.EMPTY, OptionalInt.empty(), START.minusSeconds(9)), false);
        assertThat(next.queue().head().orElseThrow().requestedAt()).isEqualTo(START.plusNanos(1_000));
        assertThat(next.work().lastRequestedAt()).isEqualTo(START.plusNanos(1_000));
    }

    @Test
    void a_success_removes_the_head_and_leaves_the_unit_idle() {
        UnitRecord record = answered(asked("a"), OperationResult.RELEASE);
        assertThat(record.intent()).isEqualTo(Intent.IDLE);
        assertThat(record.queue()).isEqualTo(OperationQueue.EMPTY);
        assertThat(record.doneEpoch()).isEqualTo(5);
        assertThat(record.answers().executedAt()).hasValue(LATER);
    }

    @Test
    void a_success_with_more_to_do_asks_again() {
        UnitRecord record = answered(asked("a", "b"), OperationResult.RELEASE);
        assertThat(record.intent()).isEqualTo(Intent.REQUEST);
        assertThat(callbacks(record)).containsExactly("b");
    }

    @ParameterizedTest
    @CsvSource({"RETRY_RELEASE,RETRY_RELEASE", "RETRY_HOLD,RETRY_HOLD"})
    void a_retry_keeps_the_head_counts_the_attempt_and_says_how(OperationResult result, Intent intent) {
        UnitRecord before = asked("a", "b");
        UnitRecord record = answered(before, result);

        Operation head = record.queue().head().orElseThrow();
        assertThat(record.intent()).isEqualTo(intent);
        assertThat(callbacks(record)).containsExactly("a", "b");
        assertThat(head.attempt()).isEqualTo(1);
        assertThat(head.result()).isEmpty();
        assertThat(head.id()).isEqualTo(before.queue().head().orElseThrow().id());
        assertThat(record.answers().executedAt()).hasValue(LATER);
    }

    @ParameterizedTest
    @EnumSource(
            value = OperationResult.class,
            names = {"RETRY_RELEASE", "RETRY_HOLD"})
    void the_last_allowed_retry_drops_the_operation(OperationResult result) {
        UnitRecord record = UnitRecord.NEW.requested(operation("a", OptionalInt.of(1)), false);
        UnitRecord retried = answered(record, result);
        assertThat(callbacks(retried)).containsExactly("a");

        UnitRecord dropped = answered(retried, result);

        assertThat(dropped.queue()).isEqualTo(OperationQueue.EMPTY);
        assertThat(dropped.intent()).isEqualTo(Intent.IDLE);
        assertThat(dropped.answers().outcomes())
                .extracting(Outcome::attempt, outcome -> outcome.kind().isFinal())
                .containsExactly(tuple(1, false), tuple(2, true));
    }

    @Test
    void without_a_limit_an_operation_is_tried_again_for_ever() {
        UnitRecord record = asked("a");
        for (int i = 0; i < 100; i++) {
            record = answered(record, OperationResult.RETRY_RELEASE);
        }
        assertThat(record.queue().head().orElseThrow().attempt()).isEqualTo(100);
    }

    @Test
    void a_dropped_operation_gives_the_next_one_a_fresh_start() {
        UnitRecord record = UnitRecord.NEW
                .requested(operation("a", OptionalInt.of(0)), false)
                .requested(operation("b", OptionalInt.of(0)), false)
                .leaseEnded(true);
        UnitRecord next = answered(record, OperationResult.RETRY_HOLD);
        assertThat(next.intent()).isEqualTo(Intent.REQUEST);
        assertThat(next.work().interrupted()).isZero();
        assertThat(next.queue().head().orElseThrow().attempt()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "RELEASE,'',released,true",
        "RELEASE,0,released,true",
        "RETRY_RELEASE,'',retry-release,false",
        "RETRY_RELEASE,0,dropped,true",
        "RETRY_HOLD,1,retry-hold,false",
        "RETRY_HOLD,0,dropped,true"
    })
    void the_outcome_says_what_became_of_the_operation(
            OperationResult result, String maxRetry, String outcome, boolean isFinal) {
        OptionalInt limit = maxRetry.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(maxRetry));
        UnitRecord record = answered(UnitRecord.NEW.requested(operation("a", limit), false), result);
        assertThat(record.answers().outcomes()).singleElement().satisfies(told -> {
            assertThat(told.kind().wire()).isEqualTo(outcome);
            assertThat(told.kind().isFinal()).isEqualTo(isFinal);
            assertThat(Outcome.Kind.ofWire(outcome)).hasValue(told.kind());
        });
    }

    @ParameterizedTest
    @CsvSource({"false,REQUEST", "true,RETRY_RELEASE"})
    void a_grant_given_back_is_answered_and_counts_no_attempt(boolean giveWay, Intent intent) {
        UnitRecord before = asked("a");
        UnitRecord record = before.notRun(5, giveWay, LATER);
        assertThat(record.intent()).isEqualTo(intent);
        assertThat(record.queue()).isEqualTo(before.queue());
        assertThat(record.doneEpoch()).isEqualTo(5);
        assertThat(record.answers().outcomes()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void a_grant_given_back_with_nothing_to_do_leaves_the_unit_idle(boolean giveWay) {
        assertThat(UnitRecord.NEW.notRun(5, giveWay, LATER).intent()).isEqualTo(Intent.IDLE);
    }

    @ParameterizedTest
    @CsvSource({"IDLE,IDLE", "REQUEST,REQUEST", "RETRY_RELEASE,RETRY_RELEASE", "RETRY_HOLD,RETRY_RELEASE"})
    void a_lease_that_ends_ends_the_hold_and_nothing_else(Intent before, Intent after) {
        UnitRecord record = intending(before);
        assertThat(record.leaseEnded(false).intent()).isEqualTo(after);
        assertThat(record.leaseEnded(false).queue()).isEqualTo(record.queue());
        assertThat(record.leaseEnded(false).work().interrupted()).isZero();
        assertThat(record.leaseEnded(true).answers()).isEqualTo(record.answers());
    }

    @Test
    void an_interruption_is_counted_if_there_was_something_to_interrupt() {
        assertThat(asked("a").leaseEnded(true).leaseEnded(true).work().interrupted())
                .isEqualTo(2);
        assertThat(UnitRecord.NEW.leaseEnded(true).work().interrupted()).isZero();
    }

    @Test
    void taking_the_head_back_is_a_fresh_start_and_taking_another_back_is_none() {
        UnitRecord holding =
                answered(asked("a", "b", "c"), OperationResult.RETRY_HOLD).leaseEnded(true);
        assertThat(callbacks(holding.withdrawn(1))).containsExactly("a", "c");
        assertThat(holding.withdrawn(1).intent()).isEqualTo(holding.intent());
        assertThat(holding.withdrawn(1).work().interrupted()).isEqualTo(1);

        assertThat(callbacks(holding.withdrawn(0))).containsExactly("b", "c");
        assertThat(holding.withdrawn(0).intent()).isEqualTo(Intent.REQUEST);
        assertThat(holding.withdrawn(0).work().interrupted()).isZero();
        assertThat(asked("a").withdrawn(0).intent()).isEqualTo(Intent.IDLE);
    }

    @ParameterizedTest
    @CsvSource({"IDLE,IDLE", "REQUEST,REQUEST", "RETRY_RELEASE,RETRY_RELEASE", "RETRY_HOLD,RETRY_RELEASE"})
    void a_unit_that_wants_no_grants_does_not_hold_on(Intent before, Intent after) {
        UnitRecord record = intending(before);
        assertThat(record.ready(false).intent()).isEqualTo(after);
        assertThat(record.ready(false).queue()).isEqualTo(record.queue());
        assertThat(record.ready(true)).isEqualTo(record);
    }

    @Test
    void readiness_and_backend_are_changed_on_their_own() {
        UnitRecord record = asked("a").processedBy(ProcessingBackend.ETCD, true).ready(false);
        assertThat(record.standing()).isEqualTo(new Standing(false, Standing.PROTOCOL, ProcessingBackend.ETCD, true));
        assertThat(record.ready(true).standing())
                .isEqualTo(new Standing(true, Standing.PROTOCOL, ProcessingBackend.ETCD, true));
        assertThat(record.processedBy(ProcessingBackend.PEER, false).standing())
                .isEqualTo(new Standing(false, Standing.PROTOCOL, ProcessingBackend.PEER, false));
        assertThat(record.work()).isEqualTo(asked("a").work());
    }

    @Test
    void as_many_outcomes_are_remembered_as_the_limit_and_the_oldest_goes_first() {
        UnitRecord record = asked("a");
        for (int epoch = 1; epoch <= Answers.MAX_OUTCOMES; epoch++) {
            record = record.answered(epoch, OperationResult.RETRY_HOLD, "", LATER);
        }
        assertThat(record.answers().outcomes()).hasSize(Answers.MAX_OUTCOMES);
        assertThat(record.answers().outcomes().get(0).epoch()).isEqualTo(1);

        record = record.answered(99, OperationResult.RETRY_HOLD, "", LATER);
        assertThat(record.answers().outcomes()).hasSize(Answers.MAX_OUTCOMES);
        assertThat(record.answers().outcomes().get(0).epoch()).isEqualTo(2);
        assertThat(record.answers().outcomes().get(Answers.MAX_OUTCOMES - 1).epoch())
                .isEqualTo(99);
    }

    @Test
    void a_note_is_kept_up_to_its_limit_and_cut_beyond() {
        String longest = "x".repeat(Outcome.MAX_NOTE_CHARS);
        assertThat(note(longest)).isEqualTo(longest);
        assertThat(note(longest + "x")).hasSize(Outcome.MAX_NOTE_CHARS).endsWith("x…");
    }

    /** Half of a character has no wire form: the state would not be what its snapshot says. */
    @Test
    void a_note_is_never_cut_in_the_middle_of_a_character() {
        String note = "x".repeat(Outcome.MAX_NOTE_CHARS - 2) + "\uD83D\uDE00\uD83D\uDE00";
        assertThat(note(note)).isEqualTo("x".repeat(Outcome.MAX_NOTE_CHARS - 2) + "…");
        String before = "x".repeat(Outcome.MAX_NOTE_CHARS - 3) + "\uD83D\uDE00\uD83D\uDE00";
        assertThat(note(before)).isEqualTo("x".repeat(Outcome.MAX_NOTE_CHARS - 3) + "\uD83D\uDE00…");
    }

    private static String note(String note) {
        UnitRecord record = asked("a").answered(1, OperationResult.RELEASE, note, LATER);
        return record.answers().outcomes().get(0).note();
    }

    private static UnitRecord asked(String... callbacks) {
        UnitRecord record = UnitRecord.NEW;
        for (String callback : callbacks) {
            record = record.requested(operation(callback, OptionalInt.empty()), false);
        }
        return record;
    }

    private static UnitRecord intending(Intent intent) {
        return switch (intent) {
            case IDLE -> UnitRecord.NEW;
            case REQUEST -> asked("a");
            case RETRY_RELEASE, RETRY_HOLD -> answered(asked("a"), retry(intent));
        };
    }

    private static OperationResult retry(Intent intent) {
        return intent == Intent.RETRY_HOLD ? OperationResult.RETRY_HOLD : OperationResult.RETRY_RELEASE;
    }

    private static UnitRecord answered(UnitRecord record, OperationResult result) {
        return record.answered(5, result, "", LATER);
    }

    private static List<String> callbacks(UnitRecord record) {
        return record.queue().operations().stream().map(Operation::callbackId).toList();
    }

    private static Operation operation(String callback, OptionalInt maxRetry) {
        return Operation.requested(callback, Json.Obj.EMPTY, maxRetry, START);
    }
}
