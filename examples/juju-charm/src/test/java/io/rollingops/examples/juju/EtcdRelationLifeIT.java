// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static io.rollingops.examples.juju.EtcdModel.delay;
import static io.rollingops.examples.juju.EtcdModel.retries;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What is queued on etcd when the relation to it, or etcd itself, goes, comes back and changes. Every test leaves two applications on
 * etcd with nothing to do, so they come in any order.
 */
@RequiresEtcd
@Order(1)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EtcdRelationLifeIT {
    private EtcdModel model;
    private int relation;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeAll
    void deploy() throws IOException {
        model = EtcdModel.start(3);
        relation = model.deploy("app", 2, EtcdModel.SHORT_LEASES);
        model.deploy("other", 1, EtcdModel.SHORT_LEASES);
    }

    @BeforeEach
    void settle() {
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
    void queued_work_goes_on_over_the_peers_without_the_relation_and_on_etcd_when_it_is_there_again() {
        EtcdModel.Work work = model.work();
        model.ask("app/0", "failed-restart", retries(2));
        model.ask("app/1", "deferred-restart", retries(1));
        model.ask("app/1", "restart", Map.of());
        model.runUntil("somebody works", () -> !work.lines().isEmpty());
        model.juju().removeRelation(relation);
        work.settledAfter(12);
        work.assertNeverTwoAtOnce();
        assertThat(work.of("app/0")).hasSize(6).allMatch(line -> line.endsWith(" failed-restart"));
        assertThat(work.of("app/1"))
                .containsExactly(
                        "app/1 begin deferred-restart",
                        "app/1 end deferred-restart",
                        "app/1 begin deferred-restart",
                        "app/1 end deferred-restart",
                        "app/1 begin restart",
                        "app/1 end restart");
        for (String unit : model.juju().units("app")) {
            assertThat(model.juju().databag("restart", unit)).containsEntry("processing_backend", "peer");
            model.await("no worker of " + unit, () -> model.workers(unit).isEmpty());
            model.awaitNoKeysOf(unit);
            assertThat(model.files(unit).resolve("etcd/etcdctl.json")).doesNotExist();
        }

        EtcdModel.Work apart = model.work();
        assertThat(model.charm().run("app/0", "restart", Map.of()).get("backend"))
                .isEqualTo("peer");
        assertThat(model.charm().run("other/0", "restart", Map.of()).get("backend"))
                .isEqualTo("etcd");
        assertThat(apart.settledAfter(4)).contains("app/0 end restart", "other/0 end restart");

        relation = model.juju().relate("app", "etcd");
        model.charm().settleOnEtcd("app");
        EtcdModel.Work again = model.work();
        List<String> units = List.of("app/0", "app/1", "other/0");
        units.forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        CharmUnderTest.assertOneAfterTheOther(again.settledAfter(6), units);
    }

    @Test
    void a_unit_that_waits_for_the_lock_goes_on_over_its_peers_when_the_relation_is_removed() {
        EtcdModel.Work work = model.work();
        int log = model.workerLog("app/0").size();
        model.takeLock();
        model.ask("app/0", "restart", Map.of());
        model.runUntil(
                "app/0 waits for the lock",
                () -> model.workerLog("app/0").stream()
                        .skip(log)
                        .anyMatch(line -> line.contains("waits for the lock")));
        model.charm().settle();
        assertThat(work.lines()).isEmpty();
        model.juju().removeRelation(relation);
        assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
        model.giveLockBack();
        relation = model.juju().relate("app", "etcd");
    }

    @Test
    void queued_work_goes_on_over_the_peers_while_etcd_is_dead_and_on_etcd_when_it_is_back() {
        EtcdModel.Work work = model.work();
        model.takeLock();
        model.ask("app/0", "failed-restart", retries(1));
        model.ask("app/1", "restart", Map.of());
        model.charm().settle();
        model.await(
                "somebody waits for the lock",
                () -> model.juju().units("app").stream()
                        .anyMatch(unit ->
                                model.workerLog(unit).stream().anyMatch(line -> line.contains("waits for the lock"))));
        assertThat(work.lines()).isEmpty();
        model.etcd().cluster().killAll();
        work.settledAfter(6);
        work.assertNeverTwoAtOnce();
        assertThat(work.of("app/0")).hasSize(4);
        assertThat(work.of("app/1")).containsExactly("app/1 begin restart", "app/1 end restart");

        model.etcd().cluster().startAll();
        model.giveLockBack();
        model.charm().settleOnEtcd("app");
        EtcdModel.Work again = model.work();
        List.of("app/0", "app/1").forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        CharmUnderTest.assertOneAfterTheOther(again.settledAfter(4), List.of("app/0", "app/1"));
        for (String unit : model.juju().units("app")) {
            assertThat(model.juju().databag("restart", unit)).containsEntry("processing_backend", "etcd");
        }
    }

    @Test
    void endpoints_and_authority_that_change_are_followed_by_the_workers_that_run_and_nobody_loses_the_lock()
            throws IOException {
        List<String> units = List.of("app/0", "app/1", "other/0");
        Map<String, Long> starts = new TreeMap<>();
        units.forEach(unit -> starts.put(unit, model.starts(unit)));
        EtcdModel.Work work = model.work();
        model.ask("app/0", "restart", delay(6));
        model.awaitWork(work, "app/0 begin restart");
        model.ask("app/1", "restart", Map.of());
        model.ask("other/0", "restart", Map.of());
        model.access().rename();
        model.access()
                .trustAlso(
                        Files.readString(model.etcd().cluster().certificates().authority("next-authority")));
        model.juju().updateStatus("etcd/0");
        CharmUnderTest.assertOneAfterTheOther(work.settledAfter(6), units);
        for (String unit : units) {
            assertThat(Files.readString(model.files(unit).resolve("etcd/server-ca.pem")))
                    .as(unit)
                    .containsSubsequence("BEGIN CERTIFICATE", "BEGIN CERTIFICATE");
            model.await(
                    unit + " uses the other endpoint",
                    () -> model.workerLog(unit).stream().anyMatch(line -> line.contains("uses endpoints=localhost:")));
            assertThat(model.starts(unit)).as("starts of %s", unit).isEqualTo(starts.get(unit));
            assertThat(model.juju().databag("restart", unit)).containsEntry("processing_backend", "etcd");
        }
        EtcdModel.Work again = model.work();
        units.forEach(unit -> model.ask(unit, "restart", Map.of()));
        CharmUnderTest.assertOneAfterTheOther(again.settledAfter(6), units);
        assertThat(model.juju().log("app/0")).noneMatch(line -> line.toString().contains("the lock in etcd is lost"));
    }
}
