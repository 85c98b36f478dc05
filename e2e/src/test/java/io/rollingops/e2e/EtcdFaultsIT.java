// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.testkit.FakeTime;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.EtcdProcess;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.net.FaultProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Applications that share a lock in a real etcd, while that, the way to it or a holder fails. */
@RequiresEtcd
@Timeout(180)
class EtcdFaultsIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(3));

    private static final Duration LEASE = Duration.ofSeconds(4);
    private static final Duration ETCD_LEASE = Duration.ofSeconds(6);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    @Test
    void two_applications_never_run_at_once_and_both_get_their_turns(TestInfo test) throws Exception {
        try (TestApplication web = start("web", 2, etcd(test, "degrade"));
                TestApplication api = start("api", 1, etcd(test, "degrade"))) {
            web.awaitBackend("etcd");
            api.awaitBackend("etcd");
            for (int i = 0; i < 3; i++) {
                web.request("work", Map.of("n", i), 0, 1);
                api.request("work", Map.of("n", i), 0);
            }

            web.assertHistoryIsClean();
            api.assertHistoryIsClean();
            assertNothingOverlaps(web.log().lines());
            assertThat(web.log().runs())
                    .hasSize(9)
                    .allMatch(run -> run.clusterToken().isPresent());
            assertThat(web.log().runs().stream().map(run -> run.clusterToken().orElseThrow()))
                    .isSorted();
        }
    }

    @Test
    void work_goes_on_over_the_peers_while_all_of_etcd_is_dead_and_returns_to_it(TestInfo test) throws Exception {
        try (TestApplication web = start("web", 3, etcd(test, "degrade"))) {
            web.awaitBackend("etcd");
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0, 1, 2);
            web.awaitBegun("web/0");

            ETCD.cluster().killAll();
            try {
                web.open(gate);
                web.awaitQuiet();
                assertThat(web.log().runs().get(0).clusterToken()).isPresent();
                assertThat(web.log().runs().subList(1, 3))
                        .allMatch(run -> run.clusterToken().isEmpty());
            } finally {
                ETCD.cluster().startAll();
                ETCD.cluster().awaitHealthy();
            }
            web.awaitBackend("etcd");
            web.request("work", Map.of("again", true), 0, 1, 2);

            web.assertHistoryIsClean();
            assertThat(web.log().runs().subList(3, 6))
                    .allMatch(run -> run.clusterToken().isPresent());
        }
    }

    @Test
    void with_the_policy_to_block_nothing_begins_until_etcd_is_back_and_what_ran_is_stopped(TestInfo test)
            throws Exception {
        try (TestApplication web = start("web", 1, etcd(test, "block"))) {
            web.awaitBackend("etcd");
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0);
            web.awaitBegun("web/0");
            ETCD.cluster().killAll();
            try {
                web.awaitThat(() -> web.agent(0).log().contains("ending=interrupted"));
                Json.Obj status = web.status();
                assertThat(status.object("etcd").string("why"))
                        .contains("etcd cannot be used", "waits until it is back");
                assertThat(web.log().runs()).hasSize(1);
                web.open(gate);
            } finally {
                ETCD.cluster().startAll();
                ETCD.cluster().awaitHealthy();
            }

            web.assertHistoryIsClean();
            assertThat(web.log().runs())
                    .hasSize(2)
                    .allMatch(run -> run.clusterToken().isPresent());
        }
    }

    @Test
    void a_unit_that_alone_is_cut_off_from_etcd_never_runs_beside_the_others(TestInfo test) throws Exception {
        try (FaultProxy proxy = new FaultProxy(ETCD.cluster().member(0).address());
                TestApplication web = TestApplication.start(
                        folder,
                        "web",
                        3,
                        LEASE,
                        number -> number == 1
                                ? section(test, proxy.endpoint(), "degrade")
                                : section(test, ETCD.cluster().endpoints(), "degrade"))) {
            web.awaitBackend("etcd");
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0, 1, 2);
            web.awaitBegun("web/0");
            proxy.hold();
            web.open(gate);
            web.awaitQuiet();
            proxy.forward();
            web.request("work", Map.of("again", true), 0, 1, 2);

            web.assertHistoryIsClean();
            assertNothingOverlaps(web.log().lines());
            Optional<Long> second = web.log().runs().stream()
                    .filter(run -> run.unit().equals("web/1"))
                    .findFirst()
                    .orElseThrow()
                    .clusterToken();
            assertThat(second).as("web/1 ran without the shared lock").isEmpty();
        }
    }

    /** The lock is lost so long before its lease ends that even what has to be killed has ended by then (rule L1). */
    @Test
    void a_callback_that_does_not_listen_has_ended_when_another_application_gets_the_lock(TestInfo test)
            throws Exception {
        Duration stopWithin = Duration.ofSeconds(9);
        Duration lease = Duration.ofSeconds(15);
        try (FaultProxy proxy = new FaultProxy(ETCD.cluster().member(0).address());
                TestApplication web = TestApplication.start(
                        folder,
                        "web",
                        1,
                        lease,
                        stopWithin,
                        number -> section(test, proxy.endpoint(), "block", lease));
                TestApplication api = TestApplication.start(
                        folder,
                        "api",
                        1,
                        lease,
                        stopWithin,
                        number -> section(test, ETCD.cluster().endpoints(), "block", lease))) {
            web.awaitBackend("etcd");
            api.awaitBackend("etcd");
            web.request("work", Map.of("gate", web.file("gate").toString(), "stubborn", "yes"), 0);
            web.awaitBegun("web/0");
            api.request("work", Map.of(), 0);
            api.awaitStatus(seen -> !seen.object("etcd").array("waiters").isEmpty());

            proxy.hold();
            api.awaitQuiet();
            proxy.forward();
            web.open(web.file("gate"));

            web.assertHistoryIsClean();
            api.assertHistoryIsClean();
            assertNothingOverlaps(web.log().lines());
            assertThat(web.log().order()).containsExactly("web/0", "api/0", "web/0");
        }
    }

    @Test
    void a_holder_that_is_killed_lets_the_next_one_go_when_its_leases_have_run_out(TestInfo test) throws Exception {
        try (TestApplication web = start("web", 3, etcd(test, "block"))) {
            web.awaitBackend("etcd");
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0, 1);
            web.awaitBegun("web/0");
            web.agent(0).kill();
            web.awaitBegun("web/1");
            web.agent(0).start();
            web.open(gate);

            web.assertHistoryIsClean();
            assertThat(web.log().order()).containsExactly("web/0", "web/1", "web/0");
        }
    }

    /** No lock can promise more, since nobody can stop what sleeps: only a resource that looks at the token is safe. */
    @Test
    void a_holder_that_sleeps_for_three_leases_may_overlap_until_it_wakes_and_its_token_is_the_older(TestInfo test)
            throws Exception {
        try (TestApplication web = start("web", 1, etcd(test, "block"));
                TestApplication api = start("api", 1, etcd(test, "block"))) {
            web.awaitBackend("etcd");
            api.awaitBackend("etcd");
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 0);
            web.awaitBegun("web/0");
            api.request("work", Map.of("gate", gate.toString()), 0);

            long asleep = System.nanoTime();
            web.agent(0).pause();
            api.awaitThat(() -> System.nanoTime() - asleep > 3 * ETCD_LEASE.toNanos()
                    && api.log().hasBegun("api/0"));
            web.agent(0).resume();
            web.awaitThat(() -> web.agent(0).log().contains("ending=interrupted"));
            int stopped = web.log().lines().size();
            CallbackLog.Line late = web.log().runs().get(0);
            web.open(gate);

            web.assertHistoryIsClean();
            api.assertHistoryIsClean();
            assertThat(web.log().order()).containsExactly("web/0", "api/0", "web/0");
            assertThat(web.log().runs().stream().map(run -> run.clusterToken().orElseThrow()))
                    .isSorted()
                    .doesNotHaveDuplicates();
            assertThat(web.log().lines().subList(stopped, web.log().lines().size()))
                    .noneMatch(late::isOf);
        }
    }

    @Test
    void the_leader_of_etcd_may_die_in_the_middle_of_a_roll(TestInfo test) throws Exception {
        try (TestApplication web = start("web", 3, etcd(test, "block"))) {
            web.awaitBackend("etcd");
            web.request("work", Map.of(), 0, 1, 2);
            web.request("work", Map.of("n", 2), 0, 1, 2);
            web.awaitBegun("web/0");
            EtcdProcess leader = ETCD.cluster().leader();
            leader.kill();
            try {
                web.assertHistoryIsClean();
            } finally {
                leader.start();
                ETCD.cluster().awaitHealthy();
            }
            assertThat(web.log().runs()).hasSizeGreaterThanOrEqualTo(6);
        }
    }

    /** The time of day decides nothing: neither for leases nor for who is next. */
    @Test
    void a_unit_whose_clock_is_an_hour_fast_takes_its_turn_like_the_others(TestInfo test) throws Exception {
        FakeTime clock = FakeTime.orSkip();
        try (TestApplication web = start("web", 3, etcd(test, "degrade"))) {
            web.awaitBackend("etcd");
            web.agent(1).terminate();
            web.agent(1).start(clock.environment("+1h"));
            web.awaitOnline(3);
            web.awaitBackend("etcd");
            for (int i = 0; i < 3; i++) {
                web.request("work", Map.of("n", i), 0, 1, 2);
            }

            web.assertHistoryIsClean();
            assertThat(web.log().runs())
                    .hasSize(9)
                    .allMatch(run -> run.clusterToken().isPresent());
            assertNothingOverlaps(web.log().lines());
        }
    }

    @Test
    void a_command_under_the_lock_excludes_the_callbacks_of_other_applications(TestInfo test) throws Exception {
        try (TestApplication web = start("web", 1, etcd(test, "block"));
                TestApplication api = start("api", 1, etcd(test, "block"))) {
            web.awaitBackend("etcd");
            api.awaitBackend("etcd");
            Path began = web.file("began");
            Path gate = web.file("gate");
            Cli lock = beginUnderLock(web, began, gate);
            assertThat(Files.readString(began)).matches("[1-9][0-9]*\n");
            api.request("work", Map.of(), 0);
            api.awaitStatus(seen -> !seen.object("etcd").array("waiters").isEmpty());
            assertThat(api.log().runs()).isEmpty();

            web.open(gate);
            assertThat(lock.await()).isZero();
            api.assertHistoryIsClean();
            assertThat(api.log().runs()).hasSize(1);
        }
    }

    @Test
    void a_command_that_goes_on_without_the_lock_in_etcd_is_told_so(TestInfo test) throws Exception {
        try (FaultProxy proxy = new FaultProxy(ETCD.cluster().member(0).address());
                TestApplication web = start("web", 1, section(test, proxy.endpoint(), "degrade"))) {
            web.awaitBackend("etcd");
            Path began = web.file("began");
            Path gate = web.file("gate");
            Cli lock = beginUnderLock(web, began, gate);

            proxy.hold();
            web.awaitThat(() -> lock.err().contains("warning: the lock in etcd is lost"));
            Cli why = web.begin(0, "why");
            assertThat(why.await()).isZero();
            assertThat(why.out()).contains("etcd cannot be used", "beside other applications");
            web.open(gate);

            assertThat(lock.await()).as(lock.err()).isZero();
            assertThat(lock.out()).isEqualTo("done\n");
            proxy.forward();
            web.assertHistoryIsClean();
        }
    }

    @Test
    void new_endpoints_in_the_configuration_are_taken_up_while_the_agent_runs(TestInfo test) throws Exception {
        try (FaultProxy old = new FaultProxy(ETCD.cluster().member(0).address());
                TestApplication web = start("web", 1, section(test, old.endpoint(), "block"))) {
            web.awaitBackend("etcd");
            Path file = web.agent(0).configuration();
            String before = Files.readString(file);

            Files.writeString(file, before + "nonsense: true\n");
            web.awaitThat(() -> web.agent(0).log().contains("configuration-refused"));
            Files.writeString(
                    file,
                    before.replace(old.endpoint(), ETCD.cluster().endpoints().replace(",", "', '")));
            web.awaitThat(() -> web.agent(0).log().contains("etcd-access-changed"));
            old.cut();
            web.request("work", Map.of(), 0);

            web.assertHistoryIsClean();
            assertThat(web.log().runs())
                    .singleElement()
                    .matches(run -> run.clusterToken().isPresent());
        }
    }

    /** A command under the lock, which writes its token of etcd into one file when it begins, and ends when the other is there. */
    private static Cli beginUnderLock(TestApplication web, Path began, Path gate) throws IOException {
        Cli lock = web.begin(
                0,
                "lock",
                "--",
                "sh",
                "-c",
                "echo $ROLLINGOPS_CLUSTER_TOKEN >" + began + "; while [ ! -e " + gate
                        + " ]; do sleep 0.05; done; echo done");
        web.awaitThat(() -> Files.exists(began) && Files.readString(began).endsWith("\n"));
        return lock;
    }

    private TestApplication start(String name, int units, String section) throws IOException, InterruptedException {
        return TestApplication.start(folder, name, units, LEASE, number -> section);
    }

    private static String etcd(TestInfo test, String onLoss) {
        return section(test, ETCD.cluster().endpoints(), onLoss);
    }

    private static String section(TestInfo test, String endpoints, String onLoss) {
        return section(test, endpoints, onLoss, ETCD_LEASE);
    }

    private static String section(TestInfo test, String endpoints, String onLoss, Duration lease) {
        String cluster = test.getTestMethod().orElseThrow().getName();
        return """
                etcd:
                  cluster-id: %s
                  endpoints: ['%s']
                  lease: %ds
                  return-after: 1s
                  on-etcd-loss: %s
                """.formatted(cluster, endpoints.replace(",", "', '"), lease.toSeconds(), onLoss);
    }

    /** From the beginning to the last sign of life of each run, whatever the application; one that was killed has no end. */
    private static void assertNothingOverlaps(List<CallbackLog.Line> lines) {
        String open = "";
        for (CallbackLog.Line line : lines) {
            String run = line.unit() + " " + line.epoch();
            if (line.what().equals("begin")) {
                open = run;
            } else {
                assertThat(run).as("a run that still lives after another began").isEqualTo(open);
            }
            open = line.what().equals("end") ? "" : open;
        }
    }
}
