// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.JsonText;
import io.rollingops.peer.PeerReply.Reason;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keys that users keep in the databags beside ours. */
class DatabagWritesTest {

    @Test
    void keys_are_set_changed_and_deleted_in_one_step() {
        Replica store = Replica.ofUnits(1);
        write(store, Map.of("a", "1", "b", "2", "c", "3"));
        write(store, Map.of("a", "9", "b", ""));
        assertThat(other(store)).isEqualTo(Map.of("a", "9", "c", "3"));
    }

    @Test
    void a_write_happens_only_if_the_values_are_those_that_were_expected() {
        Replica store = Replica.ofUnits(1);
        write(store, Map.of("a", "1"));
        PeerCommand wrong = new PeerCommand.WriteUnit(Map.of("a", "2"), Map.of("b", "x"));
        PeerCommand exists = new PeerCommand.WriteUnit(Map.of("a", ""), Map.of("b", "x"));
        PeerCommand missing = new PeerCommand.WriteUnit(Map.of("z", "1"), Map.of("b", "x"));
        PeerCommand right = new PeerCommand.WriteUnit(Map.of("a", "1", "z", ""), Map.of("b", "x"));

        assertThat(store.refusal(0, wrong)).isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, exists)).isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, missing)).isEqualTo(Reason.STALE);
        assertThat(store.by(0, right)).isEqualTo(new PeerReply.Done());

        assertThat(other(store)).isEqualTo(Map.of("a", "1", "b", "x"));
    }

    @Test
    void the_keys_of_others_outlive_every_change_of_the_record() {
        Replica store = Replica.ofUnits(1);
        write(store, Map.of("a", "1"));
        store.requests(0, "restart");
        store.opensLease(0, 2);
        store.by(0, new PeerCommand.SetReady(false));
        assertThat(other(store)).isEqualTo(Map.of("a", "1"));
    }

    @Test
    void a_unit_writes_its_own_databag_and_no_other() {
        Replica store = Replica.ofUnits(2);
        Member untouched = store.member(1);
        write(store, Map.of("a", "1"));
        assertThat(store.member(1)).isEqualTo(untouched);
    }

    @ParameterizedTest
    @MethodSource("unitKeys")
    void nobody_writes_our_keys_of_a_unit_by_hand(String key) {
        PeerCommand write = new PeerCommand.WriteUnit(Map.of(), Map.of(key, "x"));
        assertThat(Replica.ofUnits(1).refusal(0, write)).isEqualTo(Reason.NOT_ALLOWED);
    }

    static Stream<String> unitKeys() {
        return DatabagCodec.UNIT_KEYS.stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("applicationKeys")
    void nobody_writes_our_keys_of_the_application_by_hand(String key) {
        Replica store = Replica.ofUnits(1);
        store.leads(0, 1);
        PeerCommand write = new PeerCommand.WriteApplication(Map.of(), Map.of(key, "x"));
        assertThat(store.refusal(0, write)).isEqualTo(Reason.NOT_ALLOWED);
    }

    static Stream<String> applicationKeys() {
        return DatabagCodec.APPLICATION_KEYS.stream().sorted();
    }

    @Test
    void a_blank_key_is_refused() {
        PeerCommand write = new PeerCommand.WriteUnit(Map.of(), Map.of(" ", "x"));
        assertThat(Replica.ofUnits(1).refusal(0, write)).isEqualTo(Reason.INVALID);
    }

    @Test
    void the_leader_writes_for_the_application() {
        Replica store = Replica.ofUnits(1);
        store.leads(0, 1);
        PeerCommand write = new PeerCommand.WriteApplication(Map.of("a", ""), Map.of("a", "1"));

        assertThat(store.by(0, write)).isEqualTo(new PeerReply.Done());

        assertThat(store.state().shared()).isEqualTo(Map.of("a", "1"));
        assertThat(store.refusal(0, write)).isEqualTo(Reason.STALE);
        PeerCommand delete = new PeerCommand.WriteApplication(Map.of("a", "1"), Map.of("a", ""));
        assertThat(store.by(0, delete)).isEqualTo(new PeerReply.Done());
        assertThat(store.state().shared()).isEmpty();
    }

    @Test
    void a_databag_takes_as_many_keys_as_its_limit_and_not_one_more() {
        Replica store = Replica.ofUnits(1);
        store.leads(0, 1);
        Map<String, String> most = keys(PeerStep.MAX_OTHER_KEYS);
        Map<String, String> tooMany = keys(PeerStep.MAX_OTHER_KEYS + 1);

        assertThat(store.refusal(0, new PeerCommand.WriteUnit(Map.of(), tooMany)))
                .isEqualTo(Reason.FULL);
        assertThat(store.refusal(0, new PeerCommand.WriteApplication(Map.of(), tooMany)))
                .isEqualTo(Reason.FULL);
        write(store, most);
        assertThat(store.by(0, new PeerCommand.WriteApplication(Map.of(), most)))
                .isEqualTo(new PeerReply.Done());
        assertThat(store.refusal(0, new PeerCommand.WriteUnit(Map.of(), Map.of("one more", "x"))))
                .isEqualTo(Reason.FULL);
    }

    @Test
    void the_keys_of_a_full_databag_can_be_changed_deleted_and_replaced() {
        Replica store = Replica.ofUnits(1);
        Map<String, String> most = keys(PeerStep.MAX_OTHER_KEYS);
        write(store, most);

        write(store, Map.of("key 1", "changed"));
        write(store, Map.of("key 2", "", "new", "x"));
        write(store, Map.of("key 3", ""));

        assertThat(other(store)).hasSize(PeerStep.MAX_OTHER_KEYS - 1).containsEntry("key 1", "changed");
    }

    @Test
    void name_and_value_together_have_at_most_their_limit_of_characters() {
        Replica store = Replica.ofUnits(1);
        String longest = "x".repeat(PeerStep.MAX_VALUE_CHARS - 3);
        PeerCommand tooLong = new PeerCommand.WriteUnit(Map.of(), Map.of("key", longest + "x"));

        assertThat(store.refusal(0, tooLong)).isEqualTo(Reason.INVALID);
        write(store, Map.of("key", longest));

        assertThat(other(store)).containsEntry("key", longest);
    }

    /** The iteration order of the commands' maps differs from one Java process to the next, the answer must not. */
    @Test
    void of_several_mistakes_the_first_by_name_is_reported() {
        Replica store = Replica.ofUnits(1);
        NavigableMap<String, String> changes = new TreeMap<>();
        Map<String, String> expected = new TreeMap<>();
        for (int i = 1; i <= 60; i++) {
            String key = Integer.toHexString(i * 0x9E3779B1);
            changes.put(key, "x".repeat(PeerStep.MAX_VALUE_CHARS));
            expected.put(key, "x");
        }
        String first = "'" + changes.firstKey() + "'";

        assertThat(store.by(0, new PeerCommand.WriteUnit(Map.of(), changes)))
                .isInstanceOfSatisfying(
                        PeerReply.Refused.class,
                        refused -> assertThat(refused.message()).contains(first));
        assertThat(store.by(0, new PeerCommand.WriteUnit(expected, Map.of())))
                .isInstanceOfSatisfying(
                        PeerReply.Refused.class,
                        refused -> assertThat(refused.message()).contains(first));
    }

    /** As a store with a higher limit may have left it. */
    @Test
    void a_databag_with_more_keys_than_the_limit_can_shrink_and_change_and_not_grow() {
        Replica store = Replica.ofUnits(1);
        write(store, keys(PeerStep.MAX_OTHER_KEYS));
        store.restore(JsonText.write(StateCodec.write(store.state()))
                .replaceFirst("\"key 1\":\"x\"", "\"key 1\":\"x\",\"one\":\"x\",\"two\":\"x\""));
        assertThat(other(store)).hasSize(PeerStep.MAX_OTHER_KEYS + 2);

        write(store, Map.of("one", "changed"));
        write(store, Map.of("two", ""));
        assertThat(store.refusal(0, new PeerCommand.WriteUnit(Map.of(), Map.of("three", "x"))))
                .isEqualTo(Reason.FULL);
    }

    private static Map<String, String> keys(int count) {
        Map<String, String> keys = new HashMap<>();
        for (int i = 0; i < count; i++) {
            keys.put("key " + i, "x");
        }
        return keys;
    }

    private static void write(Replica store, Map<String, String> changes) {
        assertThat(store.by(0, new PeerCommand.WriteUnit(Map.of(), changes))).isEqualTo(new PeerReply.Done());
    }

    private static Map<String, String> other(Replica store) {
        return ((UnitBag.Understood) store.member(0).bag()).other();
    }
}
