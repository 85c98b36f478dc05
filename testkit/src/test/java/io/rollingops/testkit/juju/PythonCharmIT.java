// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The unchanged Python library on the emulator, on its peer backend: what it does there is what it is known to do on
 * Juju. Runs in real time, since its workers sleep for 10 s before each turn of the leader.
 */
@Execution(ExecutionMode.CONCURRENT)
class PythonCharmIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final String TIME = "\"requested_at\":\"[0-9]{10}\\.[0-9]{1,6}\"";

    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    @TempDir
    private Path folder;

    private Path transitions = Path.of("");

    @BeforeEach
    void setTransitions() {
        transitions = folder.resolve("transitions");
    }

    @Test
    void a_single_unit_queues_is_granted_works_and_releases(JujuEmulator juju) throws Exception {
        deploy(juju, 1);
        ActionResult asked = juju.runAction("app/0", "restart", Map.of()).result();
        assertThat(asked.message()).isEmpty();
        assertThat(asked.get("status")).isEqualTo("granted");
        assertThat(asked.get("backend")).isEqualTo("peer");
        assertThat(juju.databag("restart", "app/0"))
                .containsEntry("state", "request")
                .containsEntry("processing_backend", "peer")
                .containsEntry("etcd_cleanup_needed", "true")
                .hasEntrySatisfying(
                        "operations",
                        queue -> assertThat(queue)
                                .matches(
                                        "\\[\\{\"callback_id\":\"restart\"," + TIME
                                                + ",\"max_retry\":null,\"attempt\":0,\"result\":null,\"kwargs\":\\{\"delay\":0\\}\\}\\]"));
        assertThat(juju.appDatabag("restart", "app"))
                .containsEntry("granted_unit", "app/0")
                .containsKeys("granted_at", "peer-rollingops-worker-pid");

        awaitTransitions(juju, 3);
        juju.settle(LIMIT);
        assertThat(transitions()).containsExactly("app/0 action restart", "app/0 begin restart", "app/0 end restart");
        assertThat(juju.databag("restart", "app/0"))
                .containsEntry("state", "idle")
                .containsEntry("operations", "[]")
                .containsKey("executed_at");
        assertThat(juju.appDatabag("restart", "app")).doesNotContainKeys("granted_unit", "granted_at");
        assertThat(juju.trace("app/0"))
                .filteredOn(entry -> entry.kind() == TraceEntry.Kind.COMMANDS)
                .singleElement()
                .satisfies(entry -> assertThat(entry.name())
                        .isEqualTo("JUJU_DISPATCH_PATH=hooks/rollingops_lock_granted " + juju.charmFolder("app/0")
                                + "/dispatch"));
    }

    @Test
    void a_single_unit_tries_again_as_often_as_it_was_told(JujuEmulator juju) throws Exception {
        deploy(juju, 1);
        juju.runAction("app/0", "failed-restart", Map.of("max-retry", Json.of(1)))
                .result();
        juju.runAction("app/0", "restart", Map.of()).result();
        awaitTransitions(juju, 8);
        juju.settle(LIMIT);
        assertThat(transitions())
                .containsExactly(
                        "app/0 action failed-restart",
                        "app/0 action restart",
                        "app/0 begin failed-restart",
                        "app/0 end failed-restart",
                        "app/0 begin failed-restart",
                        "app/0 end failed-restart",
                        "app/0 begin restart",
                        "app/0 end restart");
        assertThat(juju.databag("restart", "app/0")).containsEntry("operations", "[]");
    }

    @Test
    void three_units_roll_one_at_a_time_and_a_held_retry_goes_first(JujuEmulator juju) throws Exception {
        deploy(juju, 3);
        Map<String, Json> delay = Map.of("delay", new Json.Real(0.3));
        juju.runAction("app/1", "deferred-restart", delay);
        juju.runAction("app/2", "restart", delay);
        juju.runAction("app/0", "restart", delay);
        awaitTransitions(juju, 3 + 8);
        juju.settle(LIMIT);

        List<String> work = transitions().stream()
                .filter(line -> !line.contains(" action "))
                .toList();
        List<String> units = new ArrayList<>();
        for (int i = 0; i < work.size(); i += 2) {
            assertThat(work.get(i + 1)).isEqualTo(work.get(i).replace(" begin ", " end "));
            units.add(work.get(i).substring(0, work.get(i).indexOf(' ')));
        }
        assertThat(units).containsExactlyInAnyOrder("app/0", "app/1", "app/1", "app/2");
        assertThat(units.indexOf("app/1") + 1).isEqualTo(units.lastIndexOf("app/1"));
        assertThat(juju.trace())
                .as("followers work in the hook that tells them of their grant")
                .anySatisfy(entry -> {
                    assertThat(entry.unit().toString()).isEqualTo("app/2");
                    assertThat(entry.description()).isEqualTo("restart-relation-changed (restart:0, app)");
                    assertThat(entry.wall()).isGreaterThan(Duration.ofMillis(300));
                });

        ActionResult synchronous =
                juju.runAction("app/2", "sync-restart", Map.of()).result();
        assertThat(synchronous.message()).isEmpty();
        assertThat(transitions()).endsWith("app/2 begin sync-restart", "app/2 end sync-restart");
    }

    @Test
    void a_crashed_hook_changes_nothing_but_its_status_and_a_crashed_juju_exec_commits(JujuEmulator juju)
            throws Exception {
        deploy(juju, 2);
        juju.configure("app", Map.of("crash", Json.of("config-changed")));
        juju.settleWithErrors(LIMIT);
        for (String unit : juju.units("app")) {
            assertThat(juju.status(unit).agent().message()).isEqualTo("hook failed: \"config-changed\"");
            assertThat(juju.status(unit).workload()).isEqualTo(new Status("blocked", "about to crash"));
            assertThat(juju.databag("restart", unit)).doesNotContainKey("crash");
        }

        ExecResult result = juju.exec("app/1", "JUJU_DISPATCH_PATH=hooks/config-changed ./dispatch");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(juju.databag("restart", "app/1")).containsEntry("crash", "written");

        juju.configure("app", Map.of("crash", Json.of("")));
        juju.units("app").forEach(juju::resolve);
        juju.settle(LIMIT);
        assertThat(juju.status("app/0").workload().status()).isEqualTo("active");
    }

    @Test
    void two_commits_of_a_unit_give_one_change_and_a_follower_cannot_write_for_the_application(JujuEmulator juju)
            throws Exception {
        deploy(juju, 2);
        int before = juju.trace("app/0").size();
        juju.faults().starve("app/0");
        juju.exec("app/1", "relation-set -r restart:0 probe=1");
        juju.exec("app/1", "relation-set -r restart:0 probe=2");
        juju.faults().feed("app/0");
        juju.settle(LIMIT);
        assertThat(juju.trace("app/0").subList(before, juju.trace("app/0").size()))
                .extracting(TraceEntry::description)
                .containsExactly("restart-relation-changed (restart:0, app/1)");

        ExecResult refused = juju.exec("app/1", "relation-set -r restart:0 --app probe=1");
        assertThat(refused).isEqualTo(new ExecResult(1, "", "ERROR cannot write relation settings\n"));
    }

    @Test
    void the_lock_of_a_removed_unit_goes_to_the_next(JujuEmulator juju) throws Exception {
        deploy(juju, 3);
        juju.runAction("app/1", "deferred-restart", Map.of("max-retry", Json.of(1000)))
                .result();
        awaitTransitions(juju, 5);
        juju.runAction("app/2", "restart", Map.of()).result();
        juju.removeUnit("app/1");
        juju.runUntil("app/2 has restarted", () -> transitions().contains("app/2 end restart"), LIMIT);
        juju.settle(LIMIT);
        assertThat(juju.units("app")).containsExactly("app/0", "app/2");
        assertThat(juju.appDatabag("restart", "app")).doesNotContainKey("granted_unit");
    }

    private void deploy(JujuEmulator juju, int units) throws IOException, InterruptedException {
        Path charm = PythonCharm.prepare(juju.folder().resolve("python"));
        Files.createFile(transitions);
        juju.deploy(charm, "app", units, Map.of("transitions", Json.of(transitions.toString())));
        Isolation isolation = juju.isolation("app/0");
        assumeTrue(isolation.separate(), isolation::reason);
        juju.settle(LIMIT);
    }

    private void awaitTransitions(JujuEmulator juju, int count) {
        juju.runUntil(count + " transitions", () -> transitions().size() >= count, LIMIT);
    }

    /** What was done, in order, without the times. */
    private List<String> transitions() {
        try {
            return Files.readAllLines(transitions).stream()
                    .map(line -> line.substring(line.indexOf(' ') + 1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
