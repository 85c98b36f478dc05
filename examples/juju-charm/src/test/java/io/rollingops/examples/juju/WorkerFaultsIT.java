// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static io.rollingops.examples.juju.EtcdModel.delay;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What can fail around a worker: hooks, Juju's agent, the worker itself, etcd, the machine, an upgrade. Unit {@code app/0}
 * stops its callbacks when the lock is lost, {@code other/0} lets them go on. Every test leaves both idle.
 */
@RequiresEtcd
@Order(1)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WorkerFaultsIT {
    private EtcdModel model;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeAll
    void deploy() throws IOException {
        model = EtcdModel.start(17);
        model.deploy("app", 1, EtcdModel.BLOCKING);
        model.deploy("other", 1, EtcdModel.SHORT_LEASES);
        model.charm().settleOnEtcd("app");
        model.charm().settleOnEtcd("other");
    }

    /** Only for when the test before has failed. */
    @BeforeEach
    void tidyUp() {
        model.etcd().cluster().startAll();
        model.giveLockBack();
        model.charm().settle();
    }

    @AfterAll
    void end() {
        if (model != null) {
            model.close();
        }
    }

    @Test
    void a_hook_that_fails_after_its_callback_keeps_the_lock_and_its_result_is_recorded_once() {
        for (Consumer<String> fault : List.<Consumer<String>>of(
                unit -> model.juju().faults().failCommand(unit, "relation-set"),
                unit -> model.juju().faults().failCommit(unit))) {
            EtcdModel.Work work = model.work();
            int log = model.workerLog("app/0").size();
            String epoch = grantAndHold("app/0");
            fault.accept("app/0");
            model.runUntil(
                    "the result is recorded",
                    () -> "[]".equals(model.juju().databag("restart", "app/0").get("operations")));
            assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
            assertThat(model.workerLog("app/0", log))
                    .filteredOn(line -> line.contains("waits for the lock"))
                    .hasSize(1);
            assertThat(model.workerLog("app/0", log))
                    .filteredOn(line -> line.contains("failed; another one"))
                    .hasSize(1);
            assertThat(model.juju().databag("restart", "app/0"))
                    .containsEntry("operations", "[]")
                    .containsEntry("done_epoch", epoch);
            model.awaitFreeLock();
        }
    }

    @Test
    void a_worker_whose_agent_stops_while_it_waits_for_its_hook_tries_again() {
        EtcdModel.Work work = model.work();
        grantAndHold("app/0");
        model.juju().stopAgent("app/0");
        model.charm().settle();
        assertThat(work.lines()).isEmpty();
        model.juju().startAgent("app/0");
        assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
        model.awaitFreeLock();
    }

    @Test
    void a_worker_that_is_killed_while_it_waits_comes_back_by_itself_and_waits_on() {
        EtcdModel.Work work = model.work();
        model.waitForLock("app/0");
        model.killWorker("app/0");
        model.giveLockBack();
        assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
        model.awaitFreeLock();
    }

    @Test
    void a_worker_that_is_killed_with_the_lock_comes_back_by_itself_and_nothing_is_lost() {
        EtcdModel.Work work = model.work();
        grantAndHold("app/0");
        model.killWorker("app/0");
        assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
        model.awaitFreeLock();
        model.await(
                "nothing is queued or at work in etcd",
                () -> model.keysOf("app/0").stream()
                        .noneMatch(key -> key.contains("/pending/") || key.contains("/inprogress/")));
    }

    @Test
    void a_callback_that_may_not_go_on_without_the_lock_stops_and_is_tried_again_when_its_worker_is_killed() {
        EtcdModel.Work work = model.work();
        model.ask("app/0", "restart", delay(5));
        model.awaitWork(work, "app/0 begin restart");
        model.ask("other/0", "restart", delay(0.2));
        model.killWorker("app/0");
        assertThat(work.settledAfter(6)).hasSize(6);
        assertThat(work.of("app/0"))
                .containsExactly(
                        "app/0 begin restart", "app/0 stop restart", "app/0 begin restart", "app/0 end restart");
        work.assertNeverTwoAtOnce();
        model.awaitFreeLock();
    }

    @Test
    void a_callback_that_may_go_on_without_the_lock_ends_once_when_its_worker_is_killed() {
        EtcdModel.Work work = model.work();
        model.ask("other/0", "restart", delay(4));
        model.awaitWork(work, "other/0 begin restart");
        model.killWorker("other/0");
        assertThat(work.settledAfter(2)).containsExactly("other/0 begin restart", "other/0 end restart");
        assertThat(model.juju().log("other/0"))
                .anyMatch(line -> line.toString().contains("the lock in etcd is lost")
                        && line.toString().contains("policy=DEGRADE"));
        model.charm().settleOnEtcd("other");
        model.awaitFreeLock();
    }

    @Test
    void a_callback_that_may_not_go_on_without_the_lock_stops_when_etcd_dies_and_is_tried_again_when_it_is_back() {
        EtcdModel.Work work = model.work();
        model.ask("app/0", "restart", delay(6));
        model.awaitWork(work, "app/0 begin restart");
        model.etcd().cluster().killAll();
        model.awaitWork(work, "app/0 stop restart");
        model.charm().settle();
        assertThat(work.lines()).hasSize(2);
        model.etcd().cluster().startAll();
        assertThat(work.settledAfter(4)).hasSize(4).endsWith("app/0 begin restart", "app/0 end restart");
        model.awaitFreeLock();
    }

    @Test
    void a_callback_that_may_go_on_without_the_lock_ends_once_when_etcd_dies() {
        EtcdModel.Work work = model.work();
        model.ask("other/0", "restart", delay(7));
        model.awaitWork(work, "other/0 begin restart");
        model.etcd().cluster().killAll();
        assertThat(work.settledAfter(2)).containsExactly("other/0 begin restart", "other/0 end restart");
        model.etcd().cluster().startAll();
        model.charm().settleOnEtcd("other");
        assertThat(model.charm().run("other/0", "restart", Map.of()).get("backend"))
                .isEqualTo("etcd");
        assertThat(work.settledAfter(4)).hasSize(4);
        model.awaitFreeLock();
    }

    @Test
    void a_unit_that_waits_without_etcd_works_when_it_is_back_if_it_may_not_work_without() {
        EtcdModel.Work work = model.work();
        model.waitForLock("app/0");
        model.etcd().cluster().killAll();
        model.charm().settle();
        assertThat(work.lines()).isEmpty();
        model.etcd().cluster().startAll();
        assertThat(model.holder()).isEqualTo("somebody-else");
        model.giveLockBack();
        assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
    }

    @Test
    void after_a_reboot_of_its_machine_a_unit_has_a_worker_again_and_goes_on() {
        EtcdModel.Work work = model.work();
        model.waitForLock("app/0");
        List<ProcessHandle> before = model.workers("app/0");
        long starts = model.starts("app/0");
        model.juju().reboot("app/0");
        model.runUntil("a worker works again", () -> model.starts("app/0") > starts);
        assertThat(before).isNotEmpty().noneMatch(ProcessHandle::isAlive);
        model.giveLockBack();
        assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
    }

    @Test
    void an_upgrade_of_the_charm_replaces_the_worker_and_loses_nothing() throws IOException {
        EtcdModel.Work work = model.work();
        model.waitForLock("app/0");
        List<ProcessHandle> before = model.workers("app/0");
        long starts = model.starts("app/0");
        Path next = model.juju().folder().resolve("next-release");
        PreparedCharm.copy(model.charm().folder(), next);
        Files.setLastModifiedTime(
                next.resolve("worker/rollingops-worker.jar"), FileTime.from(Instant.parse("2026-02-03T04:05:06Z")));
        model.juju().upgrade("app", next);
        model.charm().settle();
        model.await(
                "the worker of the release before has ended",
                () -> before.stream().noneMatch(ProcessHandle::isAlive));
        model.runUntil("that of the new one works", () -> model.starts("app/0") > starts);
        try (Stream<Path> releases = Files.list(model.files("app/0").resolve("worker"))) {
            assertThat(releases).hasSize(1);
        }
        model.giveLockBack();
        assertThat(work.settledAfter(2)).containsExactly("app/0 begin restart", "app/0 end restart");
        model.awaitFreeLock();
    }

    /** Gives the number of the grant. */
    private String grantAndHold(String unit) {
        model.grantAndHold(unit);
        return epochOf(unit.substring(0, unit.indexOf('/')));
    }

    private String epochOf(String app) {
        return model.juju().appDatabag("restart", app).getOrDefault("grant_epoch", "0");
    }
}
