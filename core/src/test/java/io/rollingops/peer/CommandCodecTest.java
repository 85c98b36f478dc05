// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The wire form of commands and replies; the golden files say what it is. */
class CommandCodecTest {

    @ParameterizedTest
    @MethodSource("commands")
    void a_command_has_the_form_of_the_golden_file(PeerCommand command, String golden) {
        assertThat(JsonText.write(CommandCodec.write(command))).isEqualTo(golden);
        assertThat(CommandCodec.readCommand(JsonText.parseObject(golden))).isEqualTo(command);
    }

    @ParameterizedTest
    @MethodSource("replies")
    void a_reply_has_the_form_of_the_golden_file(PeerReply reply, String golden) {
        assertThat(JsonText.write(CommandCodec.write(reply))).isEqualTo(golden);
        assertThat(CommandCodec.readReply(JsonText.parseObject(golden))).isEqualTo(reply);
    }

    @Test
    void every_kind_of_command_and_reply_has_a_golden_line() {
        Set<Class<?>> sampled = new HashSet<>();
        Samples.commands().forEach(command -> sampled.add(command.getClass()));
        Samples.replies().forEach(reply -> sampled.add(reply.getClass()));
        Set<Class<?>> kinds = new HashSet<>();
        addKinds(PeerCommand.class, kinds);
        addKinds(PeerReply.class, kinds);
        assertThat(sampled).isEqualTo(kinds);
        assertThat(Golden.lines("commands.jsonl")).hasSameSizeAs(Samples.commands());
        assertThat(Golden.lines("replies.jsonl")).hasSameSizeAs(Samples.replies());
    }

    private static void addKinds(Class<?> type, Set<Class<?>> kinds) {
        if (!type.isSealed()) {
            kinds.add(type);
            return;
        }
        for (Class<?> permitted : type.getPermittedSubclasses()) {
            addKinds(permitted, kinds);
        }
    }

    /** A command may have waited in a log on disk for a version that knows more members. */
    @ParameterizedTest
    @MethodSource("commands")
    void members_that_are_not_known_are_ignored(PeerCommand command, String golden) {
        Json.Obj more = with(JsonText.parseObject(golden), "from the future", Json.of(1));
        assertThat(CommandCodec.readCommand(more)).isEqualTo(command);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void a_command_with_a_member_missing_is_an_error_that_names_it(PeerCommand command, String golden) {
        Json.Obj fields = JsonText.parseObject(golden);
        for (String member : fields.members().keySet()) {
            if (isOptional(member)) {
                assertThat(CommandCodec.readCommand(without(fields, member))).isNotEqualTo(command);
            } else {
                assertThatThrownBy(() -> CommandCodec.readCommand(without(fields, member)))
                        .isInstanceOf(JsonException.class)
                        .hasMessageContaining("'" + member + "'");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("replies")
    void a_reply_with_a_member_missing_is_an_error_that_names_it(PeerReply reply, String golden) {
        Json.Obj fields = JsonText.parseObject(golden);
        for (String member : fields.members().keySet()) {
            if (Set.of("head", "token").contains(member)) {
                assertThat(CommandCodec.readReply(without(fields, member))).isNotEqualTo(reply);
            } else {
                assertThatThrownBy(() -> CommandCodec.readReply(without(fields, member)))
                        .isInstanceOf(JsonException.class)
                        .hasMessageContaining("'" + member + "'");
            }
        }
    }

    /** Whatever stands in a log, reading it ends in a command or in a {@link JsonException}, never in something else. */
    @ParameterizedTest
    @MethodSource("everything")
    void a_member_of_the_wrong_kind_is_never_another_kind_of_error(Json.Obj fields, boolean isCommand) {
        List<Json> odd = List.of(
                Json.Null.INSTANCE,
                Json.of(-1),
                Json.of(Long.MAX_VALUE),
                JsonText.parse("123456789012345678901234567890"),
                Json.of(" "),
                Json.of("odd"),
                Json.of(true),
                Json.Obj.EMPTY,
                JsonText.parseObject("{\"odd\":\"\"}"),
                JsonText.parseObject("{\"app/1\":\" \"}"),
                JsonText.parse("[1]"),
                JsonText.parse("[\"odd\"]"));
        for (String member : fields.members().keySet()) {
            for (Json value : odd) {
                Json.Obj changed = with(fields, member, value);
                try {
                    Object read = isCommand ? CommandCodec.readCommand(changed) : CommandCodec.readReply(changed);
                    assertThat(read).isNotNull();
                } catch (JsonException e) {
                    assertThat(e.getMessage()).isNotBlank().isNotEqualTo("null");
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"do\":\"dance\"}|unknown command 'dance'; it may come from a newer version of Rollingops",
                "{\"do\":\"finish\",\"epoch\":1,\"op_id\":\"x\",\"result\":\"done\",\"note\":\"\",\"rests\":false}"
                        + "|unknown result 'done'",
                "{\"do\":\"set-backend\",\"backend\":\"zk\",\"etcd_cleanup_needed\":true}|unknown backend 'zk'",
                "{\"do\":\"remove\",\"unit\":\"web\"}|'web' is not a unit name; write it like kafka/0",
                "{\"do\":\"request\",\"callback_id\":\"x\",\"kwargs\":{},\"max_retry\":2147483648}"
                        + "|field 'max_retry' is out of range: 2147483648",
                "{\"do\":\"withdraw\",\"op_id\":\" \"}|an operation id is not blank",
                "{\"do\":\"request-for\",\"units\":[1],\"callback_id\":\"x\",\"kwargs\":{}}"
                        + "|field 'units' must hold strings, not the number 1"
            })
    void a_wrong_command_is_an_error_that_says_what_is_wrong(String text, String message) {
        assertThatThrownBy(() -> CommandCodec.readCommand(JsonText.parseObject(text)))
                .isInstanceOf(JsonException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"reply\":\"maybe\"}|unknown reply 'maybe'",
                "{\"reply\":\"queued\",\"operations\":{\"web\":\"1.0-x\"}}"
                        + "|'web' is not a unit name; write it like kafka/0",
                "{\"reply\":\"queued\",\"operations\":{\"web/0\":\"\"}}|an operation id is not blank"
            })
    void a_wrong_reply_is_an_error_that_says_what_is_wrong(String text, String message) {
        assertThatThrownBy(() -> CommandCodec.readReply(JsonText.parseObject(text)))
                .isInstanceOf(JsonException.class)
                .hasMessage(message);
    }

    @Test
    void a_reason_that_is_not_known_is_an_error_of_the_wire_form() {
        Json.Obj reply = JsonText.parseObject("{\"reply\":\"refused\",\"reason\":\"TIRED\",\"message\":\"\"}");
        assertThatThrownBy(() -> CommandCodec.readReply(reply))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("TIRED");
    }

    static Stream<Arguments> commands() {
        List<String> lines = Golden.lines("commands.jsonl");
        return IntStream.range(0, lines.size())
                .mapToObj(i -> Arguments.of(Samples.commands().get(i), lines.get(i)));
    }

    static Stream<Arguments> replies() {
        List<String> lines = Golden.lines("replies.jsonl");
        return IntStream.range(0, lines.size())
                .mapToObj(i -> Arguments.of(Samples.replies().get(i), lines.get(i)));
    }

    static Stream<Arguments> everything() {
        return Stream.concat(
                Samples.commands().stream().map(command -> Arguments.of(CommandCodec.write(command), true)),
                Samples.replies().stream().map(reply -> Arguments.of(CommandCodec.write(reply), false)));
    }

    private static boolean isOptional(String member) {
        return Set.of("max_retry", "still_running").contains(member);
    }

    private static Json.Obj with(Json.Obj fields, String member, Json value) {
        Map<String, Json> members = new LinkedHashMap<>(fields.members());
        members.put(member, value);
        return new Json.Obj(members);
    }

    private static Json.Obj without(Json.Obj fields, String member) {
        Map<String, Json> members = new LinkedHashMap<>(fields.members());
        members.remove(member);
        return new Json.Obj(members);
    }
}
