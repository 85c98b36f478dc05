// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The command line against three agents that stay up: what users type, and what they get back. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommandLineIT {
    /** Runs under the synchronous lock, and writes down what it does like the callbacks. */
    private static final String LOCKED = "say() { echo \"$1 web/$2  $ROLLINGOPS_FENCING_TOKEN\" >>\"$E2E_LOG\"; };"
            + " say begin $0; while [ ! -e \"$GATE\" ]; do sleep 0.05; say lives $0; done; say end $0; exit 42";

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path folder;

    private TestApplication web;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        web = TestApplication.start(folder, Duration.ofSeconds(15));
    }

    @AfterAll
    void stop() {
        web.close();
    }

    @AfterEach
    void judge() throws IOException {
        web.assertHistoryIsClean();
    }

    @Test
    void waiting_for_a_request_tells_by_its_exit_status_how_it_went() throws IOException, InterruptedException {
        Cli released = web.begin(0, "request", "work", "--unit", "web/2", "--arg", "case=released", "--wait");
        Cli retried = web.begin(1, "request", "work", "--arg", "failures:=1", "--wait");
        Cli dropped = web.begin(2, "request", "work", "--arg", "failures:=9", "--max-retry", "1", "--wait");

        assertThat(released.await()).as(released.err()).isZero();
        assertThat(retried.await()).as(retried.err()).isZero();
        assertThat(retried.out()).contains("web/1  attempt 2: released");
        assertThat(dropped.await()).isEqualTo(1);
        assertThat(dropped.out()).contains("web/2  attempt 2: dropped (exit status 75)");
    }

    @Test
    void a_callback_that_a_unit_does_not_know_is_told_as_dropped_by_that_unit()
            throws IOException, InterruptedException {
        Path gate = web.file("gate before what is not known");
        Cli running = web.begin(1, "request", "work", "--arg", "gate=" + gate, "--wait");
        awaitRunning("web/1");
        Cli unknown = web.begin(0, "request", "no-such-callback", "--unit", "web/1", "--unit", "web/2", "--wait");
        Cli behind = web.begin(0, "request", "work", "--unit", "web/1", "--arg", "case=behind it", "--wait");
        web.open(gate);

        assertThat(running.await()).isZero();
        assertThat(unknown.await()).isEqualTo(1);
        String told = "attempt 1: dropped (not run: no callback 'no-such-callback' is registered on this unit)";
        assertThat(unknown.out()).contains("web/1  " + told, "web/2  " + told);
        assertThat(behind.await()).as(behind.err()).isZero();
    }

    @Test
    void what_waits_is_withdrawn_and_what_runs_is_not() throws IOException, InterruptedException {
        Path gate = web.file("gate of what is withdrawn");
        Cli running = web.begin(1, "request", "work", "--arg", "gate=" + gate, "--wait");
        awaitRunning("web/1");
        Cli own = web.begin(1, "request", "work", "--arg", "case=withdrawn");
        assertThat(own.await()).as(own.err()).isZero();
        Cli waiting = web.begin(0, "request", "work", "--unit", "web/2", "--arg", "case=withdrawn, too", "--wait");
        web.awaitThat(() -> waiting.out().contains("queued "));

        Cli all = web.begin(1, "withdraw", "--all");
        assertThat(all.await()).as(all.err()).isZero();
        assertThat(all.out()).containsOnlyOnce("withdrew ").contains(" from web/1");
        String named = waiting.out().lines().findFirst().orElseThrow().split(" ", -1)[1];
        Cli other = web.begin(0, "withdraw", named, "--unit", "web/2");
        assertThat(other.await()).as(other.err()).isZero();
        assertThat(other.out()).isEqualTo("withdrew " + named + " from web/2\n");
        assertThat(waiting.await()).as("whoever waited for it").isEqualTo(1);
        Cli again = web.begin(0, "withdraw", named, "--unit", "web/2");
        assertThat(again.await()).isEqualTo(4);
        assertThat(again.err()).contains("is not in the queue of web/2");
        Cli begun = web.begin(1, "withdraw", running.out().split(" ", -1)[1]);
        assertThat(begun.await()).isEqualTo(4);
        assertThat(begun.err()).contains("is running and cannot be withdrawn");
        Cli nothing = web.begin(1, "withdraw");
        assertThat(nothing.await()).isEqualTo(2);

        web.open(gate);
        assertThat(running.await()).isZero();
    }

    /** A removal frees the slot at once, so a callback that runs there would run beside the next one. */
    @Test
    void a_unit_that_is_online_or_has_the_lock_is_not_removed() throws IOException, InterruptedException {
        Cli online = web.begin(0, "member", "remove", "web/2");
        assertThat(online.await()).isEqualTo(4);
        assertThat(online.err()).contains("web/2 is online", "offline", "--gone");

        Path gate = web.file("gate before a removal");
        Cli running = web.begin(1, "request", "work", "--arg", "gate=" + gate, "--wait");
        awaitRunning("web/1");
        Cli granted = web.begin(0, "member", "remove", "web/1");
        assertThat(granted.await()).isEqualTo(4);
        assertThat(granted.err()).contains("web/1 has the lock");
        web.open(gate);
        assertThat(running.await()).isZero();
        assertThat(TestApplication.units(web.status())).hasSize(3);
    }

    private void awaitRunning(String unit) {
        await().atMost(TestApplication.PATIENCE)
                .until(() -> TestApplication.units(web.status()).stream()
                        .anyMatch(now -> now.string("unit").equals(unit)
                                && now.string("state").equals("running")));
    }

    @Test
    void a_wait_that_takes_too_long_ends_and_the_operation_stays() throws IOException, InterruptedException {
        Path gate = web.file("gate of a long wait");
        Cli request = web.begin(0, "request", "work", "--arg", "gate=" + gate, "--wait", "--timeout", "300ms");
        assertThat(request.await()).isEqualTo(6);
        assertThat(request.err()).contains("not done after 300 ms").doesNotContain("\tat ");

        web.open(gate);
        assertThat(web.log().select(line -> line.what().equals("begin"))).isNotEmpty();
    }

    @Test
    void a_wrong_request_is_refused_and_queues_nothing() throws IOException, InterruptedException {
        Cli unknown = web.begin(0, "request", "reboot");
        Cli negative = web.begin(0, "request", "work", "--max-retry", "-1");
        Cli badTimeout = web.begin(0, "request", "work", "--wait", "--timeout", "soon");
        Cli nobody = web.begin(0, Map.of("ROLLINGOPS_OPERATOR", folder.toString()), "request", "work", "--all");

        assertThat(unknown.await()).isEqualTo(2);
        assertThat(unknown.err()).isEqualTo("rollingops: Unknown callback_id: reboot; registered are [held, work]\n");
        assertThat(negative.await()).isEqualTo(2);
        assertThat(badTimeout.await()).isEqualTo(2);
        assertThat(badTimeout.err()).contains("'soon' is not a time");
        assertThat(nobody.await()).isEqualTo(2);
        assertThat(nobody.err()).contains("only an operator may ask this").contains("--operator");
        assertThat(TestApplication.units(web.status()))
                .allSatisfy(unit -> assertThat(unit.array("queue")).isEmpty());
    }

    @Test
    void status_is_json_for_programs_and_plain_text_when_piped() throws IOException, InterruptedException {
        Cli json = web.begin(0, "status", "-o", "json");
        Cli table = web.begin(1, "status");
        Cli why = web.begin(2, "why", "web/0");

        assertThat(json.await()).isZero();
        Json.Obj report = JsonText.parseObject(json.out().strip());
        assertThat(report.string("application")).isEqualTo("web");
        assertThat(table.await()).isZero();
        assertThat(table.out()).contains("UNIT", "web/0", "web/1", "web/2").doesNotContain("\033");
        assertThat(why.await()).isZero();
        assertThat(why.out()).isEqualTo("web/0 has nothing to do.\n");
    }

    @Test
    void a_command_under_the_lock_excludes_every_callback_and_its_exit_status_is_passed_on()
            throws IOException, InterruptedException {
        Path gate = web.file("gate of a lock");
        Cli lock = locked(0, gate);
        awaitLine("begin", "web/0", "");
        web.request("work", Map.of("case", "beside a lock"), 1, 2);
        web.open(gate);

        assertThat(lock.await()).isEqualTo(42);
    }

    @Test
    void a_lock_that_is_not_to_be_had_in_time_is_status_124_and_the_command_does_not_run()
            throws IOException, InterruptedException {
        Path gate = web.file("gate of a timeout");
        Cli holder = locked(0, gate);
        awaitLine("begin", "web/0", "");
        Path witness = web.file("must not be made");

        Cli late = web.begin(1, "lock", "--timeout", "300ms", "--", "touch", witness.toString());
        assertThat(late.await()).isEqualTo(124);
        assertThat(late.err()).contains("not to be had within 300 ms").contains("rollingops why");
        assertThat(witness).doesNotExist();
        web.open(gate);
        assertThat(holder.await()).isEqualTo(42);
    }

    @Test
    void killing_the_command_line_ends_its_command_and_frees_the_lock() throws IOException, InterruptedException {
        Path gate = web.file("gate of nobody");
        Cli lock = locked(0, gate);
        awaitLine("begin", "web/0", "");
        lock.kill();

        Cli next = web.begin(1, "lock", "--timeout", "1m", "--", "true");
        assertThat(next.await()).as(next.err()).isZero();
        long lines = web.log().lines().size();
        web.open(gate); // whoever still waited would go on now
        Cli after = web.begin(1, "lock", "--timeout", "1m", "--", "true");
        assertThat(after.await()).as(after.err()).isZero();
        assertThat(web.log().lines()).hasSize((int) lines);
    }

    @Test
    void the_command_line_told_to_stop_ends_its_command_and_says_nothing_of_bugs()
            throws IOException, InterruptedException {
        Path gate = web.file("gate of a stop");
        Cli lock = locked(2, gate);
        awaitLine("begin", "web/2", "");

        Signals.send("TERM", lock.pid());

        assertThat(lock.await()).isEqualTo(128 + 15);
        assertThat(lock.err()).doesNotContain("\tat ").doesNotContain("bug");
        Cli next = web.begin(1, "lock", "--timeout", "1m", "--", "true");
        assertThat(next.await()).as(next.err()).isZero();
    }

    @Test
    void named_locks_are_independent_of_the_roll_and_of_each_other() throws IOException, InterruptedException {
        Path first = web.file("first");
        Cli one = web.begin(0, "lock", "--lock", "backup", "--", "sh", "-c", waitFor(first));
        await().atMost(TestApplication.PATIENCE)
                .until(() -> web.status().find("locks").isPresent());

        Cli other = web.begin(1, "lock", "--lock", "something else", "--", "true");
        assertThat(other.await()).isZero();
        Cli taken = web.begin(1, "lock", "--lock", "backup", "--timeout", "300ms", "--", "true");
        assertThat(taken.await()).isEqualTo(124);
        Cli roll = web.begin(2, "request", "work", "--arg", "case=beside a named lock", "--wait");
        assertThat(roll.await()).isZero();
        web.open(first);
        assertThat(one.await()).isZero();
        await().atMost(TestApplication.PATIENCE)
                .until(() -> web.status().find("locks").isEmpty());
    }

    @Test
    void a_lock_inside_a_callback_of_the_same_lock_is_refused_at_once() throws IOException, InterruptedException {
        Cli inside = web.begin(0, Map.of("ROLLINGOPS_RUN", "/some/run"), "lock", "--", "true");
        assertThat(inside.await()).isEqualTo(2);
        assertThat(inside.err()).contains("already runs under the application's lock");
    }

    @Test
    void a_command_that_does_not_exist_is_status_127_and_without_an_agent_nothing_runs()
            throws IOException, InterruptedException {
        Cli missing = web.begin(0, "lock", "--", "no-such-command");
        assertThat(missing.await()).isEqualTo(127);
        Map<String, String> nowhere =
                Map.of("ROLLINGOPS_SOCKET", folder.resolve("none").toString());
        Path witness = web.file("must not be made either");
        Cli alone = Cli.start(folder, nowhere, Program.command("lock", "--", "touch", witness.toString()));
        assertThat(alone.await()).isEqualTo(125);
        assertThat(alone.err()).contains("no agent answers");
        assertThat(witness).doesNotExist();
    }

    private Cli locked(int agent, Path gate) throws IOException {
        Map<String, String> environment = Map.of("E2E_LOG", web.log().file().toString(), "GATE", gate.toString());
        return web.begin(agent, environment, "lock", "--timeout", "1m", "--", "sh", "-c", LOCKED, "" + agent);
    }

    private static String waitFor(Path gate) {
        return "while [ ! -e '" + gate + "' ]; do sleep 0.05; done";
    }

    private void awaitLine(String what, String unit, String operation) throws IOException {
        int seen = web.log().lines().size();
        web.awaitThat(() -> web.log().lines().stream()
                .skip(Math.max(0, seen - 1))
                .anyMatch(line ->
                        line.equals(new CallbackLog.Line(what, unit, operation, line.epoch(), line.clusterToken()))));
    }
}
