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
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Units come, go, lead and are lost in the middle of a roll on etcd. Every test leaves what is there with nothing to do, and
 * begins with new units where too few are left.
 */
@RequiresEtcd
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EtcdMembershipIT {
    private EtcdModel model;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeAll
    void deploy() throws IOException {
        model = EtcdModel.start(5);
        model.deploy("app", 3, EtcdModel.SHORT_LEASES);
        model.deploy("other", 1, EtcdModel.SHORT_LEASES);
        model.charm().settleOnEtcd("other");
    }

    @AfterAll
    void end() {
        if (model != null) {
            model.close();
        }
    }

    @Test
    void units_that_come_and_go_in_the_middle_of_a_roll_take_part_and_leave_nothing_behind() {
        List<String> before = units(2);
        EtcdModel.Work growing = model.work();
        before.forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        String added = add(1).get(0);
        growing.settledAfter(2 * before.size());
        model.charm().settleOnEtcd("app");
        assertThat(model.charm().run(added, "restart", Map.of()).get("backend")).isEqualTo("etcd");
        List<String> all = model.juju().units("app");
        CharmUnderTest.assertOneAfterTheOther(growing.settledAfter(2 * all.size()), all);

        EtcdModel.Work shrinking = model.work();
        String leader = model.juju().leader("app").orElseThrow();
        List<String> others = all.stream().filter(unit -> !unit.equals(leader)).toList();
        Path files = model.files(leader);
        List<ProcessHandle> processes = List.copyOf(model.juju().processes(leader));
        assertThat(files).isDirectory();
        assertThat(processes).isNotEmpty();
        model.ask(leader, "failed-restart", retries(1000));
        model.awaitWork(shrinking, leader + " end failed-restart");
        all.forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        model.juju().removeUnit(leader);
        model.runUntil("the others have worked", () -> shrinking.lines().containsAll(ends(others)));
        model.charm().settle();
        shrinking.assertNeverTwoAtOnce();
        assertThat(model.juju().leader("app")).isPresent().isNotEqualTo(Optional.of(leader));
        model.assertNothingIsLeftOf(leader, files, processes.stream());
        model.awaitFreeLock();
    }

    @Test
    void a_holder_that_never_stops_trying_lets_the_others_go_when_it_is_removed() {
        List<String> units = units(2);
        String holder = follower(units);
        String other = units.get(units.indexOf(holder) == 0 ? 1 : 0);
        EtcdModel.Work work = model.work();
        model.ask(holder, "deferred-restart", retries(100_000));
        model.awaitWork(work, holder + " end deferred-restart");
        model.ask(other, "restart", Map.of());
        model.juju().removeUnit(holder);
        model.awaitWork(work, other + " end restart");
        model.charm().settle();
        work.assertNeverTwoAtOnce();
        model.awaitNoKeysOf(holder);
    }

    @Test
    void a_holder_that_is_removed_by_force_lets_its_own_and_other_applications_go() {
        List<String> units = units(2);
        String holder = follower(units);
        String other = units.get(units.indexOf(holder) == 0 ? 1 : 0);
        EtcdModel.Work work = model.work();
        model.ask(holder, "restart", delay(60));
        model.awaitWork(work, holder + " begin restart");
        model.ask(other, "restart", Map.of());
        model.ask("other/0", "restart", Map.of());
        List<ProcessHandle> processes = List.copyOf(model.juju().processes(holder));
        model.juju().forceRemoveUnit(holder);
        processes.forEach(ProcessHandle::destroyForcibly); // the machine is gone
        model.runUntil("the others have worked", () -> work.lines().containsAll(ends(List.of(other, "other/0"))));
        model.charm().settle();
        assertThat(work.lines()).hasSize(5).doesNotContain(holder + " end restart");
        model.await(
                "its keys are gone with its lease",
                () -> model.keysOf(holder).stream()
                        .noneMatch(key -> key.contains("granted-unit") || key.contains("waiters")));
    }

    @Test
    void a_leader_that_dies_after_its_grant_and_a_unit_that_goes_before_it_begins_hold_up_nobody() {
        List<String> units = units(3);
        EtcdModel.Work work = model.work();
        String granted = follower(units);
        model.ask(granted, "restart", Map.of());
        awaitGrant(granted);
        model.juju().forceRemoveUnit(model.juju().leader("app").orElseThrow());
        assertThat(work.settledAfter(2)).containsExactly(granted + " begin restart", granted + " end restart");

        String leader = model.juju().leader("app").orElseThrow();
        String goes = follower(model.juju().units("app"));
        EtcdModel.Work later = model.work();
        model.ask(goes, "restart", Map.of());
        awaitGrant(goes);
        model.juju().removeUnit(goes);
        model.ask(leader, "restart", Map.of());
        model.awaitWork(later, leader + " end restart");
        model.charm().settle();
        assertThat(later.of(goes)).as("a unit that goes begins nothing").isEmpty();
        assertThat(model.juju().units("app")).contains(leader).doesNotContain(goes);
        model.awaitNoKeysOf(goes);
    }

    /** At least so many units, on etcd and with nothing to do. */
    private List<String> units(int count) {
        add(Math.max(0, count - model.juju().units("app").size()));
        model.charm().settleOnEtcd("app");
        return model.juju().units("app");
    }

    private List<String> add(int count) {
        List<String> before = model.juju().units("app");
        if (count > 0) {
            model.juju().addUnits("app", count);
        }
        List<String> added = model.juju().units("app").stream()
                .filter(unit -> !before.contains(unit))
                .toList();
        for (String unit : added) {
            EtcdModel.SHORT_LEASES.forEach((name, value) -> model.juju().setVariable(unit, name, value));
        }
        return added;
    }

    private String follower(List<String> units) {
        String leader = model.juju().leader("app").orElseThrow();
        return units.stream().filter(unit -> !unit.equals(leader)).findFirst().orElseThrow();
    }

    private static List<String> ends(List<String> units) {
        return units.stream().map(unit -> unit + " end restart").toList();
    }

    private void awaitGrant(String unit) {
        model.runUntil(
                unit + " is granted",
                () -> unit.equals(model.juju().appDatabag("restart", "app").get("granted_unit")));
    }
}
