// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.EpochSeconds;
import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationQueue;
import io.rollingops.ProcessingBackend;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.schedule.Intent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Databags as the original writes, reads and rewrites them, and our own keys beside. The golden files come from the
 * original library; {@code src/test/python/make_golden_databags.py} made them.
 *
 * <p>We differ from the original on purpose in two ways: what version 0 left behind is understood (C9), and a flag that
 * is neither {@code true} nor {@code false} is damage and not a silent no.
 */
class DatabagCodecTest {
    private static final Set<String> KEYS_OF_THE_ORIGINAL =
            Set.of("state", "operations", "executed_at", "processing_backend", "etcd_cleanup_needed");
    private static final Set<String> STRICTER_HERE = Set.of("etcd_cleanup_needed True", "etcd_cleanup_needed 1");

    @ParameterizedTest(name = "{0}")
    @MethodSource("bagsThatTheOriginalReads")
    void a_databag_is_understood_as_the_original_understands_it(String name, Map<String, String> bag, Json.Obj line) {
        Json.Obj original = line.object("read");

        UnitRecord record = understood(bag).record();

        assertThat(record.intent().wire()).isEqualTo(original.string("intent"));
        assertThat(queue(record.queue())).isEqualTo(original.array("queue"));
        assertThat(micros(record.answers().executedAt())).isEqualTo(original.get("executed_at"));
        assertThat(record.backend().wire()).isEqualTo(original.string("backend"));
        assertThat(record.standing().etcdCleanupNeeded()).isEqualTo(original.bool("cleanup"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bagsThatTheOriginalReads")
    void the_keys_of_the_original_are_written_as_it_would_and_foreign_ones_kept(
            String name, Map<String, String> bag, Json.Obj line) {
        UnitBag.Understood read = understood(bag);

        Map<String, String> rewritten = new TreeMap<>(read.other());
        DatabagCodec.write(read.record()).forEach((key, value) -> {
            if (KEYS_OF_THE_ORIGINAL.contains(key) && !value.isEmpty()) {
                rewritten.put(key, value);
            }
        });

        assertThat(rewritten).isEqualTo(texts(line.object("rewritten")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bagsThatTheOriginalFailsToRead")
    void what_the_original_fails_to_read_is_reported_by_its_key_and_kept(
            String name, Map<String, String> bag, Json.Obj line) {
        String key = line.object("fails").members().keySet().iterator().next();
        UnitBag read = DatabagCodec.read(bag);
        assertThat(read).isInstanceOfSatisfying(UnitBag.Damaged.class, damaged -> {
            assertThat(damaged.reason()).startsWith("key '" + key + "'");
            assertThat(damaged.raw()).isEqualTo(bag);
        });
    }

    @Test
    void the_golden_file_shows_every_kind_of_bag() {
        assertThat(lines("units.jsonl")).hasSize(86);
        assertThat(bagsThatTheOriginalReads()).hasSize(62);
        assertThat(bagsThatTheOriginalFailsToRead()).hasSize(19);
    }

    /** C9: the original's leader fails at its first pass after an upgrade from version 0. */
    @Test
    void what_version_0_left_behind_asks_for_nothing_unless_something_is_queued() {
        List<Json.Obj> old = lines("units.jsonl").stream()
                .filter(line -> line.string("name").startsWith("version 0"))
                .toList();
        assertThat(old).hasSize(3).allSatisfy(line -> {
            assertThat(line.object("fails").string("state")).isEqualTo("ValueError");
            UnitBag.Understood read = understood(texts(line.object("bag")));
            assertThat(read.record().intent())
                    .isEqualTo(read.record().queue().isEmpty() ? Intent.IDLE : Intent.REQUEST);
        });
        assertThat(understood(Map.of("state", "release", "callback_override", "_restart"))
                        .other())
                .isEqualTo(Map.of("callback_override", "_restart"));
    }

    @Test
    void a_flag_that_is_neither_true_nor_false_is_damage() {
        for (Json.Obj line : lines("units.jsonl")) {
            if (STRICTER_HERE.contains(line.string("name"))) {
                assertThat(DatabagCodec.read(texts(line.object("bag"))))
                        .isInstanceOfSatisfying(
                                UnitBag.Damaged.class,
                                damaged -> assertThat(damaged.reason())
                                        .startsWith("key 'etcd_cleanup_needed' has the unknown value"));
            }
        }
    }

    @Test
    void an_empty_databag_is_that_of_a_unit_which_follows_another_protocol() {
        UnitRecord record = understood(Map.of()).record();
        assertThat(record.work()).isEqualTo(Work.NONE);
        assertThat(record.answers()).isEqualTo(Answers.NONE);
        assertThat(record.standing()).isEqualTo(new Standing(true, 0, ProcessingBackend.PEER, false));
    }

    @Test
    void a_new_unit_writes_what_it_is_and_leaves_out_what_goes_without_saying() {
        Map<String, String> written = new TreeMap<>(DatabagCodec.write(UnitRecord.NEW));
        assertThat(written.keySet()).isEqualTo(DatabagCodec.UNIT_KEYS);
        written.values().removeIf(String::isEmpty);
        assertThat(written)
                .isEqualTo(Map.of(
                        "state",
                        "idle",
                        "operations",
                        "[]",
                        "protocol",
                        "2",
                        "processing_backend",
                        "peer",
                        "etcd_cleanup_needed",
                        "false"));
        assertThat(understood(written).record()).isEqualTo(UnitRecord.NEW);
    }

    @Test
    void every_key_of_ours_is_written_and_read_back() {
        UnitRecord record = new UnitRecord(
                new Work(
                        Intent.RETRY_HOLD,
                        OperationQueue.EMPTY.add(
                                Operation.requested("restart", Json.Obj.EMPTY, OptionalInt.empty(), START)),
                        START.plusSeconds(1),
                        3),
                new Answers(
                        8,
                        Optional.of(START.plusSeconds(2)),
                        List.of(new Outcome(
                                new OperationId("1.0-x"),
                                Outcome.Kind.DROPPED,
                                8,
                                4,
                                START.plusSeconds(3),
                                "exit \"1\""))),
                new Standing(false, 2, ProcessingBackend.ETCD, true));
        Map<String, String> written = DatabagCodec.write(record);

        assertThat(written)
                .isEqualTo(Map.ofEntries(
                        Map.entry("state", "retry-hold"),
                        Map.entry(
                                "operations",
                                "[{\"callback_id\":\"restart\",\"requested_at\":\"1800000000.0\",\"max_retry\":null,"
                                        + "\"attempt\":0,\"result\":null,\"kwargs\":{}}]"),
                        Map.entry("last_requested_at", "1800000001.0"),
                        Map.entry("interrupted", "3"),
                        Map.entry("done_epoch", "8"),
                        Map.entry("executed_at", "1800000002.0"),
                        Map.entry(
                                "outcomes",
                                "[{\"op_id\":\"1.0-x\",\"outcome\":\"dropped\",\"epoch\":8,\"attempt\":4,"
                                        + "\"at\":\"1800000003.0\",\"note\":\"exit \\\"1\\\"\"}]"),
                        Map.entry("ready", "false"),
                        Map.entry("protocol", "2"),
                        Map.entry("processing_backend", "etcd"),
                        Map.entry("etcd_cleanup_needed", "true")));
        assertThat(understood(written).record()).isEqualTo(record);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "done_epoch|-1",
                "done_epoch|many",
                "done_epoch|1.0",
                "done_epoch|9223372036854775808",
                "interrupted|-1",
                "interrupted|2147483648",
                "protocol|two",
                "protocol|2147483648",
                "ready|no",
                "ready|TRUE",
                "outcomes|{}",
                "outcomes|[",
                "outcomes|[1]",
                "outcomes|[{}]",
                "outcomes|[{\"op_id\":\" \",\"outcome\":\"released\",\"epoch\":1,\"attempt\":1,\"at\":\"1.0\",\"note\":\"\"}]",
                "outcomes|[{\"op_id\":\"x\",\"outcome\":\"won\",\"epoch\":1,\"attempt\":1,\"at\":\"1.0\",\"note\":\"\"}]",
                "outcomes|[{\"op_id\":\"x\",\"outcome\":\"released\",\"epoch\":\"1\",\"attempt\":1,\"at\":\"1.0\",\"note\":\"\"}]",
                "outcomes|[{\"op_id\":\"x\",\"outcome\":\"released\",\"epoch\":1,\"attempt\":2147483648,\"at\":\"1.0\",\"note\":\"\"}]",
                "outcomes|[{\"op_id\":\"x\",\"outcome\":\"released\",\"epoch\":1,\"attempt\":1,\"at\":\"1.0\"}]"
            })
    void damage_to_a_key_of_ours_is_reported_by_its_name(String key, String value) {
        Map<String, String> bag = new HashMap<>(DatabagCodec.write(UnitRecord.NEW));
        bag.put(key, value);
        bag.put("charm", "x");
        assertThat(DatabagCodec.read(bag)).isInstanceOfSatisfying(UnitBag.Damaged.class, damaged -> {
            assertThat(damaged.reason()).startsWith("key '" + key + "'");
            assertThat(damaged.raw()).isEqualTo(bag);
        });
    }

    @Test
    void a_zero_may_be_written_or_left_out() {
        Map<String, String> zeros = Map.of("done_epoch", "0", "interrupted", "0", "protocol", "0");
        assertThat(understood(zeros)).isEqualTo(understood(Map.of()));
    }

    /** For people only, so not worth a unit's turn. */
    @ParameterizedTest
    @CsvSource({"executed_at", "last_requested_at"})
    void a_time_that_cannot_be_read_is_no_time_and_no_damage(String key) {
        assertThat(understood(Map.of(key, "yesterday")).record())
                .isEqualTo(understood(Map.of()).record());
    }

    @Test
    void the_last_stamp_of_a_queue_stands_in_for_the_key_that_the_original_does_not_have() {
        UnitRecord record = understood(Map.of(
                        "operations",
                        "[{\"callback_id\":\"a\",\"requested_at\":\"1800000009.0\"},"
                                + "{\"callback_id\":\"b\",\"requested_at\":\"1800000005.0\"}]"))
                .record();
        assertThat(record.work().lastRequestedAt()).isEqualTo(START.plusSeconds(9));
        UnitRecord behind = understood(Map.of(
                        "last_requested_at",
                        "1800000007.0",
                        "operations",
                        "[{\"callback_id\":\"b\",\"requested_at\":\"1800000005.0\"}]"))
                .record();
        assertThat(behind.work().lastRequestedAt()).isEqualTo(START.plusSeconds(7));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("applicationBags")
    void the_grant_of_the_original_is_read_and_written_as_it_would(
            String name, Map<String, String> bag, Json.Obj line) {
        Grant grant = DatabagCodec.readGrant(bag);

        assertThat(grant.unit().map(Object::toString).orElse(""))
                .isEqualTo(line.object("read").string("unit"));
        assertThat(micros(grant.grantedAt())).isEqualTo(line.object("read").get("at"));
        assertThat(grant.epoch()).isZero();
        Map<String, String> rewritten = new TreeMap<>(bag);
        rewritten.putAll(DatabagCodec.write(grant));
        rewritten.values().removeIf(String::isEmpty);
        assertThat(rewritten).isEqualTo(texts(line.object("rewritten")));
    }

    @Test
    void every_grant_is_written_and_read_back() {
        for (Grant grant : List.of(
                Grant.NONE,
                new Grant(Optional.of(unit(3)), 7, Grant.Phase.GRANTED, false, Optional.of(START)),
                new Grant(Optional.of(unit(3)), 7, Grant.Phase.RUNNING, true, Optional.of(START)),
                new Grant(Optional.of(unit(3)), 7, Grant.Phase.RUNNING, false, Optional.empty()),
                new Grant(Optional.of(unit(3)), 7, Grant.Phase.FREE, false, Optional.of(START)),
                new Grant(Optional.empty(), Long.MAX_VALUE, Grant.Phase.FREE, false, Optional.empty()))) {
            Map<String, String> written = DatabagCodec.write(grant);
            assertThat(written.keySet())
                    .as("grant_holder is for leaders that write databags")
                    .containsExactlyInAnyOrder("granted_unit", "granted_at", "grant_epoch", "grant_phase", "grant_hold")
                    .isSubsetOf(DatabagCodec.APPLICATION_KEYS);
            assertThat(DatabagCodec.readGrant(written)).isEqualTo(grant);
        }
        assertThat(DatabagCodec.write(
                        new Grant(Optional.of(unit(3)), 7, Grant.Phase.RUNNING, true, Optional.of(START))))
                .isEqualTo(Map.of(
                        "granted_unit",
                        "app/3",
                        "granted_at",
                        "1800000000.0",
                        "grant_epoch",
                        "7",
                        "grant_phase",
                        "running",
                        "grant_hold",
                        "true"));
    }

    @ParameterizedTest
    @CsvSource({
        "granted_unit,charm",
        "granted_unit,charm/01",
        "grant_epoch,-1",
        "grant_epoch,x",
        "grant_phase,granted",
        "grant_phase,free",
        "grant_hold,yes",
        "grant_hold,true"
    })
    void damage_to_the_grant_is_an_error_that_names_the_key(String key, String value) {
        String named = key.equals("grant_hold") && value.equals("true") ? "grant_phase" : key;
        assertThatThrownBy(() -> DatabagCodec.readGrant(Map.of(key, value)))
                .isInstanceOf(JsonException.class)
                .hasMessageStartingWith("key '" + named + "'");
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatever_stands_in_a_databag_reading_it_never_fails(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Map<String, String>> bags = lines("units.jsonl").stream()
                .map(line -> texts(line.object("bag")))
                .toList();
        for (int i = 0; i < 40; i++) {
            Map<String, String> bag = new TreeMap<>(DatabagCodec.write(UnitRecord.NEW));
            bag.putAll(bags.get(random.nextInt(bags.size())));
            bag.put(
                    "outcomes",
                    "[{\"op_id\":\"1.0-x\",\"outcome\":\"dropped\",\"epoch\":8,\"attempt\":4,"
                            + "\"at\":\"1800000003.0\",\"note\":\"\"}]");
            List<String> keys = new ArrayList<>(bag.keySet());
            for (int j = random.nextInt(4); j >= 0; j--) {
                bag.compute(
                        keys.get(random.nextInt(keys.size())),
                        (key, value) -> scribbled(value == null ? "" : value, random));
            }

            UnitBag read = DatabagCodec.read(bag);

            if (read instanceof UnitBag.Damaged damaged) {
                assertThat(damaged.reason()).startsWith("key '");
                assertThat(damaged.raw()).isEqualTo(bag);
            } else if (read instanceof UnitBag.Understood understood) {
                Map<String, String> written = DatabagCodec.write(understood.record());
                assertThat(understood(written).record()).isEqualTo(understood.record());
            }
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static String scribbled(String text, SplittableRandom random) {
        String marks = "[]{}\",:.-+0123456789eEtrufalsn\\ \u2028\uD83D\uDE00";
        StringBuilder scribbled = new StringBuilder(text);
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(scribbled.length() + 1);
            char mark = marks.charAt(random.nextInt(marks.length()));
            switch (random.nextInt(3)) {
                case 0 -> scribbled.insert(at, mark);
                case 1 -> scribbled.delete(at, Math.min(scribbled.length(), at + 1 + random.nextInt(5)));
                default -> {
                    if (at < scribbled.length()) {
                        scribbled.setCharAt(at, mark);
                    }
                }
            }
        }
        return scribbled.toString();
    }

    static Stream<Arguments> bagsThatTheOriginalReads() {
        return units().filter(line ->
                        line.object("fails").members().isEmpty() && !STRICTER_HERE.contains(line.string("name")))
                .map(DatabagCodecTest::arguments);
    }

    static Stream<Arguments> bagsThatTheOriginalFailsToRead() {
        return units().filter(line -> !line.object("fails").members().isEmpty()
                        && !line.string("name").startsWith("version 0"))
                .map(DatabagCodecTest::arguments);
    }

    static Stream<Arguments> applicationBags() {
        return lines("applications.jsonl").stream().map(DatabagCodecTest::arguments);
    }

    private static Stream<Json.Obj> units() {
        return lines("units.jsonl").stream();
    }

    private static Arguments arguments(Json.Obj line) {
        return Arguments.of(line.string("name"), texts(line.object("bag")), line);
    }

    private static List<Json.Obj> lines(String name) {
        return Golden.lines("databags/" + name).stream()
                .map(JsonText::parseObject)
                .toList();
    }

    private static UnitBag.Understood understood(Map<String, String> bag) {
        UnitBag read = DatabagCodec.read(bag);
        assertThat(read).isInstanceOf(UnitBag.Understood.class);
        return (UnitBag.Understood) read;
    }

    private static Map<String, String> texts(Json.Obj bag) {
        Map<String, String> texts = new TreeMap<>();
        bag.members().keySet().forEach(key -> texts.put(key, bag.string(key)));
        return texts;
    }

    private static List<Json> queue(OperationQueue queue) {
        List<Json> items = new ArrayList<>();
        for (Operation operation : queue.operations()) {
            items.add(new Json.Arr(List.of(
                    Json.of(operation.id().value()),
                    Json.of(operation.attempt()),
                    operation.maxRetry().isPresent()
                            ? Json.of(operation.maxRetry().getAsInt())
                            : Json.Null.INSTANCE)));
        }
        return items;
    }

    private static Json micros(Optional<Instant> at) {
        return at.map(EpochSeconds::micros).<Json>map(Json::of).orElse(Json.Null.INSTANCE);
    }
}
