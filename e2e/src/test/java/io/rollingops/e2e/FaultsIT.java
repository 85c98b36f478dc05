// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Agents are killed and paused in the middle of a roll: nothing is lost, and nothing runs together that must not. */
@Timeout(180)
class FaultsIT {
    private static final Duration SHORT_LEASE = Duration.ofSeconds(3);
    private static final Duration LONG_LEASE = Duration.ofSeconds(15);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    @Test
    void a_holder_that_is_killed_takes_its_callback_along_and_runs_it_again() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, SHORT_LEASE)) {
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0, 1, 2);
            web.awaitBegun("web/0");

            web.agent(0).kill();
            web.awaitBegun("web/1"); // when the lease of web/0 has run out
            web.agent(0).start();
            web.open(gate);

            web.assertHistoryIsClean();
            assertThat(web.log().order()).containsExactly("web/0", "web/1", "web/2", "web/0");
        }
    }

    @Test
    void a_holder_that_is_stopped_gives_the_lock_up_at_once() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, Duration.ofMinutes(2))) {
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0, 1);
            web.awaitBegun("web/0");

            assertThat(web.agent(0).terminate()).isEqualTo(128 + 15);
            web.awaitBegun("web/1"); // long before the lease of web/0 could run out
            web.agent(0).start();
            web.open(gate);

            web.assertHistoryIsClean();
            assertThat(web.log().order()).containsExactly("web/0", "web/1", "web/0");
            assertThat(web.agent(0).log()).contains("info stopped unit=web/0");
        }
    }

    /**
     * What the safety protocol does not promise: while the agent sleeps longer than its lease lives, its callback runs on
     * beside the next unit's. When it wakes it stops the callback; a late result does not count.
     */
    @Test
    void a_holder_that_sleeps_too_long_may_overlap_until_it_wakes() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, SHORT_LEASE)) {
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0, 1);
            web.awaitBegun("web/0");

            web.agent(0).pause();
            web.awaitBegun("web/1");
            web.agent(0).resume();
            web.awaitThat(() -> web.agent(0).log().contains("ending=interrupted"));
            int stopped = web.log().lines().size();
            web.open(gate);

            assertThat(web.violations()).allMatch(violation -> violation.startsWith("I1 "));
            CallbackLog.Line late = web.log().runs().get(0);
            assertThat(web.log().lines().subList(stopped, web.log().lines().size()))
                    .noneMatch(late::isOf);
            assertThat(web.log().order()).containsExactly("web/0", "web/1", "web/0");
        }
    }

    @Test
    void a_holder_that_sleeps_too_long_is_waited_for_when_its_callback_holds()
            throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, SHORT_LEASE)) {
            Path gate = web.file("gate");
            web.request("held", Map.of("gate", gate.toString()), 0, 1);
            web.awaitBegun("web/0");

            web.agent(0).pause();
            Json.Obj offline =
                    web.awaitStatus(seen -> !TestApplication.units(seen).get(0).bool("online"));
            assertThat(offline.object("grant").string("unit")).isEqualTo("web/0");
            assertThat(TestApplication.units(offline).get(0).string("remedy"))
                    .contains("rollingops force-release web/0 1");
            web.agent(0).resume();
            web.awaitOnline(TestApplication.UNITS);
            web.open(gate);

            web.assertHistoryIsClean();
            assertThat(web.log().order()).containsExactly("web/0", "web/1");
        }
    }

    @Test
    void a_leader_that_is_killed_in_the_middle_of_a_roll_is_replaced() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, LONG_LEASE)) {
            AgentProcess leader = web.leader();
            int holder = (leader.unit().number() + 1) % TestApplication.UNITS;
            int next = (leader.unit().number() + 2) % TestApplication.UNITS;
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), holder);
            web.request("work", Map.of(), next);
            web.awaitBegun("web/" + holder);

            leader.kill();
            web.open(gate);
            web.awaitThat(() -> web.log().hasBegun("web/" + next));
            leader.start();

            web.assertHistoryIsClean();
            assertThat(web.log().order()).containsExactly("web/" + holder, "web/" + next);
        }
    }

    @Test
    void a_leader_that_sleeps_is_replaced_and_follows_when_it_wakes() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, LONG_LEASE)) {
            AgentProcess leader = web.leader();
            int holder = (leader.unit().number() + 1) % TestApplication.UNITS;
            int next = (leader.unit().number() + 2) % TestApplication.UNITS;
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), holder);
            web.request("work", Map.of(), next, leader.unit().number());
            web.awaitBegun("web/" + holder);

            leader.pause();
            web.open(gate);
            web.awaitBegun("web/" + next);
            assertThat(web.leader().unit()).isNotEqualTo(leader.unit());
            leader.resume();

            web.assertHistoryIsClean();
            assertThat(web.log().order()).contains("web/0", "web/1", "web/2");
        }
    }

    @Test
    void what_is_queued_outlives_the_end_of_all_agents() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, SHORT_LEASE)) {
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0, 1, 2);
            web.request("work", Map.of("then", "this"), 0, 1, 2);
            web.awaitBegun("web/0");

            for (int i = 0; i < TestApplication.UNITS; i++) {
                web.agent(i).kill();
            }
            web.open(gate);
            for (int i = 0; i < TestApplication.UNITS; i++) {
                web.agent(i).start();
            }

            web.assertHistoryIsClean();
            List<Long> epochs =
                    web.log().runs().stream().map(CallbackLog.Line::epoch).toList();
            assertThat(epochs).hasSize(7).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void without_a_quorum_nothing_begins_and_with_it_everything_goes_on() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, SHORT_LEASE)) {
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0, 1, 2);
            web.awaitBegun("web/0");

            web.agent(1).kill();
            web.agent(2).kill();
            // The holder cannot renew its lease any more, so it stops its callback in time.
            web.awaitThat(() -> web.agent(0).log().contains("ending=interrupted"));
            Cli request = web.begin(0, "request", "work", "--arg", "n=1");
            assertThat(request.await()).isIn(5, 6);
            assertThat(request.err()).startsWith("rollingops: ").doesNotContain("\tat ");
            Cli why = web.begin(0, "why");
            assertThat(why.await()).isZero();
            assertThat(why.out()).contains("fewer than half of its voting members");
            assertThat(web.log().runs()).hasSize(1);
            web.agent(1).start();
            web.agent(2).start();
            web.open(gate);

            web.assertHistoryIsClean();
        }
    }

    @Test
    void an_agent_whose_data_was_lost_says_so_and_is_refused_from_then_on() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, SHORT_LEASE)) {
            AgentProcess forgetful = web.agent(2);
            forgetful.kill();
            delete(forgetful.socket().resolve("../..").normalize());

            forgetful.start();
            assertThat(forgetful.awaitEnd()).isEqualTo(70);
            assertThat(forgetful.log())
                    .contains("error halt unit=web/2", "its log was lost", "rollingops member remove web/2");
            forgetful.start();
            assertThat(forgetful.awaitEnd())
                    .as("not even when systemd starts it again")
                    .isEqualTo(2);

            web.awaitStatus(seen -> TestApplication.units(seen).stream()
                    .noneMatch(unit -> unit.string("unit").equals("web/2") && unit.bool("online")));
            Cli remove = web.begin(0, "member", "remove", "web/2");
            assertThat(remove.await()).as(remove.err()).isZero();
            assertThat(TestApplication.units(
                            web.awaitStatus(seen -> TestApplication.units(seen).size() == 2)))
                    .extracting(unit -> unit.string("unit"))
                    .containsExactly("web/0", "web/1");

            web.request("work", Map.of("case", "the others go on"), 0, 1);
            web.assertHistoryIsClean();
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> inside = Files.walk(directory)) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** For the leader, which writes first. The limit is above what the log's file has from the beginning. */
    @Test
    void an_agent_whose_disk_is_full_says_so_and_ends_and_nothing_is_lost() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, SHORT_LEASE)) {
            AgentProcess leader = web.leader();
            int other = (leader.unit().number() + 1) % TestApplication.UNITS;
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), leader.unit().number(), other);
            leader.limitFiles(400_000);
            for (int n = 0; n < 8; n++) {
                web.begin(other, "request", "work", "--arg", "n=" + n, "--arg", "pad=" + "x".repeat(60_000));
            }

            assertThat(leader.awaitEnd()).isEqualTo(70);
            assertThat(leader.log())
                    .contains("error halt unit=" + leader.unit(), "the log of the store cannot be written any more")
                    .contains("File too large", "see that the disk of the data directory has room");
            web.open(gate);
            web.awaitThat(() -> web.log().hasBegun("web/" + other));
            leader.start();

            web.assertHistoryIsClean();
        }
    }
}
