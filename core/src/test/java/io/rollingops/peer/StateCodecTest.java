// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.TTL;
import static io.rollingops.peer.Replica.request;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The form of the replicated store's snapshots; the golden files, indented for people, say what it is. */
class StateCodecTest {

    @Test
    void an_empty_application_has_the_form_of_the_golden_file() {
        assertGolden("state-empty.json", PeerState.empty("app"));
    }

    @Test
    void a_busy_application_has_the_form_of_the_golden_file() {
        assertGolden("state-busy.json", busy());
    }

    private static void assertGolden(String name, PeerState state) {
        Json.Obj golden = JsonText.parseObject(Golden.text(name));
        assertThat(JsonText.write(StateCodec.write(state))).isEqualTo(JsonText.write(golden));
        assertThat(StateCodec.read(golden)).isEqualTo(state);
    }

    /** One unit's databag cannot be understood and another's has keys that are not ours: both are carried along. */
    @Test
    void what_is_not_understood_is_kept_as_it_is() {
        Json.Obj golden = JsonText.parseObject(Golden.text("state-damaged.json"));

        PeerState state = StateCodec.read(golden);

        assertThat(state.members().get(unit(0)))
                .isNotNull()
                .satisfies(member -> assertThat(member.bag())
                        .isInstanceOfSatisfying(
                                UnitBag.Damaged.class,
                                bag -> assertThat(bag.reason())
                                        .isEqualTo("key 'operations': a queue must be an array, not a string")));
        assertThat(state.members().get(unit(1)))
                .isNotNull()
                .satisfies(member -> assertThat(member.bag())
                        .isInstanceOfSatisfying(
                                UnitBag.Understood.class,
                                bag -> assertThat(bag.other())
                                        .isEqualTo(Map.of("a key of ours that is yet to come", "1", "charm", "x"))));
        assertThat(JsonText.write(StateCodec.write(state))).isEqualTo(JsonText.write(golden));
    }

    @Test
    void a_store_goes_on_from_its_snapshot_as_if_nothing_had_happened() {
        Replica store = new Replica();
        store.restore(JsonText.write(StateCodec.write(busy())));

        assertThat(store.by(0, new PeerCommand.KeepAlive("lease-0-1"))).isEqualTo(new PeerReply.Done());
        store.finishes(0, OperationResult.RELEASE);
        assertThat(store.grant().isOpenFor(unit(0), 5))
                .as("its second operation was asked for before that of unit 10")
                .isTrue();

        store.runs(0, OperationResult.RELEASE);
        assertThat(store.grant().isOpenFor(unit(10), 6)).isTrue();
    }

    @Test
    void a_state_of_a_newer_form_is_refused_and_says_which_version_to_use() {
        Json.Obj newer = with(StateCodec.write(PeerState.empty("app")), "format", Json.of(StateCodec.FORMAT + 1));
        assertThatThrownBy(() -> StateCodec.read(newer))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("form 2")
                .hasMessageContaining("use the version that wrote it");
    }

    @Test
    void members_that_are_not_known_are_ignored() {
        Json.Obj more = with(StateCodec.write(busy()), "later", Json.of("x"));
        assertThat(StateCodec.read(more)).isEqualTo(busy());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"format", "application", "revision", "grant", "members", "departed", "locks", "shared", "term"})
    void a_state_with_a_member_missing_is_an_error_that_names_it(String member) {
        Map<String, Json> members = new LinkedHashMap<>(StateCodec.write(busy()).members());
        assertThat(members.remove(member)).isNotNull();
        assertThatThrownBy(() -> StateCodec.read(new Json.Obj(members)))
                .isInstanceOf(JsonException.class)
                .hasMessage("field '" + member + "' is missing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "members|{\"web\":{\"bag\":{},\"requested_in\":[],\"leases\":0,\"knows\":1}}"
                        + "|'web' is not a unit name; write it like kafka/0",
                "members|{\"web/0\":{\"bag\":{\"state\":1},\"requested_in\":[],\"leases\":0,\"knows\":1}}"
                        + "|field 'state' must be a string, not the number 1",
                "members|{\"web/0\":{\"bag\":{},\"requested_in\":[],\"leases\":0,\"knows\":1,"
                        + "\"lease\":{\"id\":\"\",\"ttl_ms\":1000,\"keep_alives\":0}}}"
                        + "|a lease id has 1 to 64 characters",
                "members|{\"web/0\":{\"bag\":{},\"requested_in\":[],\"leases\":0,\"knows\":1,"
                        + "\"lease\":{\"id\":\"x\",\"ttl_ms\":999,\"keep_alives\":0}}}"
                        + "|a unit lease lives PT1S to PT1H, not PT0.999S",
                "members|{\"web/0\":{\"bag\":{\"operations\":\"[{\\\"callback_id\\\":\\\"x\\\","
                        + "\\\"requested_at\\\":\\\"1.0\\\"}]\"},\"requested_in\":[\"1\"],\"leases\":0,\"knows\":1}}"
                        + "|field 'requested_in' must hold whole numbers",
                "members|{\"web/0\":{\"bag\":{\"operations\":\"[{\\\"callback_id\\\":\\\"x\\\","
                        + "\\\"requested_at\\\":\\\"1.0\\\"}]\"},\"requested_in\":[99999999999999999999],\"leases\":0,\"knows\":1}}"
                        + "|BigInteger out of long range",
                "departed|[1]|field 'departed' must hold strings",
                "departed|[\"web\"]|'web' is not a unit name; write it like kafka/0",
                "locks|{\"db\":{\"token\":1,\"waiting\":[1]}}|a ticket must be an object, not the number 1",
                "locks|{\"db\":{\"token\":1,\"waiting\":[],\"holder\":{\"unit\":\"web/0\"}}}|field 'ticket' is missing",
                "grant|{\"grant_phase\":\"walking\"}|key 'grant_phase' has the unknown value 'walking'",
                "grant|{\"grant_phase\":\"granted\"}|key 'grant_phase': an open grant names its unit and epoch",
                "grant|{\"grant_hold\":\"perhaps\"}|key 'grant_hold' has the unknown value 'perhaps'",
                "grant|{\"grant_epoch\":\"-1\"}|key 'grant_epoch' is out of range: -1",
                "grant|{\"grant_epoch\":\"many\"}|key 'grant_epoch' is not a whole number",
                "grant|{\"granted_unit\":\"web\"}"
                        + "|key 'granted_unit': 'web' is not a unit name; write it like kafka/0",
                "leader|\"web\"|'web' is not a unit name; write it like kafka/0"
            })
    void a_state_that_is_wrong_is_an_error_that_says_what(String member, String value, String message) {
        Json.Obj wrong =
                with(with(StateCodec.write(PeerState.empty("web")), "term", Json.of(1)), member, JsonText.parse(value));
        assertThatThrownBy(() -> StateCodec.read(wrong))
                .isInstanceOf(JsonException.class)
                .hasMessage(message);
    }

    /** A unit name that could be constructed but not be read back would make the whole snapshot unreadable. */
    @Test
    void the_longest_names_can_be_read_back() {
        String longest = "x".repeat(UnitName.MAX_CHARS - "/999999999".length());
        PeerState state = PeerState.empty(longest);
        for (int number : List.of(0, UnitName.MAX_NUMBER)) {
            Author author = new Author.Unit(new UnitName(longest, number));
            state = state.apply(author, START, new PeerCommand.Join()).state();
        }
        assertThat(state.members()).hasSize(2);
        assertThat(StateCodec.read(StateCodec.write(state))).isEqualTo(state);
    }

    /** A little of everything. */
    static PeerState busy() {
        Replica store = Replica.ofUnits(3);
        store.by(10, new PeerCommand.Join());
        store.opensLease(10, 1);
        store.by(5, new PeerCommand.Join());
        store.by(6, new PeerCommand.Join());
        store.by(6, new PeerCommand.Leave());
        store.byOperator(new PeerCommand.Remove(unit(7)));
        store.leads(1, 4);
        store.by(1, new PeerCommand.WriteApplication(Map.of(), Map.of("charm", "\u00e9 \"x\"", "empty", "")));
        store.by(2, new PeerCommand.WriteUnit(Map.of(), Map.of("address", "10.0.0.2")));
        store.by(2, new PeerCommand.SetBackend(ProcessingBackend.ETCD, true));
        store.by(2, new PeerCommand.SetReady(false));
        store.requests(2, "restart");
        store.requests(
                1,
                new PeerCommand.Request(
                        "restart", JsonText.parseObject("{\"b\":1.50,\"a\":[null,\"\u2028\"]}"), OptionalInt.of(3)));
        store.at(START.plusMillis(1500)).runs(1, OperationResult.RETRY_RELEASE);
        store.starts(1);
        store.opensLease(1, 2);
        store.requests(0, "restart");
        store.requests(0, request("reload", OptionalInt.of(0)));
        store.at(START.plusNanos(7_000_000_000L)).requests(10, "restart");
        store.by(1, new PeerCommand.NotRun(3, true, false));
        store.starts(0, true);
        store.by(0, new PeerCommand.TakeLock("db", "t-1"));
        store.by(1, new PeerCommand.TakeLock("db", "t-2"));
        store.by(10, new PeerCommand.TakeLock("db", "t-3"));
        store.by(1, new PeerCommand.TakeLock("web", "t-4"));
        store.by(0, new PeerCommand.KeepAlive("lease-0-1"));
        store.by(10, new PeerCommand.OpenLease("again", 2, TTL.multipliedBy(2), Optional.empty()));
        return store.state();
    }

    private static Json.Obj with(Json.Obj fields, String member, Json value) {
        Map<String, Json> members = new LinkedHashMap<>(fields.members());
        members.put(member, value);
        return new Json.Obj(members);
    }
}
