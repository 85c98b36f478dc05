// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.UnitName;
import io.rollingops.json.JsonException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How operators' commands and the answers to them travel in a replicated store. */
class UpgradeRequestTest {
    private static final UnitName UNIT = new UnitName("web", 2);

    static List<UpgradeCommand> commands() {
        return List.of(
                new UpgradeCommand.Check(Optional.empty(), new UpgradePause.BySubstrate(), Optional.empty()),
                new UpgradeCommand.Check(
                        Optional.of(new Release("1.1")), new UpgradePause.After(1), Optional.of("it \"must\" be")),
                new UpgradeCommand.Check(Optional.of(new Release("1.1")), new UpgradePause.Never(), Optional.empty()),
                new UpgradeCommand.Pause("lunch"),
                new UpgradeCommand.Resume(new UpgradePause.BySubstrate()),
                new UpgradeCommand.Resume(new UpgradePause.After(3)),
                new UpgradeCommand.Retry(UNIT, "mended"),
                new UpgradeCommand.Force(UNIT, "mended"),
                new UpgradeCommand.Skip(UNIT, "spare"),
                new UpgradeCommand.LeaveOut(UNIT, "burnt"),
                new UpgradeCommand.Rollback("slow"),
                new UpgradeCommand.Abandon("enough"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void every_command_is_read_as_it_was_written(UpgradeCommand command) {
        UpgradeRequest request = new UpgradeRequest("id-1", command);

        assertThat(UpgradeRequest.read(request.write())).isEqualTo(request);
    }

    @Test
    void the_form_is_this() {
        assertThat(new UpgradeRequest("7", commands().get(1)).write())
                .isEqualTo("{\"id\":\"7\",\"order\":\"check\",\"target\":\"1.1\",\"pause\":\"1\","
                        + "\"overruled\":\"it \\\"must\\\" be\"}");
        assertThat(new UpgradeRequest("8", new UpgradeCommand.LeaveOut(UNIT, "burnt")).write())
                .isEqualTo("{\"id\":\"8\",\"order\":\"leave-out\",\"unit\":\"web/2\",\"reason\":\"burnt\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{\"id\":\"1\"}",
                "{\"id\":\"1\",\"order\":\"explode\"}",
                "{\"id\":\"1\",\"order\":\"pause\",\"reason\":\" \"}",
                "{\"id\":\"1\",\"order\":\"skip\",\"unit\":\"two\",\"reason\":\"x\"}",
                "{\"id\":\"1\",\"order\":\"resume\",\"pause\":\"often\"}",
                "{\"id\":\"1\",\"order\":\"check\",\"target\":\"\"}"
            })
    void what_is_no_request_is_told_apart(String text) {
        assertThatThrownBy(() -> UpgradeRequest.read(text)).isInstanceOf(JsonException.class);
    }

    @Test
    void a_long_answer_is_cut() {
        UpgradeAnswer longest = new UpgradeAnswer.Done("x".repeat(UpgradeReply.MAX_CHARS));
        UpgradeAnswer longer = new UpgradeAnswer.Done("x".repeat(UpgradeReply.MAX_CHARS + 1));

        String text = UpgradeReply.added(
                UpgradeReply.added("", new UpgradeReply("1", longest)), new UpgradeReply("2", longer));

        assertThat(UpgradeReply.read(text))
                .containsExactly(
                        new UpgradeReply("1", longest),
                        new UpgradeReply("2", new UpgradeAnswer.Done("x".repeat(UpgradeReply.MAX_CHARS - 3) + "...")));
    }

    @Test
    void the_last_answers_are_kept() {
        String text = "broken";
        for (int i = 0; i < 10; i++) {
            UpgradeAnswer answer = i % 2 == 0
                    ? new UpgradeAnswer.Done("done " + i)
                    : new UpgradeAnswer.Refused("no " + i, i == 1 ? "" : "wait");
            text = UpgradeReply.added(text, new UpgradeReply("id-" + i, answer));
        }

        List<UpgradeReply> replies = UpgradeReply.read(text);

        assertThat(replies).hasSize(UpgradeReply.KEPT);
        assertThat(replies.get(0)).isEqualTo(new UpgradeReply("id-2", new UpgradeAnswer.Done("done 2")));
        assertThat(replies.get(7)).isEqualTo(new UpgradeReply("id-9", new UpgradeAnswer.Refused("no 9", "wait")));
    }
}
