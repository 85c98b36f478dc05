// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.upgrade.UpgradeAnswer.Done;
import io.rollingops.upgrade.UpgradeAnswer.Refused;
import io.rollingops.upgrade.UpgradeError.DependencyError;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole upgrades; the behaviours that the original pins down, and its defects that are not inherited, by number. */
class UpgradeCoordinatorTest {
    private final UpgradeWorld vm = new UpgradeWorld(Substrate.VM, 3, "1");
    private final UpgradeWorld pods = new UpgradeWorld(Substrate.K8S, 3, "1");

    @Test
    void units_are_upgraded_in_the_order_of_the_stack_with_the_leader_last() {
        assertThat(vm.check()).isInstanceOf(Done.class);
        assertThat(vm.stack()).isEqualTo("[0, 1, 2]");

        vm.refresh("2");
        vm.settle();

        assertThat(vm.begun).containsExactly("2:2", "1:2", "0:2");
        assertThat(vm.states()).containsOnly("idle");
        assertThat(vm.stack()).isEqualTo("[]");
    }

    @Test
    void a_new_unit_is_idle_and_the_leader_stores_what_the_program_declares() {
        assertThat(vm.states()).containsExactly("idle", "idle", "idle");
        assertThat(vm.applicationBag)
                .containsEntry(
                        ApplicationUpgrade.DEPENDENCIES,
                        DependencyDocument.read(vm.declared).write());
    }

    @Test
    void nobody_begins_before_all_have_the_new_program() {
        vm.check();
        vm.get(2).program = new Release("2");
        vm.get(2).handle(new UpgradeEvent.Refreshed());
        vm.settle();

        assertThat(vm.begun).isEmpty();
        assertThat(vm.states()).containsExactly("idle", "idle", "ready");
        assertThat(vm.get(2).shown.orElseThrow().text()).startsWith("other units upgrading first...");
    }

    @Test
    void a_check_on_another_unit_than_the_leader_is_refused() {
        Optional<UpgradeAnswer> answer = vm.get(1)
                .handle(new UpgradeCommand.Check(Optional.empty(), new UpgradePause.BySubstrate(), Optional.empty()));
        assertThat(answer.orElseThrow().message()).isEqualTo("Action must be ran on the Juju leader.");
    }

    /** D22: the original gives only the message. */
    @Test
    void a_check_that_says_no_is_refused_with_cause_and_resolution() {
        vm.notReady = Optional.of("not healthy");
        assertThat(vm.check()).isEqualTo(new Refused("not healthy", "a backup is running; wait for it"));
        assertThat(vm.stack()).isEqualTo("[]");
    }

    @Test
    void a_check_can_be_overruled_with_a_reason_that_is_kept() {
        vm.notReady = Optional.of("not healthy");
        UpgradeAnswer answer = vm.ask(
                new UpgradeCommand.Check(Optional.empty(), new UpgradePause.Never(), Optional.of("the disk burns")));
        assertThat(answer).isInstanceOf(Done.class);
        assertThat(vm.applicationBag.get(ApplicationUpgrade.ORDERS)).contains("the disk burns");
    }

    @Test
    void a_failed_unit_stops_the_others_which_are_told() {
        failTheSecond();

        assertThat(vm.begun).containsExactly("2:2", "1:2");
        assertThat(vm.states()).containsExactly("ready", "failed", "completed");
        assertThat(vm.get(1).instructions).isEqualTo(1);
        assertThat(vm.shown())
                .containsExactly("app/1 failed: zk too old", "zk too old: it is 3.5", "app/1 failed: zk too old");
    }

    @Test
    void after_a_failure_the_check_prepares_the_way_back_and_a_refresh_takes_it_failed_unit_first() {
        failTheSecond();

        assertThat(vm.check()).isEqualTo(new Done("ready to rollback application"));
        assertThat(vm.stack()).isEqualTo("[0, 2, 1]");
        assertThat(vm.states()).containsExactly("recovery", "failed", "completed");

        vm.get(1).failure = Optional.empty();
        vm.refresh("1");
        vm.settle();

        assertThat(vm.begun).containsExactly("2:2", "1:2", "1:1", "2:1");
        assertThat(vm.states()).containsOnly("idle");
    }

    /** D7: the original answers that an upgrade goes on. */
    @Test
    void the_way_back_can_be_asked_for_again_and_by_another_leader() {
        failTheSecond();
        vm.check();
        assertThat(vm.check()).isEqualTo(new Done("ready to rollback application"));
        vm.leader = UpgradeWorld.unit(2);
        assertThat(vm.check()).isEqualTo(new Done("ready to rollback application"));
    }

    /** D6: the original strands the unit that was done. */
    @Test
    void a_refresh_back_in_the_middle_of_a_healthy_upgrade_brings_every_unit_back() {
        vm.check();
        vm.get(1).slow = true;
        vm.refresh("2");
        vm.settle();
        assertThat(vm.states()).containsExactly("ready", "upgrading", "completed");

        vm.get(1).working = false;
        vm.get(1).slow = false;
        vm.get(1).handle(new UpgradeEvent.Completed());
        vm.get(0).slow = true;
        vm.settle();
        vm.get(0).working = false;
        vm.get(0).slow = false;
        vm.refresh("1");
        vm.settle();

        assertThat(vm.states()).containsOnly("idle");
        assertThat(vm.begun).contains("2:1", "1:1", "0:1");
    }

    /** D1: the original is silent, and cannot be helped. */
    @Test
    void a_refresh_without_check_is_told_and_a_late_check_mends_it() {
        vm.refresh("2");
        vm.settle();
        assertThat(vm.begun).isEmpty();
        assertThat(vm.shown()).allMatch(text -> text.startsWith("new program without pre-upgrade-check"));

        vm.check();
        vm.settle();
        assertThat(vm.begun).containsExactly("2:2", "1:2", "0:2");
        assertThat(vm.shown()).containsOnly("");
    }

    /** D3: the original crashes in every hook. */
    @Test
    void a_unit_that_leaves_is_taken_off_the_stack() {
        vm.check();
        vm.leave(2);
        vm.refresh("2");
        vm.settle();
        assertThat(vm.begun).containsExactly("1:2", "0:2");
    }

    /** D2, D4: the original crashes on the new unit, and then nobody goes on. */
    @Test
    void a_unit_that_joins_is_not_waited_for() {
        vm.check();
        vm.get(2).slow = true;
        vm.refresh("2");
        vm.settle();
        vm.join(3, "2");
        vm.get(2).working = false;
        vm.get(2).handle(new UpgradeEvent.Completed());
        vm.settle();
        assertThat(vm.begun).containsExactly("2:2", "1:2", "0:2");
        assertThat(vm.states()).containsExactly("idle", "idle", "idle", "idle");
    }

    /** D5: the original waits for an event that nobody sends. */
    @Test
    void a_new_leader_goes_on_where_the_old_one_stopped() {
        vm.check();
        vm.get(2).slow = true;
        vm.refresh("2");
        vm.settle();
        vm.leader = UpgradeWorld.unit(1);
        vm.leave(0);
        vm.get(2).working = false;
        vm.get(2).handle(new UpgradeEvent.Completed());
        vm.settle();
        assertThat(vm.begun).containsExactly("2:2", "1:2");
        assertThat(vm.states()).containsOnly("idle");
    }

    /** D8: the original compares on the leader only, so that nobody may. */
    @Test
    void each_unit_refuses_a_program_that_may_not_follow_and_says_why() {
        vm.check();
        vm.declared = UpgradeWorld.DECLARED.replace(">0", ">=3").replace("\"2\"", "\"3\"");
        vm.refresh("2");
        vm.settle();
        assertThat(vm.begun).isEmpty();
        assertThat(vm.states()).containsOnly("failed");
        assertThat(vm.shown())
                .allMatch(text -> text.startsWith("Versions incompatible, charm 2 can not be upgraded to 3"));

        vm.declared = UpgradeWorld.DECLARED;
        vm.refresh("1");
        vm.settle();
        assertThat(vm.begun).isEmpty();
        assertThat(vm.states()).containsOnly("idle");
    }

    @Test
    void a_related_application_that_is_too_old_stops_the_unit_before_it_begins() {
        vm.reported = Map.of("zk", "3.5");
        vm.check();
        vm.refresh("2");
        vm.settle();
        assertThat(vm.begun).isEmpty();
        assertThat(vm.states()).containsExactly("ready", "ready", "failed");
    }

    /** D13: the original grants it again at every change. */
    @Test
    void a_turn_that_is_under_way_is_not_begun_again() {
        vm.check();
        vm.get(2).slow = true;
        vm.refresh("2");
        vm.settle();
        vm.settle();
        assertThat(vm.begun).containsExactly("2:2");
    }

    @Test
    void a_turn_that_was_lost_in_a_crash_is_begun_again() {
        vm.check();
        vm.get(2).slow = true;
        vm.refresh("2");
        vm.settle();
        vm.get(2).working = false;
        vm.get(2).slow = false;
        vm.settle();
        assertThat(vm.begun).containsExactly("2:2", "2:2", "1:2", "0:2");
    }

    /** D14: the original does not catch the error of an only unit. */
    @Test
    void an_only_unit_is_upgraded_like_any_other() {
        UpgradeWorld one = new UpgradeWorld(Substrate.VM, 1, "1");
        one.get(0).failure = Optional.of(new DependencyError("zk too old", "it is 3.5"));
        one.check();
        one.refresh("2");
        assertThat(one.states()).containsExactly("failed");
    }

    /** D24: the original has neither. */
    @Test
    void an_upgrade_pauses_and_goes_on_when_told() {
        vm.ask(new UpgradeCommand.Check(Optional.empty(), new UpgradePause.After(1), Optional.empty()));
        vm.refresh("2");
        vm.settle();
        assertThat(vm.begun).containsExactly("2:2");
        assertThat(vm.shown()).containsOnly("the upgrade pauses");

        assertThat(vm.ask(new UpgradeCommand.Resume(new UpgradePause.Never())))
                .isEqualTo(new Done("Upgrade will resume on unit 1"));
        vm.settle();
        assertThat(vm.begun).containsExactly("2:2", "1:2", "0:2");
    }

    @ParameterizedTest
    @EnumSource(
            value = OperatorOrder.Kind.class,
            names = {"RETRY", "FORCE", "SKIP", "LEAVE_OUT", "ABANDON"})
    void a_failure_has_more_ways_out_than_back(OperatorOrder.Kind kind) {
        failTheSecond();
        vm.get(1).failure = Optional.empty();

        UpgradeAnswer answer = vm.ask(
                switch (kind) {
                    case RETRY -> new UpgradeCommand.Retry(UpgradeWorld.unit(1), "mended");
                    case FORCE -> new UpgradeCommand.Force(UpgradeWorld.unit(1), "mended");
                    case SKIP -> new UpgradeCommand.Skip(UpgradeWorld.unit(1), "it stays old");
                    case LEAVE_OUT -> new UpgradeCommand.LeaveOut(UpgradeWorld.unit(1), "it is dead");
                    default -> new UpgradeCommand.Abandon("enough");
                });
        vm.settle();

        assertThat(answer).isInstanceOf(Done.class);
        assertThat(vm.states()).containsOnly("idle");
        assertThat(vm.begun)
                .isEqualTo(
                        switch (kind) {
                            case RETRY, FORCE -> List.of("2:2", "1:2", "1:2", "0:2");
                            case SKIP, LEAVE_OUT -> List.of("2:2", "1:2", "0:2");
                            default -> List.of("2:2", "1:2");
                        });
    }

    @Test
    void with_a_target_units_need_no_new_program_and_go_back_without_one() {
        UpgradeWorld hosts = new UpgradeWorld(Substrate.VM, 3, "1.0");
        hosts.get(1).failure = Optional.of(new IllegalStateException("exit status 1"));
        hosts.ask(
                new UpgradeCommand.Check(Optional.of(new Release("1.1")), new UpgradePause.Never(), Optional.empty()));
        hosts.settle();
        assertThat(hosts.states()).containsExactly("ready", "failed", "completed");

        hosts.get(1).failure = Optional.empty();
        hosts.ask(new UpgradeCommand.Rollback("it fails"));
        hosts.settle();

        assertThat(hosts.states()).containsOnly("idle");
        assertThat(hosts.unitBags.values())
                .allSatisfy(bag -> assertThat(bag).containsEntry(UnitUpgrade.INSTALLED, "1.0"));
        assertThat(hosts.begun).hasSize(4);
    }

    /** D25: the original has no protection. */
    @Test
    void an_older_target_is_refused_unless_overruled() {
        Release older = new Release("0.9");
        assertThat(vm.ask(new UpgradeCommand.Check(Optional.of(older), new UpgradePause.Never(), Optional.empty())))
                .isInstanceOf(Refused.class);
        assertThat(vm.ask(new UpgradeCommand.Check(
                        Optional.of(older), new UpgradePause.Never(), Optional.of("the new one eats data"))))
                .isInstanceOf(Done.class);
    }

    /** D32: the original crashes, or has no state at all. */
    @Test
    void a_damaged_databag_stops_the_upgrade_is_told_and_can_be_abandoned() {
        vm.check();
        vm.applicationBag.put(ApplicationUpgrade.STACK, "[0, 1");
        vm.refresh("2");
        vm.settle();
        assertThat(vm.begun).isEmpty();
        assertThat(vm.ask(new UpgradeCommand.Abandon("the databag is damaged"))).isInstanceOf(Done.class);
        vm.settle();
        assertThat(vm.stack()).isEqualTo("[]");
        assertThat(vm.states()).containsOnly("idle");
    }

    @Test
    void the_partition_is_held_at_the_highest_unit_and_lowered_one_by_one_after_a_pause() {
        pods.check();
        assertThat(pods.partition).isEqualTo(2);
        pods.replace(2, "2");
        assertThat(pods.partition).isEqualTo(2);

        pods.ask(new UpgradeCommand.Resume(new UpgradePause.BySubstrate()));
        assertThat(pods.partition).isEqualTo(1);
        pods.replace(1, "2");
        assertThat(pods.partition).isZero();
        pods.replace(0, "2");

        assertThat(pods.partitions).containsExactly(2, 1, 0);
        assertThat(pods.states()).containsOnly("idle");
    }

    @Test
    void a_partition_that_cannot_be_set_before_the_check_refuses_it() {
        pods.forbidden = true;
        assertThat(pods.check()).isEqualTo(new Refused("Kubernetes StatefulSet patch failed", "`juju trust` needed"));
        assertThat(pods.stack()).isEqualTo("[]");
    }

    /** The original fails the unit, although its workload is well. */
    @Test
    void a_partition_that_cannot_be_lowered_is_told_and_tried_again() {
        pods.ask(new UpgradeCommand.Check(Optional.empty(), new UpgradePause.Never(), Optional.empty()));
        pods.forbidden = true;
        pods.replace(2, "2");
        assertThat(pods.states()).containsExactly("idle", "idle", "completed");
        assertThat(pods.get(0).shown.orElseThrow().text())
                .isEqualTo("Kubernetes StatefulSet patch failed: `juju trust` needed");

        pods.forbidden = false;
        pods.settle();
        assertThat(pods.partition).isEqualTo(1);
    }

    /** D17, D18: the original rolls all pods back at once, and the leader stays in recovery. */
    @Test
    void on_kubernetes_the_way_back_is_held_too_and_ends_for_pods_that_were_never_replaced() {
        pods.ask(new UpgradeCommand.Check(Optional.empty(), new UpgradePause.Never(), Optional.empty()));
        pods.replace(2, "2");
        pods.get(1).program = new Release("2");
        pods.get(1).handle(new UpgradeEvent.Refreshed());
        pods.get(1).handle(new UpgradeEvent.Failed(new Problem("it does not start", "", "")));
        pods.settle();

        pods.check();
        assertThat(pods.partition).isEqualTo(2);
        pods.replace(2, "1");
        pods.ask(new UpgradeCommand.Resume(new UpgradePause.Never()));
        assertThat(pods.partition).isEqualTo(1);
        pods.replace(1, "1");

        assertThat(pods.states()).containsOnly("idle");
    }

    /** D19: the original takes it for an upgrade. */
    @Test
    void a_pod_that_is_only_started_again_is_not_upgrading() {
        pods.check();
        pods.get(1).handle(new UpgradeEvent.Refreshed());
        assertThat(pods.states()).containsOnly("idle");
    }

    private void failTheSecond() {
        vm.check();
        vm.get(1).failure = Optional.of(new DependencyError("zk too old", "it is 3.5"));
        vm.refresh("2");
        vm.settle();
    }
}
