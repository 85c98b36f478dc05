// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.manager.RetryPause;
import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.testkit.juju.TraceEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Rolls on the peer relation, in the emulator and without processes: the behaviour of hooks and databags. */
class PeerRollTest {
    private static final String HOLDER = "granted_unit";
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    final JujuExtension extension =
            JujuExtension.with(builder -> builder.seed(7).parallel(1));

    @TempDir
    private Path folder;

    private RollingCharm charm = new RollingCharm(Path.of(""));

    @BeforeEach
    void makeCharm() {
        charm = new RollingCharm(folder);
    }

    @Test
    void a_single_unit_queues_is_granted_works_and_releases(JujuEmulator juju) {
        deploy(juju, 1);
        ActionResult asked = juju.runAction("app/0", "restart", Map.of()).result();
        assertThat(asked.message()).isEmpty();
        assertThat(asked.get("status")).isEqualTo("waiting");
        assertThat(asked.get("backend")).isEqualTo("peer");
        assertThat(juju.databag("restart", "app/0"))
                .containsEntry("state", "request")
                .containsEntry("protocol", "2")
                .containsEntry("processing_backend", "peer");

        charm.settle(juju);
        assertThat(charm.notes()).containsExactly("begin app/0 restart", "end app/0 restart");
        assertThat(juju.databag("restart", "app/0"))
                .containsEntry("state", "idle")
                .containsEntry("operations", "[]")
                .containsEntry("done_epoch", "1")
                .containsKey("executed_at");
        assertThat(juju.appDatabag("restart", "app"))
                .containsEntry("grant_epoch", "1")
                .doesNotContainKeys(HOLDER, "granted_at");
    }

    @Test
    void five_units_roll_one_after_the_other_in_the_order_of_their_requests(JujuEmulator juju) {
        deploy(juju, 5);
        for (String unit : List.of("app/3", "app/0", "app/4", "app/1", "app/2")) {
            juju.runAction(unit, "restart", Map.of()).result();
        }
        charm.settle(juju);
        assertThat(charm.notes())
                .containsExactly(
                        "begin app/3 restart",
                        "end app/3 restart",
                        "begin app/0 restart",
                        "end app/0 restart",
                        "begin app/4 restart",
                        "end app/4 restart",
                        "begin app/1 restart",
                        "end app/1 restart",
                        "begin app/2 restart",
                        "end app/2 restart");
    }

    @Test
    void a_hook_that_grants_writes_nothing_else_and_runs_no_callback(JujuEmulator juju) {
        deploy(juju, 3);
        for (String unit : juju.units("app")) {
            juju.runAction(unit, "restart", Map.of()).result();
        }
        charm.settle(juju);
        assertThat(charm.notes()).hasSize(6);
        for (TraceEntry entry : juju.trace()) {
            assertThat(entry.count("relation-set")).as(entry.toString()).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void a_failing_operation_is_tried_as_often_as_it_was_told_before_the_next_one_of_its_unit(JujuEmulator juju) {
        deploy(juju, 3);
        request(juju, "app/1", "failed-restart", 2);
        request(juju, "app/1", "restart", 0);
        charm.settle(juju);
        assertThat(begun())
                .containsExactly(
                        "app/1 failed-restart", "app/1 failed-restart", "app/1 failed-restart", "app/1 restart");
        assertThat(juju.databag("restart", "app/1")).containsEntry("operations", "[]");
    }

    @Test
    void a_unit_that_holds_on_for_its_retries_goes_before_all_others(JujuEmulator juju) {
        deploy(juju, 3);
        request(juju, "app/1", "deferred-restart", 2);
        request(juju, "app/2", "restart", 0);
        request(juju, "app/0", "restart", 0);
        charm.settle(juju);
        assertThat(begun())
                .containsExactly(
                        "app/1 deferred-restart",
                        "app/1 deferred-restart",
                        "app/1 deferred-restart",
                        "app/2 restart",
                        "app/0 restart");
    }

    @Test
    void units_that_release_for_their_retries_alternate(JujuEmulator juju) {
        deploy(juju, 3);
        request(juju, "app/1", "failed-restart", 2);
        request(juju, "app/2", "failed-restart", 2);
        charm.settle(juju);
        assertThat(begun())
                .containsExactly(
                        "app/1 failed-restart",
                        "app/2 failed-restart",
                        "app/1 failed-restart",
                        "app/2 failed-restart",
                        "app/1 failed-restart",
                        "app/2 failed-restart");
    }

    @Test
    void a_leader_that_releases_for_retries_again_and_again_blocks_nobody(JujuEmulator juju) {
        deploy(juju, 2);
        assertThat(juju.leader("app")).contains("app/0");
        request(juju, "app/0", "failed-restart", 20);
        request(juju, "app/1", "restart", 0);
        charm.settle(juju);
        assertThat(begun()).hasSize(22).startsWith("app/0 failed-restart", "app/1 restart", "app/0 failed-restart");
    }

    @Test
    void equal_requests_run_once_and_others_in_their_order(JujuEmulator juju) {
        deploy(juju, 2);
        juju.faults().starve("app/0"); // it leads, so nobody is granted before all have asked
        request(juju, "app/1", "restart", 0);
        request(juju, "app/1", "restart", 5);
        request(juju, "app/1", "failed-restart", 0);
        request(juju, "app/1", "restart", 0);
        juju.faults().feed("app/0");
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/1 restart", "app/1 failed-restart", "app/1 restart");
    }

    @Test
    void a_unit_that_pauses_after_a_failure_lets_the_others_go_first(JujuEmulator juju) {
        Duration pause = Duration.ofMinutes(10);
        charm = new RollingCharm(folder, settings -> settings.withPause(new RetryPause(pause, pause)));
        deploy(juju, 3);
        request(juju, "app/1", "failed-restart", 1);
        charm.settle(juju);
        request(juju, "app/2", "restart", 0);
        charm.settle(juju);
        assertThat(juju.databag("restart", "app/1")).containsEntry("ready", "false");
        assertThat(begun()).containsExactly("app/1 failed-restart", "app/2 restart");

        charm.skip(pause);
        charm.dispatch(juju, "app/1");
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/1 failed-restart", "app/2 restart", "app/1 failed-restart");
        assertThat(juju.databag("restart", "app/1")).doesNotContainKey("ready");
    }

    @Test
    void a_failed_commit_after_the_callback_does_not_run_it_again(JujuEmulator juju) {
        deploy(juju, 3);
        charm.failAfterCallback("app/1", 1);
        juju.runAction("app/1", "restart", Map.of()).result();
        juju.settleWithErrors(LIMIT);
        assertThat(juju.status("app/1").inError()).isTrue();
        assertThat(juju.databag("restart", "app/1")).containsEntry("state", "request");
        assertThat(juju.databag("restart", "app/1")).doesNotContainKey("done_epoch");
        juju.resolve("app/1");
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/1 restart");
        assertThat(juju.databag("restart", "app/1"))
                .containsEntry("done_epoch", "1")
                .containsEntry("operations", "[]");
    }

    @Test
    void a_failed_hook_under_juju_exec_commits_nothing_of_the_answer() {
        try (JujuEmulator juju = withoutSelfNotification()) {
            deploy(juju, 1);
            charm.failAfterCallback("app/0", 1);
            juju.runAction("app/0", "restart", Map.of()).result();
            charm.settle(juju);
            assertThat(begun()).containsExactly("app/0 restart");
            assertThat(juju.databag("restart", "app/0"))
                    .containsEntry("state", "request")
                    .doesNotContainKey("done_epoch");
            assertThat(juju.status("app/0").inError()).isFalse();
            charm.dispatch(juju, "app/0");
            charm.settle(juju);
            assertThat(begun()).containsExactly("app/0 restart");
            assertThat(juju.databag("restart", "app/0")).containsEntry("operations", "[]");
        }
    }

    @Test
    void what_a_handler_wrote_before_it_failed_is_taken_back_also_under_juju_exec(JujuEmulator juju) {
        deploy(juju, 2);
        charm.handle(hook -> {
            writeBoth(hook);
            throw new IOException("the disk is full");
        });
        assertThat(charm.dispatch(juju, "app/0").exitCode()).isEqualTo(1);
        juju.configure("app", Map.of("cluster-id", Json.of("x")));
        juju.settleWithErrors(LIMIT);
        assertThat(juju.status("app/0").inError()).isTrue();
        assertThat(juju.databag("restart", "app/0")).doesNotContainKey("note");
        assertThat(juju.appDatabag("restart", "app")).doesNotContainKey("note");

        charm.handle(PeerRollTest::writeBoth);
        assertThat(charm.dispatch(juju, "app/0").exitCode()).isZero();
        assertThat(juju.databag("restart", "app/0")).containsEntry("note", "unit");
        assertThat(juju.appDatabag("restart", "app")).containsEntry("note", "of app/0");
    }

    /** Juju has no way to take back what one command has set there, when the next one fails. */
    @Test
    void of_several_databags_those_before_a_refused_one_stay_under_juju_exec_and_not_in_a_hook(JujuEmulator juju) {
        deploy(juju, 2);
        charm.handle(PeerRollTest::writeBoth); // on a unit that does not lead
        juju.configure("app", Map.of("cluster-id", Json.of("x")));
        juju.settleWithErrors(LIMIT);
        assertThat(juju.status("app/1").inError()).isTrue();
        assertThat(juju.databag("restart", "app/1")).doesNotContainKey("note");

        assertThat(charm.dispatch(juju, "app/1").exitCode()).isEqualTo(1);
        assertThat(juju.databag("restart", "app/1")).containsEntry("note", "unit");
    }

    private static void writeBoth(Hook hook) {
        RelationId peers = hook.relations().relations("restart").get(0);
        hook.relations().writeApplication(peers, Map.of("note", "of " + hook.unit()));
        hook.relations().writeUnit(peers, Map.of("note", "unit"));
    }

    @Test
    void a_new_leader_goes_on_where_the_old_one_stopped(JujuEmulator juju) {
        deploy(juju, 3);
        request(juju, "app/1", "restart", 0);
        request(juju, "app/2", "restart", 0);
        juju.setLeader("app/2");
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/1 restart", "app/2 restart");
        assertThat(juju.appDatabag("restart", "app")).containsEntry("grant_epoch", "2");
    }

    @Test
    void a_granted_unit_that_becomes_leader_before_it_runs_still_runs(JujuEmulator juju) {
        deploy(juju, 3);
        juju.faults().starve("app/1");
        juju.faults().feed("app/1");
        request(juju, "app/1", "restart", 0);
        juju.faults().starve("app/1");
        juju.settle(LIMIT);
        assertThat(juju.appDatabag("restart", "app")).containsEntry(HOLDER, "app/1");
        juju.setLeader("app/1");
        juju.faults().feed("app/1");
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/1 restart");
    }

    @Test
    void a_leader_that_has_the_grant_and_is_removed_blocks_nobody() {
        try (JujuEmulator juju = withoutSelfNotification()) {
            deploy(juju, 3);
            request(juju, "app/0", "restart", 0);
            charm.dispatch(juju, "app/0");
            charm.forgetWakes();
            assertThat(juju.appDatabag("restart", "app")).containsEntry(HOLDER, "app/0");
            juju.faults().starve("app/0");
            request(juju, "app/2", "restart", 0);
            juju.removeUnit("app/0");
            juju.faults().feed("app/0");
            charm.settle(juju);
            assertThat(begun()).containsExactly("app/2 restart");
            assertThat(juju.appDatabag("restart", "app")).doesNotContainKey(HOLDER);
        }
    }

    @Test
    void a_granted_unit_that_is_removed_begins_nothing_and_the_next_one_gets_its_turn(JujuEmulator juju) {
        deploy(juju, 3);
        request(juju, "app/1", "deferred-restart", 1000);
        request(juju, "app/2", "restart", 0);
        juju.faults().starve("app/1");
        juju.settle(LIMIT);
        juju.removeUnit("app/1");
        juju.faults().feed("app/1");
        int before = begun().size();
        charm.settle(juju);
        assertThat(begun().subList(before, begun().size())).containsExactly("app/2 restart");
        assertThat(juju.units("app")).containsExactly("app/0", "app/2");
        assertThat(folder.resolve("app-1")).doesNotExist();
    }

    @Test
    void a_granted_unit_that_is_removed_by_force_blocks_nobody(JujuEmulator juju) {
        deploy(juju, 3);
        juju.faults().starve("app/1");
        juju.faults().feed("app/1");
        request(juju, "app/1", "restart", 0);
        juju.faults().starve("app/1");
        juju.settle(LIMIT);
        request(juju, "app/2", "restart", 0);
        juju.forceRemoveUnit("app/1");
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/2 restart");
    }

    @Test
    void a_unit_that_is_silent_keeps_its_grant_until_an_operator_takes_it(JujuEmulator juju) {
        deploy(juju, 3);
        request(juju, "app/1", "restart", 0);
        juju.stopAgent("app/1");
        request(juju, "app/2", "restart", 0);
        charm.settle(juju);
        juju.updateStatus("app/0");
        charm.settle(juju);
        assertThat(begun()).isEmpty();

        Map<String, Json> wrong = Map.of("unit", Json.of("app/1"), "epoch", Json.of(9));
        assertThat(juju.runAction("app/0", "force-release", wrong).result().completed())
                .isFalse();
        Map<String, Json> grant = Map.of("unit", Json.of("app/1"), "epoch", Json.of(1));
        assertThat(juju.runAction("app/2", "force-release", grant).result().completed())
                .as("it does not lead")
                .isFalse();
        assertThat(juju.runAction("app/0", "force-release", grant).result().completed())
                .isTrue();
        charm.settle(juju);
        assertThat(begun()).as("the silent unit asked first").containsExactly("app/2 restart");
        juju.startAgent("app/1");
        juju.updateStatus("app/1");
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/2 restart", "app/1 restart");
        assertThat(juju.appDatabag("restart", "app")).doesNotContainKeys(HOLDER, "grant_released");
    }

    @Test
    void units_that_come_during_a_roll_are_rolled_too(JujuEmulator juju) {
        deploy(juju, 2);
        request(juju, "app/0", "restart", 0);
        request(juju, "app/1", "restart", 0);
        juju.addUnits("app", 2);
        charm.settle(juju);
        request(juju, "app/3", "restart", 0);
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/0 restart", "app/1 restart", "app/3 restart");
    }

    @Test
    void a_new_leader_that_does_not_know_the_granted_unit_yet_does_not_take_it_for_gone(JujuEmulator juju) {
        deploy(juju, 2);
        juju.faults().starve("app/1");
        juju.addUnits("app", 1);
        charm.settle(juju);
        request(juju, "app/2", "restart", 0);
        juju.faults().starve("app/2");
        charm.settle(juju);
        assertThat(juju.appDatabag("restart", "app")).containsEntry(HOLDER, "app/2");
        juju.faults().feed("app/1");
        juju.runAction("app/1", "restart", Map.of()).result();
        juju.setLeader("app/1");
        charm.settle(juju);
        assertThat(juju.appDatabag("restart", "app")).containsEntry("grant_epoch", "1");
        juju.faults().feed("app/2");
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/2 restart", "app/1 restart");
    }

    @Test
    void a_leader_that_lost_its_leadership_grants_nothing_and_nothing_is_lost(JujuEmulator juju) {
        deploy(juju, 3);
        juju.faults().loseLeadershipBeforeCommit("app/0", "app/2");
        request(juju, "app/1", "restart", 0);
        juju.settleWithErrors(LIMIT);
        juju.units("app").stream().filter(unit -> juju.status(unit).inError()).forEach(juju::resolve);
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/1 restart");
    }

    @Test
    void one_damaged_databag_stops_nobody_else_and_is_not_overwritten(JujuEmulator juju) {
        deploy(juju, 3);
        juju.exec("app/1", "relation-set -r restart:0 operations=[1");
        request(juju, "app/2", "restart", 0);
        charm.settle(juju);
        assertThat(begun()).containsExactly("app/2 restart");
        ActionResult refused = juju.runAction("app/1", "restart", Map.of()).result();
        assertThat(refused.completed()).isFalse();
        assertThat(juju.databag("restart", "app/1")).containsEntry("operations", "[1");
        ActionResult state = juju.runAction("app/1", "state", Map.of()).result();
        assertThat(state.get("status")).isEqualTo("not-ready");
        assertThat(state.message()).isEqualTo("not ready");
        assertThat(state.log()).containsExactly("leader: false");
    }

    private static JujuEmulator withoutSelfNotification() {
        return JujuEmulator.builder()
                .seed(7)
                .parallel(1)
                .leaderNotifiesItself(false)
                .build();
    }

    private void request(JujuEmulator juju, String unit, String action, int maxRetry) {
        ActionResult result = juju.runAction(unit, action, Map.of("max-retry", Json.of(maxRetry)))
                .result();
        assertThat(result.completed()).as(result.toString()).isTrue();
    }

    private List<String> begun() {
        return charm.notes().stream()
                .filter(note -> note.startsWith("begin "))
                .map(note -> note.substring("begin ".length()))
                .toList();
    }

    private void deploy(JujuEmulator juju, int units) {
        juju.deploy(charm, "app", units);
        charm.settle(juju);
    }
}
