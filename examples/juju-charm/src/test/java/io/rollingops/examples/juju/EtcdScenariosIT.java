// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static io.rollingops.examples.juju.EtcdModel.delay;
import static io.rollingops.examples.juju.EtcdModel.retries;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.ActionRun;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the original's integration tests claim of charms on etcd, with the example charm: one application of three units
 * and one of one, of one cluster id. Every scenario leaves both idle, so they come in any order.
 */
@RequiresEtcd
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EtcdScenariosIT {
    private EtcdModel model;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeAll
    void deploy() throws IOException {
        model = EtcdModel.start(7);
        model.charm().deployOnEtcd("app", 3, Map.of());
        model.charm().deployOnEtcd("other", 1, Map.of());
        model.charm().settleOnEtcd("app");
        model.charm().settleOnEtcd("other");
    }

    @AfterAll
    void end() {
        if (model != null) {
            model.close();
        }
    }

    @Test
    void a_restart_of_one_unit_runs_on_etcd() {
        EtcdModel.Work work = model.work();
        ActionResult asked = model.charm().run("app/0", "restart", Map.of());
        assertThat(asked.completed()).as(asked.message()).isTrue();
        assertThat(asked.get("backend")).isEqualTo("etcd");
        assertThat(asked.get("status")).isEqualTo("waiting");
        assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
        assertThat(model.workerLog("app/0")).anyMatch(line -> line.contains("dispatches rollingops_lock_granted"));
        assertThat(model.juju().databag("restart", "app/0"))
                .containsEntry("processing_backend", "etcd")
                .containsEntry("state", "idle")
                .containsEntry("operations", "[]");
        model.awaitFreeLock();
    }

    @Test
    void a_restart_that_fails_is_tried_again_before_the_next_one_of_its_unit() {
        EtcdModel.Work work = model.work();
        model.ask("app/1", "failed-restart", retries(1));
        model.ask("app/1", "restart", Map.of());
        assertThat(work.settledAfter(6))
                .containsExactly(
                        "app/1 begin failed-restart",
                        "app/1 end failed-restart",
                        "app/1 begin failed-restart",
                        "app/1 end failed-restart",
                        "app/1 begin restart",
                        "app/1 end restart");
    }

    @Test
    void a_restart_that_is_deferred_is_tried_again_before_the_next_one_of_its_unit() {
        EtcdModel.Work work = model.work();
        model.ask("app/2", "deferred-restart", retries(1));
        model.ask("app/2", "restart", Map.of());
        assertThat(work.settledAfter(6))
                .containsExactly(
                        "app/2 begin deferred-restart",
                        "app/2 end deferred-restart",
                        "app/2 begin deferred-restart",
                        "app/2 end deferred-restart",
                        "app/2 begin restart",
                        "app/2 end restart");
    }

    @Test
    void a_unit_that_holds_on_for_its_retries_goes_before_its_own_and_other_applications() {
        EtcdModel.Work work = model.work();
        model.ask("app/0", "deferred-restart", retries(2));
        model.ask("app/1", "restart", Map.of());
        model.ask("other/0", "restart", Map.of());
        List<String> lines = work.settledAfter(10);
        int first = lines.indexOf("app/0 begin deferred-restart");
        assertThat(lines.subList(first, first + 6)).allMatch(line -> line.startsWith("app/0 "));
        assertThat(lines).hasSize(10).contains("app/1 end restart", "other/0 end restart");
        work.assertNeverTwoAtOnce();
    }

    @Test
    void units_that_release_for_their_retries_get_all_of_them_and_never_work_at_once() {
        EtcdModel.Work work = model.work();
        model.ask("app/0", "failed-restart", retries(2));
        model.ask("app/1", "failed-restart", retries(2));
        assertThat(work.settledAfter(12)).hasSize(12);
        assertThat(work.of("app/0")).hasSize(6);
        assertThat(work.of("app/1")).hasSize(6);
        work.assertNeverTwoAtOnce();
    }

    @Test
    void equal_requests_run_once_and_others_in_their_order() {
        EtcdModel.Work work = model.work();
        model.ask("app/0", "failed-restart", retries(0));
        for (int i = 0; i < 3; i++) {
            model.ask("app/0", "restart", Map.of());
        }
        model.ask("app/0", "deferred-restart", retries(0));
        assertThat(work.settledAfter(6))
                .containsExactly(
                        "app/0 begin failed-restart",
                        "app/0 end failed-restart",
                        "app/0 begin restart",
                        "app/0 end restart",
                        "app/0 begin deferred-restart",
                        "app/0 end deferred-restart");
    }

    @Test
    void units_of_two_applications_work_one_after_the_other() {
        EtcdModel.Work work = model.work();
        List<String> units = List.of("app/0", "app/1", "app/2", "other/0");
        units.forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        CharmUnderTest.assertOneAfterTheOther(work.settledAfter(8), units);
        model.awaitFreeLock();
    }

    @Test
    void synchronous_restarts_of_two_applications_exclude_each_other_and_callbacks() {
        EtcdModel.Work work = model.work();
        model.ask("app/2", "restart", delay(0.5));
        Map<String, Json> patient = Map.of("delay", new Json.Real(0.5), "timeout", Json.of(60));
        List<ActionRun> asked = List.of(
                model.juju().runAction("app/0", "sync-restart", patient),
                model.juju().runAction("other/0", "sync-restart", patient));
        for (ActionRun action : asked) {
            ActionResult result = action.result(CharmUnderTest.LIMIT);
            assertThat(result.completed()).as(result.message()).isTrue();
        }
        CharmUnderTest.assertOneAfterTheOther(work.settledAfter(6), List.of("app/0", "app/2", "other/0"));
    }

    @Test
    void a_synchronous_restart_that_does_not_get_the_lock_in_time_fails_and_does_nothing() {
        EtcdModel.Work work = model.work();
        model.takeLock();
        ActionResult result = model.charm().run("app/1", "sync-restart", Map.of("timeout", Json.of(0)));
        model.giveLockBack();
        assertThat(result.completed()).isFalse();
        assertThat(model.juju().log("app/1"))
                .as("the time was out, and nothing else was wrong")
                .anyMatch(line -> line.message().contains("the lock was not to be had within 0 ms"));
        assertThat(work.lines()).isEmpty();
    }
}
