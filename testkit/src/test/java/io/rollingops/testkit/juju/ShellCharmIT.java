// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small charms in bash as real processes: what only a process can show. */
class ShellCharmIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    @TempDir
    private Path folder;

    @Test
    void three_units_run_the_hooks_of_their_life(JujuEmulator juju) throws IOException {
        deploy(juju, "exit 0", 3);
        juju.settle(LIMIT);
        for (String unit : juju.units("app")) {
            List<String> hooks = juju.trace(unit).stream().map(TraceEntry::name).toList();
            List<String> beginning = new ArrayList<>(List.of("install", "restart-relation-created"));
            if (unit.equals("app/0")) {
                beginning.add("leader-elected");
            }
            beginning.addAll(List.of("config-changed", "start"));
            assertThat(hooks).startsWith(beginning.toArray(String[]::new));
            assertThat(hooks.subList(beginning.size(), hooks.size()))
                    .containsExactly(
                            "restart-relation-joined",
                            "restart-relation-changed",
                            "restart-relation-joined",
                            "restart-relation-changed");
        }
    }

    @Test
    void the_environment_is_that_of_juju_and_nothing_else(JujuEmulator juju) throws IOException {
        deploy(juju, "env -0 | tr '\\0' '\\n' | sort; pwd; readlink /proc/self/fd/0", 1);
        juju.setVariable("app/0", "CHARM_KNOB", "on");
        juju.settle(LIMIT);
        List<String> printed = output(juju, "app/0", "restart-relation-created");
        assertThat(printed)
                .contains(
                        "JUJU_DISPATCH_PATH=hooks/restart-relation-created",
                        "JUJU_HOOK_NAME=restart-relation-created",
                        "JUJU_UNIT_NAME=app/0",
                        "JUJU_RELATION=restart",
                        "JUJU_RELATION_ID=restart:0",
                        "JUJU_REMOTE_APP=app",
                        "JUJU_REMOTE_UNIT=",
                        "JUJU_VERSION=3.6.9",
                        "CHARM_KNOB=on",
                        "LANG=C.UTF-8",
                        "JUJU_CHARM_DIR=" + juju.charmFolder("app/0"),
                        juju.charmFolder("app/0").toString(),
                        "/dev/null")
                .noneMatch(line -> line.startsWith("HOME=") || line.startsWith("JAVA_"));
    }

    @ParameterizedTest(name = "in Perl: {0}")
    @ValueSource(booleans = {false, true})
    void hook_commands_pass_arguments_stdin_output_and_exit_codes(boolean perl) throws IOException {
        JujuEmulator.Builder builder = JujuEmulator.builder();
        try (JujuEmulator juju = (perl ? builder.hookCommandsInPerl() : builder).build()) {
            deploy(juju, """
                    [ $hook = start ] || exit 0
                    echo '{"a":"ä \\"q\\" \\u00e9","b":"x  y"}' | relation-set -r restart:0 --file -
                    relation-get -r 0 --format=json - app/0
                    relation-get -r 0 a app/0
                    relation-list -r 99; echo "code $?"
                    (cat > /dev/null; juju-log --log-level WARNING -- "two  words") < <(echo unread; sleep 0.1)
                    env -u JUJU_CONTEXT_ID relation-ids restart; echo "code $?"
                    JUJU_CONTEXT_ID=app/0-start-old relation-ids restart; echo "code $?"
                    no-such-command 2> /dev/null; echo "code $?"
                    """, 1);
            juju.settle(LIMIT);
            assertThat(output(juju, "app/0", "start"))
                    .containsExactly(
                            "{\"a\":\"ä \\\"q\\\" é\",\"b\":\"x  y\",\"egress-subnets\":\"10.7.0.1/32\","
                                    + "\"ingress-address\":\"10.7.0.1\",\"private-address\":\"10.7.0.1\"}",
                            "ä \"q\" é",
                            "code 2",
                            "code 1",
                            "code 1",
                            "code 127");
            assertThat(juju.log("app/0").stream().map(LogLine::toString))
                    .contains(
                            "WARNING start: ERROR invalid value \"99\" for option -r: relation not found",
                            "WARNING start: two  words",
                            "WARNING start: ERROR JUJU_CONTEXT_ID not set",
                            "WARNING start: ERROR bad request: wrong context ID; got \"app/0-start-old\"");
        }
    }

    @Test
    void secret_content_comes_from_files(JujuEmulator juju) throws IOException {
        deploy(juju, """
                [ $hook = start ] || exit 0
                printf 'line 1\\nline 2\\n' > content
                id=$(secret-add --label L --owner application password#file=content)
                secret-get $id password
                """, 1);
        juju.settle(LIMIT);
        assertThat(juju.secrets()).singleElement().satisfies(secret -> {
            assertThat(secret.label()).isEqualTo("L");
            assertThat(secret.content()).containsExactly(Map.entry("password", "line 1\nline 2\n"));
        });
    }

    @Test
    void secret_content_comes_from_files_of_the_unit_s_own_machine(JujuEmulator juju) throws IOException {
        deploy(juju, """
                [ $hook = start ] || exit 0
                echo "of $JUJU_UNIT_NAME" > /var/lib/rollingops/text
                secret-add --owner unit --label "$JUJU_UNIT_NAME" text#file=/var/lib/rollingops/text
                """, 2);
        assumeSeparate(juju);
        juju.settle(LIMIT);
        assertThat(juju.secrets())
                .extracting(
                        secret -> String.valueOf(secret.content().get("text")).strip())
                .containsExactlyInAnyOrder("of app/0", "of app/1");
    }

    @Test
    void a_failing_hook_fails_the_test_that_waits_and_tells_why(JujuEmulator juju) throws IOException {
        deploy(juju, "[ $hook = config-changed ] || exit 0; echo the reason >&2; exit 3", 1);
        assertThatThrownBy(() -> juju.settle(LIMIT))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("hook failed: \"config-changed\"")
                .hasMessageContaining("exit 3")
                .hasMessageContaining("the reason");
    }

    @Test
    void an_action_gives_its_results(JujuEmulator juju) throws IOException {
        deploy(juju, "[ $hook = restart ] && action-set delay=$(action-get delay) && echo done; exit 0", 1);
        juju.settle(LIMIT);
        ActionResult result = juju.runAction("app/0", "restart", Map.of()).result();
        assertThat(result.completed()).isTrue();
        assertThat(result.get("delay")).isEqualTo("3");
        assertThat(result.get("stdout")).isEqualTo("done\n");
        assertThat(juju.runAction("app/0", "restart", Map.of("delay", Json.of(9)))
                        .result()
                        .get("delay"))
                .isEqualTo("9");
    }

    @Test
    void without_dispatch_each_hook_and_action_is_a_file_and_a_missing_one_is_skipped(JujuEmulator juju)
            throws IOException {
        Path charm = ShellCharm.write(folder.resolve("charm"), "");
        Files.delete(charm.resolve("dispatch"));
        ShellCharm.script(charm.resolve("hooks/start"), "status-set active -- started");
        ShellCharm.script(charm.resolve("actions/restart"), "action-set a=1");
        juju.deploy(charm, "app", 1);
        juju.settle(LIMIT);
        assertThat(juju.status("app/0").workload()).isEqualTo(new Status("active", "started"));
        assertThat(juju.runAction("app/0", "restart", Map.of()).result().get("a"))
                .isEqualTo("1");
        ActionResult missing = juju.runAction("app/0", "other", Map.of()).result();
        assertThat(missing.message()).isEqualTo("action not implemented on unit \"app/0\"");
    }

    @Test
    void a_background_process_runs_a_custom_hook_through_juju_exec(JujuEmulator juju) throws IOException {
        deploy(juju, """
                case $hook in
                start) (unset JUJU_CONTEXT_ID
                        /usr/bin/juju-exec -u app/0 "JUJU_DISPATCH_PATH=hooks/custom $PWD/dispatch"
                        echo "code $?" > result) < /dev/null > /dev/null 2>&1 & ;;
                custom) relation-set -r restart:0 custom=$JUJU_HOOK_NAME:$JUJU_CONTEXT_ID; exit 5 ;;
                esac
                """, 1);
        assumeSeparate(juju);
        juju.runUntil(
                "the worker is back",
                () -> Files.exists(juju.charmFolder("app/0").resolve("result")),
                LIMIT);
        assertThat(juju.databag("restart", "app/0").get("custom")).startsWith(":app/0-run-commands-");
        assertThat(Files.readString(juju.charmFolder("app/0").resolve("result")))
                .isEqualTo("code 5\n");
        assertThat(juju.status("app/0").inError()).isFalse();
    }

    @Test
    void juju_exec_is_refused_inside_a_hook_and_for_units_elsewhere(JujuEmulator juju) throws IOException {
        deploy(juju, """
                [ $hook = start ] || exit 0
                juju-exec -u app/0 true; echo "code $?"
                env -u JUJU_CONTEXT_ID juju-exec -u app/9 true; echo "code $?"
                """, 1);
        juju.settle(LIMIT);
        assertThat(output(juju, "app/0", "start")).containsExactly("code 2", "code 1");
    }

    @Test
    void a_hook_does_not_wait_for_what_it_left_in_the_background_but_juju_exec_does(JujuEmulator juju)
            throws IOException {
        deploy(juju, "[ $hook = start ] && { sleep 60 & }; exit 0", 1);
        juju.settle(LIMIT);
        TraceEntry start = entry(juju, "app/0", "start");
        assertThat(start.wall()).isLessThan(Duration.ofSeconds(10));

        ExecResult result = juju.exec("app/0", "(sleep 1; echo late) & echo early");
        assertThat(result.stdout()).isEqualTo("early\nlate\n");
    }

    @Test
    void each_machine_has_its_own_files_and_process_numbers(JujuEmulator juju) throws IOException {
        deploy(juju, """
                [ $hook = start ] || exit 0
                echo $JUJU_UNIT_NAME > /var/lib/rollingops/who
                sleep 60 < /dev/null > /dev/null 2>&1 &
                echo "pid $!"
                """, 2);
        assumeSeparate(juju);
        juju.settle(LIMIT);
        for (String unit : juju.units("app")) {
            assertThat(juju.privateFolder(unit, "/var/lib/rollingops").resolve("who"))
                    .hasContent(unit);
            String pid = output(juju, unit, "start").get(0);
            assertThat(Integer.parseInt(pid.substring("pid ".length()))).isLessThan(1000);
        }
    }

    @Test
    void units_of_one_machine_never_run_at_the_same_time(JujuEmulator juju) throws IOException {
        Path log = folder.resolve("log");
        deploy(juju, "echo begin >> " + log + "; sleep 0.02; echo end >> " + log, 1);
        juju.addUnitBeside("app", "app/0");
        juju.settle(LIMIT);
        List<String> lines = Files.readAllLines(log);
        assertThat(lines).hasSizeGreaterThan(12);
        for (int i = 0; i < lines.size(); i++) {
            assertThat(lines.get(i)).isEqualTo(i % 2 == 0 ? "begin" : "end");
        }
    }

    @Test
    void a_charm_killed_at_a_hook_command_has_failed_and_runs_again(JujuEmulator juju) throws IOException {
        deploy(juju, "[ $hook = update-status ] || exit 0; relation-ids restart; relation-set -r 0 k=1; status-get", 1);
        for (TraceEntry step = juju.step().orElseThrow();
                !step.name().equals("start");
                step = juju.step().orElseThrow()) {
            assertThat(step.number()).isLessThan(10);
        }
        juju.faults().killAtCommand("app/0", 3);
        juju.updateStatus("app/0");
        juju.settleWithErrors(LIMIT);
        TraceEntry killed = entry(juju, "app/0", "update-status");
        assertThat(killed.ending()).isEqualTo("signal 9");
        assertThat(killed.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(killed.commands().get(2).stderr()).contains("the charm was killed");
        assertThat(juju.databag("restart", "app/0")).doesNotContainKey("k");
        juju.resolve("app/0");
        juju.settle(LIMIT);
        assertThat(juju.databag("restart", "app/0")).containsEntry("k", "1");
    }

    @Test
    void a_stopped_agent_leaves_the_hook_to_be_run_again_and_its_workers_alone(JujuEmulator juju) throws IOException {
        deploy(juju, """
                [ $hook = start ] || exit 0
                if [ ! -e second ]; then
                    touch second
                    sleep 61 < /dev/null > /dev/null 2>&1 &
                    relation-set -r 0 k=first
                    touch waiting; exec sleep 60
                fi
                relation-set -r 0 k=second
                """, 1);
        juju.runUntil(
                "the hook hangs", () -> Files.exists(juju.charmFolder("app/0").resolve("waiting")), LIMIT);
        juju.restartAgent("app/0");
        juju.settle(LIMIT);
        assertThat(juju.databag("restart", "app/0")).containsEntry("k", "second");
        assertThat(juju.trace("app/0").stream()
                        .filter(entry -> entry.name().equals("start"))
                        .map(TraceEntry::outcome))
                .containsExactly(Outcome.INTERRUPTED, Outcome.COMMITTED);
        assertThat(juju.processes("app/0")).hasSize(1);
    }

    @Test
    void a_reboot_ends_all_processes_and_runs_start_again(JujuEmulator juju) throws IOException {
        deploy(juju, "[ $hook = start ] || exit 0; sleep 60 < /dev/null > /dev/null 2>&1 &", 1);
        juju.settle(LIMIT);
        ProcessHandle worker = juju.processes("app/0").iterator().next();
        juju.reboot("app/0");
        assertThat(worker.onExit()).succeedsWithin(LIMIT);
        juju.settle(LIMIT);
        assertThat(juju.trace("app/0").stream().filter(entry -> entry.name().equals("start")))
                .hasSize(2);
        assertThat(juju.processes("app/0")).hasSize(1).doesNotContain(worker);
    }

    @Test
    void a_charm_reboots_its_machine_at_once_or_after_its_hook(JujuEmulator juju) throws IOException {
        deploy(juju, """
                [ $hook = start ] || exit 0
                echo >> starts
                case $(wc -l < starts) in
                1) relation-set -r 0 k=1; juju-reboot --now; sleep 60 ;;
                2) relation-set -r 0 k=2; juju-reboot ;;
                esac
                """, 1);
        juju.settle(LIMIT);
        assertThat(juju.trace("app/0").stream()
                        .filter(entry -> entry.name().equals("start"))
                        .map(TraceEntry::outcome))
                .containsExactly(Outcome.INTERRUPTED, Outcome.COMMITTED, Outcome.COMMITTED);
        assertThat(juju.databag("restart", "app/0")).containsEntry("k", "2");
    }

    @Test
    void closing_ends_every_process_and_deletes_every_file() throws IOException {
        List<ProcessHandle> left;
        Path root;
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            deploy(juju, "[ $hook = start ] || exit 0; setsid sleep 60 < /dev/null > /dev/null 2>&1 &", 2);
            juju.settle(LIMIT);
            left = juju.units("app").stream()
                    .flatMap(unit -> juju.processes(unit).stream())
                    .toList();
            assertThat(left).hasSize(2);
            root = juju.folder();
        }
        for (ProcessHandle process : left) {
            assertThat(process.onExit()).succeedsWithin(LIMIT);
        }
        assertThat(root).doesNotExist();
    }

    @Test
    void without_separate_machines_charms_share_the_real_one_and_are_ended_all_the_same() throws IOException {
        List<ProcessHandle> left;
        try (JujuEmulator juju = JujuEmulator.builder().isolation(false).build()) {
            deploy(juju, "[ $hook = start ] || exit 0; setsid sleep 60 < /dev/null > /dev/null 2>&1 &", 1);
            juju.settle(LIMIT);
            assertThat(juju.isolation("app/0").separate()).isFalse();
            left = List.copyOf(juju.processes("app/0"));
            assertThat(left).hasSize(1);
        }
        assertThat(left.get(0).onExit()).succeedsWithin(LIMIT);
    }

    @Test
    void a_new_charm_takes_the_place_of_the_old_one(JujuEmulator juju) throws IOException {
        deploy(juju, "status-set active -- old", 1);
        juju.settle(LIMIT);
        juju.upgrade("app", ShellCharm.write(folder.resolve("new"), "status-set active -- \"new $hook\""));
        juju.settle(LIMIT);
        assertThat(juju.trace("app/0").stream().map(TraceEntry::name))
                .endsWith("start", "upgrade-charm", "config-changed");
        assertThat(juju.status("app/0").workload().message()).isEqualTo("new config-changed");
    }

    @Test
    void a_hook_costs_what_its_process_and_those_it_waited_for_cost(JujuEmulator juju) throws IOException {
        deploy(juju, "[ $hook = start ] && { for i in {1..200000}; do :; done; sleep 0.2; }; exit 0", 1);
        juju.settle(LIMIT);
        TraceEntry start = entry(juju, "app/0", "start");
        assertThat(start.wall()).isGreaterThan(Duration.ofMillis(200)).isGreaterThan(start.cpu());
        assertThat(start.cpu()).isPositive();
        assertThat(start.maxMemoryKib()).isPositive();
    }

    private void deploy(JujuEmulator juju, String lines, int units) throws IOException {
        juju.deploy(ShellCharm.write(folder.resolve("charm"), lines), "app", units);
    }

    private static void assumeSeparate(JujuEmulator juju) {
        Isolation isolation = juju.isolation("app/0");
        assumeTrue(isolation.separate(), isolation::reason);
    }

    private static TraceEntry entry(JujuEmulator juju, String unit, String name) {
        return juju.trace(unit).stream()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** What a hook printed on stdout. */
    private static List<String> output(JujuEmulator juju, String unit, String hook) {
        return juju.log(unit).stream()
                .filter(line -> line.level().equals("DEBUG") && line.source().equals(hook))
                .map(LogLine::message)
                .toList();
    }
}
