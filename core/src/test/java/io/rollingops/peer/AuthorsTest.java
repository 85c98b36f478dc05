// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.request;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerReply.Reason;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may send what: a command by the wrong author is refused and changes nothing. */
class AuthorsTest {
    private static final Author OPERATOR = new Author.Operator("ada");

    @ParameterizedTest
    @MethodSource("ofUnits")
    void what_a_unit_asks_for_itself_an_operator_cannot_ask(PeerCommand command) {
        assertThat(busy().refusal(OPERATOR, command)).isEqualTo(Reason.NOT_ALLOWED);
    }

    @ParameterizedTest
    @MethodSource("ofUnits")
    void what_a_unit_asks_for_itself_a_stranger_cannot_ask(PeerCommand command) {
        Author notMember = new Author.Unit(unit(9));
        Author otherApplication = new Author.Unit(new UnitName("other", 0));
        Replica store = busy();

        assertThat(store.refusal(otherApplication, command)).isEqualTo(Reason.NOT_ALLOWED);
        if (!(command instanceof PeerCommand.Join)) {
            assertThat(store.refusal(notMember, command)).isEqualTo(Reason.NOT_ALLOWED);
        }
    }

    @ParameterizedTest
    @MethodSource("ofTheLeader")
    void what_the_leader_may_ask_nobody_else_can(PeerCommand command) {
        Replica store = busy();
        assertThat(store.refusal(OPERATOR, command)).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(0, command)).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(9, command)).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(new Author.Unit(new UnitName("other", 1)), command))
                .isEqualTo(Reason.NOT_ALLOWED);
    }

    @ParameterizedTest
    @MethodSource("ofOperators")
    void what_an_operator_may_ask_no_unit_can_not_even_the_leader(PeerCommand command) {
        Replica store = busy();
        assertThat(store.refusal(0, command)).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(1, command)).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(9, command)).isEqualTo(Reason.NOT_ALLOWED);
    }

    @Test
    void every_command_has_one_kind_of_author() {
        assertThat(Stream.of(ofUnits(), ofTheLeader(), ofOperators()).flatMap(commands -> commands))
                .containsExactlyInAnyOrderElementsOf(Samples.commands());
    }

    @Test
    void a_refusal_names_who_asked() {
        Replica store = busy();
        assertThat(message(store.by(OPERATOR, request("x")))).contains("operator ada");
        assertThat(message(store.by(1, new PeerCommand.Remove(unit(0))))).contains("app/1");
        assertThat(message(store.by(0, new PeerCommand.WriteApplication(Map.of(), Map.of("a", "1")))))
                .contains("app/0");
    }

    /** The commands of a unit name no unit, so there is nothing by which it could reach another's databag. */
    @Test
    void a_unit_acts_on_itself_only() {
        for (PeerCommand command : Samples.commands()) {
            if (command instanceof PeerCommand.ByUnit) {
                Replica store = busy();
                Member others = store.member(0);
                store.by(2, command);
                assertThat(store.member(0)).as(command.toString()).isEqualTo(others);
            }
        }
    }

    @Test
    void an_operator_asks_for_units_without_being_one() {
        Replica store = busy();
        PeerCommand request =
                new PeerCommand.RequestFor(Set.of(unit(1)), "restart", Json.Obj.EMPTY, OptionalInt.empty());
        assertThat(store.by(OPERATOR, request)).isInstanceOf(PeerReply.Queued.class);
    }

    /** Three units of which the second leads; the first has the grant and a lock. */
    private static Replica busy() {
        Replica store = Replica.ofUnits(3);
        store.leads(1, 3);
        store.requests(0, "restart");
        store.by(0, new PeerCommand.TakeLock("db", "t-1"));
        return store;
    }

    private static String message(PeerReply reply) {
        return ((PeerReply.Refused) reply).message();
    }

    static Stream<PeerCommand> ofUnits() {
        return Samples.commands().stream().filter(command -> command instanceof PeerCommand.ByUnit);
    }

    static Stream<PeerCommand> ofTheLeader() {
        return Samples.commands().stream().filter(command -> command instanceof PeerCommand.ByLeader);
    }

    static Stream<PeerCommand> ofOperators() {
        return Samples.commands().stream().filter(command -> command instanceof PeerCommand.ByOperator);
    }
}
