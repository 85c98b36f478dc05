// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.UnitName;
import io.rollingops.juju.HookCommandException.Kind;
import io.rollingops.testkit.juju.CharmMetadata;
import io.rollingops.testkit.juju.EmulatedCharm;
import io.rollingops.testkit.juju.ExecResult;
import io.rollingops.testkit.juju.HookRun;
import io.rollingops.testkit.juju.JujuEmulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hook commands against what the emulator answers, and as processes. */
class HookCommandsTest {
    private static final RelationId PEERS = new RelationId("restart", 0);

    @TempDir
    private Path folder;

    @Test
    void databags_are_written_and_read_with_any_text_in_them() {
        Map<String, String> texts = new TreeMap<>(Map.of(
                "a", "plain",
                "b", "two\nlines \"quoted\" \\ 'and' more",
                "c", "ä € \ud83d\ude00 \u2028 \u2029 \u0085 \u007f",
                "d", "{\"json\":[1,null]}"));
        inHook("start", commands -> {
            commands.relationSet(PEERS, texts);
            assertThat(commands.ask(Query.unitDatabag(PEERS, UnitName.parse("app/0"))))
                    .containsAllEntriesOf(texts);
            commands.relationSet(PEERS, Map.of("a", ""));
            assertThat(commands.ask(Query.unitDatabag(PEERS, UnitName.parse("app/0"))))
                    .doesNotContainKey("a");
            commands.relationSetApplication(PEERS, Map.of("x", "1"));
            assertThat(commands.ask(Query.applicationDatabag(PEERS, "app"))).isEqualTo(Map.of("x", "1"));
        });
    }

    @Test
    void several_questions_are_asked_at_once_and_a_failed_one_spoils_no_other() {
        inHook("start", commands -> {
            Query<Boolean> leads = Query.isLeader();
            Query<List<UnitName>> unknown = Query.relationUnits(new RelationId("restart", 99));
            Query<List<RelationId>> ids = Query.relationIds("restart");
            HookCommands.Answers answers = commands.ask(List.of(leads, unknown, ids));
            assertThat(answers.to(leads)).isTrue();
            assertThat(answers.to(ids)).containsExactly(PEERS);
            assertThatThrownBy(() -> answers.to(unknown)).satisfies(failure -> kind(failure, Kind.NOT_FOUND));
            assertThat(commands.ask(Query.goalUnits())).containsKey(UnitName.parse("app/0"));
            assertThat(commands.ask(Query.relationApplication(PEERS))).isEqualTo("app");
            assertThat(commands.ask(Query.relationUnits(PEERS))).isEmpty();
            assertThat(commands.ask(Query.ingressAddress("restart"))).matches("[0-9]+(\\.[0-9]+){3}");
        });
    }

    @Test
    void secrets_of_the_application_are_added_read_changed_and_removed() throws IOException {
        Path first = Files.writeString(folder.resolve("first"), "one\n");
        Path second = Files.writeString(folder.resolve("second"), "two");
        List<String> ids = new ArrayList<>();
        Consumer<HookCommands> add = commands -> {
            ids.add(commands.secretAdd("mine", Map.of("content", first)));
            assertThat(commands.ask(Query.labelledSecret("mine"))).isEqualTo(Map.of("content", "one\n"));
        };
        Consumer<HookCommands> change = commands -> {
            assertThat(commands.ask(Query.secretRevision(ids.get(0)))).isEqualTo(1);
            commands.secretSet(ids.get(0), Map.of("content", second));
            assertThat(commands.ask(Query.latestSecret(ids.get(0)))).isEqualTo(Map.of("content", "two"));
        };
        Consumer<HookCommands> remove = commands -> {
            commands.secretRemove(ids.get(0));
        };
        inHooks(Map.of("leader-elected", add, "config-changed", change, "start", remove));
        assertThat(ids).singleElement().asString().startsWith("secret:");
    }

    @Test
    void what_the_unit_keeps_for_itself_and_how_it_is_doing() {
        inHook("start", commands -> {
            assertThat(commands.ask(Query.state())).isEmpty();
            commands.stateSet(Map.of("a", "1", "b", "2"));
            commands.stateDelete("a");
            assertThat(commands.ask(Query.state())).isEqualTo(Map.of("b", "2"));
            commands.statusSet(UnitStatus.blocked("-- no, \"really\""));
            commands.applicationStatusSet(UnitStatus.active(""));
            commands.applicationVersionSet("1.0");
            commands.log(HookCommands.Level.INFO, "-x " + "long".repeat(HookCommands.MAX_LOG_CHARS));
        });
    }

    @Test
    void each_kind_of_no_is_told_apart() {
        inHook("start", commands -> {
            failure(commands, Kind.NOT_FOUND, "relation-list", "-r", "restart:99");
            failure(commands, Kind.NOT_FOUND, "secret-get", "secret:9m4e2mr0ui3e8a215n4g");
            failure(commands, Kind.NO_CONTEXT, "action-get");
            failure(commands, Kind.WRONG_USE, "status-set", "splendid", "x");
            failure(commands, Kind.WRONG_USE, "relation-get", "-r", "restart:0", "-", "app");
        });
        assertThat(kindOf(1, "ERROR cannot write relation settings\n")).isEqualTo(Kind.NOT_LEADER);
        assertThat(kindOf(1, "ERROR this unit is not the leader\n")).isEqualTo(Kind.NOT_LEADER);
        assertThat(kindOf(1, "ERROR permission denied\n")).isEqualTo(Kind.DENIED);
        assertThat(kindOf(1, "ERROR JUJU_CONTEXT_ID not set\n")).isEqualTo(Kind.NO_CONTEXT);
        assertThat(kindOf(1, "ERROR connection is shut down\n")).isEqualTo(Kind.FAILED);
        assertThat(kindOf(3, "panic: oh\n")).isEqualTo(Kind.FAILED);
    }

    @Test
    void processes_give_exit_codes_both_streams_and_take_input_also_several_in_one_shell() throws Exception {
        Path program = folder.resolve("say it");
        Files.writeString(program, "#!/bin/sh\necho \"out $*\"; echo \"err $1\" >&2; cat; exit \"$2\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        HookProcesses processes = new HookProcesses();
        HookCommand first = HookCommand.of(program.toString(), "it's \"$HOME\" `x`", "0");
        HookCommand second = HookCommand.of(program.toString(), "b", "2");
        List<HookCommand.Result> together = processes.run(List.of(first, second));
        assertThat(together)
                .containsExactly(
                        new HookCommand.Result(0, "out it's \"$HOME\" `x` 0\n", "err it's \"$HOME\" `x`\n"),
                        new HookCommand.Result(2, "out b 2\n", "err b\n"));
        String large = "x".repeat(1 << 20);
        HookCommand fed = new HookCommand(List.of(program.toString(), "c", "0"), Optional.of(large));
        assertThat(processes.run(List.of(fed)).get(0).output()).isEqualTo("out c 0\n" + large);
        assertThatThrownBy(() -> processes.run(
                        List.of(HookCommand.of(folder.resolve("absent").toString()))))
                .satisfies(failure -> kind(failure, Kind.NO_CONTEXT));
    }

    private static void failure(HookCommands commands, Kind kind, String... line) {
        assertThatThrownBy(() -> commands.run(HookCommand.of(line)))
                .satisfies(failure -> kind(failure, kind))
                .hasMessageStartingWith(line[0] + ": ")
                .hasMessageNotContaining("ERROR");
    }

    private static void kind(Throwable failure, Kind kind) {
        assertThat(failure).isInstanceOf(HookCommandException.class);
        assertThat(((HookCommandException) failure).kind())
                .as(failure.getMessage())
                .isEqualTo(kind);
    }

    private static Kind kindOf(int exitCode, String stderr) {
        return HookCommandException.of(HookCommand.of("some-command"), new HookCommand.Result(exitCode, "", stderr))
                .kind();
    }

    /** Runs the check inside that hook of the only unit; the hook fails if the check does. */
    private static void inHook(String name, Consumer<HookCommands> check) {
        inHooks(Map.of(name, check));
    }

    /** Runs each check inside its hook of the only unit. */
    private static void inHooks(Map<String, Consumer<HookCommands>> checks) {
        Set<String> ran = new TreeSet<>();
        EmulatedCharm charm = new EmulatedCharm() {
            @Override
            public CharmMetadata metadata() {
                return CharmMetadata.named("checked").withPeer("restart", "rolling_op");
            }

            @Override
            public void run(HookRun hook) {
                Consumer<HookCommands> check = checks.get(hook.hook());
                if (check != null) {
                    ran.add(hook.hook());
                    check.accept(new HookCommands(commands -> commands.stream()
                            .map(command -> call(hook, command))
                            .toList()));
                }
            }
        };
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(charm, "app", 1);
            juju.settle(Duration.ofSeconds(30));
        }
        assertThat(ran).isEqualTo(checks.keySet());
    }

    private static HookCommand.Result call(HookRun hook, HookCommand command) {
        ExecResult result = hook.call(
                command.name(), command.line().subList(1, command.line().size()), command.input());
        return new HookCommand.Result(result.exitCode(), result.stdout(), result.stderr());
    }
}
