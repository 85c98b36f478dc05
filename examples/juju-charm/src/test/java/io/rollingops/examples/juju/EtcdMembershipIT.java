// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static io.rollingops.examples.juju.EtcdModel.delay;
import static io.rollingops.examples.juju.EtcdModel.retries;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Units come, go, lead and are lost in the middle of a roll on etcd. */
@RequiresEtcd
class EtcdMembershipIT {
    private EtcdModel model;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeEach
    void start() throws IOException {
        model = EtcdModel.start(5);
    }

    @AfterEach
    void end() {
        model.close();
    }

    @Test
    void units_that_come_and_go_in_the_middle_of_a_roll_take_part_and_leave_nothing_behind() {
        deploy(2);
        EtcdModel.Work growing = model.work();
        model.ask("app/0", "restart", delay(0.2));
        model.ask("app/1", "restart", delay(0.2));
        model.juju().addUnits("app", 1);
        growing.settledAfter(4);
        model.charm().settleOnEtcd("app");
        assertThat(model.charm().run("app/2", "restart", Map.of()).get("backend"))
                .isEqualTo("etcd");
        CharmUnderTest.assertOneAfterTheOther(growing.settledAfter(6), List.of("app/0", "app/1", "app/2"));

        EtcdModel.Work shrinking = model.work();
        Path files = model.files("app/0");
        List<ProcessHandle> processes = List.copyOf(model.juju().processes("app/0"));
        assertThat(files).isDirectory();
        assertThat(processes).isNotEmpty();
        assertThat(model.juju().leader("app")).contains("app/0");
        model.ask("app/0", "failed-restart", retries(1000));
        model.awaitWork(shrinking, "app/0 end failed-restart");
        model.juju().units("app").forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        model.juju().removeUnit("app/0");
        model.runUntil(
                "app/1 and app/2 have worked",
                () -> shrinking.lines().containsAll(List.of("app/1 end restart", "app/2 end restart")));
        model.charm().settle();
        shrinking.assertNeverTwoAtOnce();
        assertThat(model.juju().leader("app")).isPresent().isNotEqualTo("app/0");
        model.assertNothingIsLeftOf("app/0", files, processes.stream());
        assertThat(model.holder()).isEmpty();
    }

    @Test
    void a_holder_that_never_stops_trying_lets_the_others_go_when_it_is_removed() {
        deploy(2);
        EtcdModel.Work work = model.work();
        model.ask("app/1", "deferred-restart", retries(100_000));
        model.awaitWork(work, "app/1 end deferred-restart");
        model.ask("app/0", "restart", Map.of());
        model.juju().removeUnit("app/1");
        model.awaitWork(work, "app/0 end restart");
        model.charm().settle();
        work.assertNeverTwoAtOnce();
        assertThat(model.keysOf("app/1")).isEmpty();
    }

    @Test
    void a_holder_that_is_removed_by_force_lets_its_own_and_other_applications_go() {
        deploy(2);
        model.charm().deployOnEtcd("other", 1, EtcdModel.SHORT_LEASES);
        model.charm().settleOnEtcd("other");
        EtcdModel.Work work = model.work();
        model.ask("app/1", "restart", delay(60));
        model.awaitWork(work, "app/1 begin restart");
        model.ask("app/0", "restart", Map.of());
        model.ask("other/0", "restart", Map.of());
        List<ProcessHandle> processes = List.copyOf(model.juju().processes("app/1"));
        model.juju().forceRemoveUnit("app/1");
        processes.forEach(ProcessHandle::destroyForcibly); // the machine is gone
        model.runUntil(
                "the others have worked",
                () -> work.lines().containsAll(List.of("app/0 end restart", "other/0 end restart")));
        model.charm().settle();
        assertThat(work.lines()).hasSize(5).doesNotContain("app/1 end restart");
        model.await(
                "its keys are gone with its lease",
                () -> model.keysOf("app/1").stream()
                        .noneMatch(key -> key.contains("granted-unit") || key.contains("waiters")));
    }

    @Test
    void a_leader_that_dies_after_its_grant_and_a_unit_that_goes_before_it_begins_hold_up_nobody() {
        deploy(3);
        EtcdModel.Work work = model.work();
        model.ask("app/1", "restart", Map.of());
        awaitGrant("app/1");
        model.juju().forceRemoveUnit("app/0");
        assertThat(work.settledAfter(2)).containsExactly("app/1 begin restart", "app/1 end restart");
        String leader = model.juju().leader("app").orElseThrow();
        String goes = leader.equals("app/1") ? "app/2" : "app/1";

        EtcdModel.Work later = model.work();
        model.ask(goes, "restart", Map.of());
        awaitGrant(goes);
        model.juju().removeUnit(goes);
        model.ask(leader, "restart", Map.of());
        model.awaitWork(later, leader + " end restart");
        model.charm().settle();
        assertThat(later.of(goes)).as("a unit that goes begins nothing").isEmpty();
        assertThat(model.juju().units("app")).containsExactly(leader);
        assertThat(model.keysOf(goes)).isEmpty();
    }

    private void awaitGrant(String unit) {
        model.runUntil(
                unit + " is granted",
                () -> unit.equals(model.juju().appDatabag("restart", "app").get("granted_unit")));
    }

    private void deploy(int units) {
        model.charm().deployOnEtcd("app", units, EtcdModel.SHORT_LEASES);
        model.charm().settleOnEtcd("app");
    }
}
