// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.juju.HookCommands.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The exact words of every hook command, as Juju's documents have them; the emulator's parser is ours and may be as wrong. */
class HookCommandLinesTest {
    private static final RelationId PEERS = new RelationId("restart", 0);

    static List<Arguments> commands() {
        Map<String, Path> content = new TreeMap<>(Map.of("client-cert", Path.of("/a"), "client-key", Path.of("/b")));
        return List.of(
                sends(
                        "relation-set -r restart:0 --file - < {\"gone\":\"\"}",
                        to -> to.relationSet(PEERS, Map.of("gone", ""))),
                sends(
                        "relation-set -r restart:0 --app --file - < {\"k\":\"v\"}",
                        to -> to.relationSetApplication(PEERS, Map.of("k", "v"))),
                sends("status-set --application=false active -- -m", to -> to.statusSet(UnitStatus.active("-m"))),
                sends(
                        "status-set --application=true waiting -- m",
                        to -> to.applicationStatusSet(UnitStatus.waiting("m"))),
                sends("application-version-set -- 1.0", to -> to.applicationVersionSet("1.0")),
                sends("juju-log --log-level WARNING -- m", to -> to.log(Level.WARNING, "m")),
                sends(
                        "secret-add --label l --owner application client-cert#file=/a client-key#file=/b",
                        to -> to.secretAdd("l", content)),
                sends(
                        "secret-set --owner application secret:x client-cert#file=/a client-key#file=/b",
                        to -> to.secretSet("secret:x", content)),
                sends(
                        "secret-grant --relation 7 secret:x",
                        to -> to.secretGrant("secret:x", new RelationId("etcd", 7))),
                sends("secret-remove secret:x --revision 2", to -> to.secretRemove("secret:x", 2)),
                sends("secret-remove secret:x", to -> to.secretRemove("secret:x")),
                sends("state-set --file - < {\"k\":\"v\"}", to -> to.stateSet(Map.of("k", "v"))),
                sends("state-delete k", to -> to.stateDelete("k")),
                sends("action-set a.b=1", to -> to.actionSet(Map.of("a.b", "1"))),
                sends("action-fail -- m", to -> to.actionFail("m")),
                sends("action-log -- m", to -> to.actionLog("m")));
    }

    static List<Arguments> queries() {
        UnitName unit = UnitName.parse("app/0");
        return List.of(
                Arguments.of("is-leader --format=json", Query.isLeader()),
                Arguments.of("relation-ids --format=json restart", Query.relationIds("restart")),
                Arguments.of("relation-list --format=json -r restart:0", Query.relationUnits(PEERS)),
                Arguments.of("relation-list --format=json --app -r restart:0", Query.relationApplication(PEERS)),
                Arguments.of("relation-get --format=json -r restart:0 - app/0", Query.unitDatabag(PEERS, unit)),
                Arguments.of(
                        "relation-get --format=json -r restart:0 --app - app", Query.applicationDatabag(PEERS, "app")),
                Arguments.of("config-get --format=json", Query.config()),
                Arguments.of("action-get --format=json", Query.actionParameters()),
                Arguments.of("state-get --format=json", Query.state()),
                Arguments.of("goal-state --format=json", Query.goalUnits()),
                Arguments.of("secret-get --format=json secret:x --refresh", Query.latestSecret("secret:x")),
                Arguments.of(
                        "secret-get --format=json secret:x --label l --refresh", Query.latestSecret("secret:x", "l")),
                Arguments.of("secret-get --format=json --label l", Query.labelledSecret("l")),
                Arguments.of("secret-info-get --format=json --label l", Query.managedSecret("l")),
                Arguments.of("secret-info-get --format=json secret:x", Query.secretRevision("secret:x")),
                Arguments.of("network-get --ingress-address restart", Query.ingressAddress("restart")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("commands")
    void a_change_is_sent_with_these_words(String words, Consumer<HookCommands> call) {
        List<String> sent = new ArrayList<>();
        call.accept(new HookCommands(commands -> commands.stream()
                .map(command -> {
                    sent.add(text(command));
                    return new HookCommand.Result(0, "secret:x\n", "");
                })
                .toList()));
        assertThat(sent).containsExactly(words);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("queries")
    void a_question_is_asked_with_these_words(String words, Query<?> query) {
        assertThat(text(query.command())).isEqualTo(words);
    }

    private static String text(HookCommand command) {
        return String.join(" ", command.line())
                + Optional.of(command)
                        .flatMap(HookCommand::input)
                        .map(input -> " < " + input)
                        .orElse("");
    }

    private static Arguments sends(String words, Consumer<HookCommands> call) {
        return Arguments.of(words, call);
    }
}
