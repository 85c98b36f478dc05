// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static io.rollingops.juju.UpgradingCharm.parameters;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.Json;
import io.rollingops.juju.UpgradingCharm.Scene;
import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.CharmMetadata;
import io.rollingops.testkit.juju.EmulatedCharm;
import io.rollingops.testkit.juju.HookRun;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.upgrade.Substrate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Upgrades of charms in the emulator, without processes: hooks, actions and databags. */
class UpgradesTest {
    private static final String RELATION = UpgradingCharm.RELATION;

    @RegisterExtension
    final JujuExtension extension =
            JujuExtension.with(builder -> builder.seed(5).parallel(1).retriesHooks(false));

    @TempDir
    private Path folder;

    private Scene scene = Scene.onMachines(Path.of(""));

    @BeforeEach
    void makeScene() {
        scene = Scene.onMachines(folder);
    }

    @Test
    void a_new_application_is_at_rest_and_has_stored_what_it_declares(JujuEmulator juju) {
        deploy(juju, 3);
        assertThat(juju.appDatabag(RELATION, "app"))
                .containsEntry("dependencies", scene.revision("1").document());
        for (String unit : juju.units("app")) {
            assertThat(juju.databag(RELATION, unit))
                    .containsEntry("state", "idle")
                    .containsEntry("upgrade-installed", "1");
        }
        assertThat(scene.work()).isEmpty();
    }

    @Test
    void the_check_stores_the_order_and_says_what_comes_next(JujuEmulator juju) {
        deploy(juju, 3);
        ActionResult refused =
                juju.runAction("app/1", "pre-upgrade-check", Map.of()).result();
        assertThat(refused.completed()).isFalse();
        assertThat(refused.message()).isEqualTo("Action must be ran on the Juju leader.");

        ActionResult checked = check(juju);
        assertThat(checked.get("message")).isEqualTo("checked; the order is app/2, app/1, app/0");
        assertThat(checked.get("next")).startsWith("juju refresh app");
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[0, 1, 2]");
        scene.settle(juju);
        assertThat(juju.status("app/0").workload().message())
                .isEqualTo("upgrade checked; waits for a new program, or for the order to abandon");
        assertThat(scene.work()).isEmpty();
    }

    @Test
    void a_check_that_says_no_tells_cause_and_remedy_and_writes_nothing(JujuEmulator juju) {
        deploy(juju, 3);
        scene.ready = false;
        Map<String, String> before = juju.appDatabag(RELATION, "app");
        ActionResult refused =
                juju.runAction("app/0", "pre-upgrade-check", Map.of()).result();
        assertThat(refused.completed()).isFalse();
        assertThat(refused.message()).isEqualTo("not healthy: a member is down; start it");
        assertThat(refused.get("remedy")).isEqualTo("a member is down; start it");
        assertThat(juju.appDatabag(RELATION, "app")).isEqualTo(before);

        ActionResult overruled = juju.runAction("app/0", "pre-upgrade-check", parameters("overrule", "it is spare"))
                .result();
        assertThat(overruled.completed()).isTrue();
        assertThat(juju.appDatabag(RELATION, "app").get("upgrade-orders")).contains("it is spare");
    }

    @Test
    void a_check_that_takes_longer_than_the_leadership_is_vouched_for_writes_nothing(JujuEmulator juju) {
        deploy(juju, 3);
        scene.checkTakes = Duration.ofSeconds(31);
        ActionResult refused =
                juju.runAction("app/0", "pre-upgrade-check", Map.of()).result();
        assertThat(refused.message()).contains("may have lost the leadership meanwhile", "within 30 s");
        assertThat(juju.appDatabag(RELATION, "app").get("upgrade-stack")).isNull();

        scene.checkTakes = Duration.ofSeconds(20);
        check(juju);
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[0, 1, 2]");
    }

    @Test
    void the_stored_order_is_the_one_that_the_charm_builds_if_every_unit_stands_in_it_once(JujuEmulator juju) {
        deploy(juju, 3);
        scene.order = List.of(1, 2);
        ActionResult refused =
                juju.runAction("app/0", "pre-upgrade-check", Map.of()).result();
        assertThat(refused.message()).startsWith("the upgrade stack lacks app/0");
        assertThat(juju.appDatabag(RELATION, "app")).doesNotContainKey("upgrade-stack");

        scene.order = List.of(1, 0, 2);
        check(juju);
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[1, 0, 2]");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/0 2", "app/1 2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pre-upgrade-check",
                "resume-upgrade",
                "pause-upgrade",
                "retry-upgrade",
                "force-upgrade",
                "skip-upgrade",
                "rollback-upgrade",
                "abandon-upgrade"
            })
    void only_the_leader_takes_orders(String action, JujuEmulator juju) {
        deploy(juju, 2);
        ActionResult refused = juju.runAction("app/1", action, parameters("unit", "app/0", "reason", "x"))
                .result();
        assertThat(refused.completed()).isFalse();
        assertThat(refused.message()).isEqualTo("Action must be ran on the Juju leader.");
    }

    @Test
    void without_an_upgrade_there_is_nothing_to_resume_and_in_the_middle_of_one_nothing_to_check(JujuEmulator juju) {
        deploy(juju, 2);
        assertThat(juju.runAction("app/0", "resume-upgrade", Map.of()).result().message())
                .isEqualTo("Nothing to resume, upgrade stack unset.");
        check(juju);
        juju.faults().starve("app/1");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(juju.runAction("app/0", "pre-upgrade-check", Map.of())
                        .result()
                        .message())
                .isEqualTo("Cannot run pre-upgrade checks, cluster already upgrading. app/0 is ready; see the status of"
                        + " the upgrade");
    }

    @Test
    void a_unit_that_does_not_lead_writes_nothing_for_the_application(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        isOver(juju, "2");
        assertThat(scene.ledBy).containsExactly("app/0");
    }

    @Test
    void the_application_is_idle_when_every_unit_is_and_nothing_is_to_come(JujuEmulator juju) {
        deploy(juju, 2);
        assertThat(isIdle(juju)).isEqualTo("true");
        check(juju);
        assertThat(isIdle(juju)).isEqualTo("false");
        juju.faults().starve("app/0");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(isIdle(juju)).isEqualTo("false");
        juju.faults().feed("app/0");
        scene.settle(juju);
        assertThat(isIdle(juju)).isEqualTo("true");
    }

    private static String isIdle(JujuEmulator juju) {
        return juju.runAction("app/1", "idle", Map.of()).result().get("idle");
    }

    @Test
    void a_leader_that_failed_itself_goes_back_first_and_needs_nobody_to_wake_it(JujuEmulator juju) {
        deploy(juju, 3);
        scene.order = List.of(1, 0, 2);
        check(juju);
        scene.broken.add("app/0 2");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/0 2");
        check(juju);
        assertThat(juju.databag(RELATION, "app/0")).containsEntry("state", "recovery");
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[1, 2, 0]");
        check(juju);
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[1, 2, 0]");
        juju.upgrade("app", scene.revision("1"));
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/0 2", "app/0 1", "app/2 1");
        isOver(juju, "1");
    }

    @Test
    void three_units_are_upgraded_one_after_the_other_with_the_leader_last(JujuEmulator juju) {
        deploy(juju, 3);
        juju.setLeader("app/1");
        scene.settle(juju);
        juju.runAction("app/1", "pre-upgrade-check", Map.of()).result();
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.work())
                .containsExactly(
                        "app/2 begins 2",
                        "app/2 has 2",
                        "app/0 begins 2",
                        "app/0 has 2",
                        "app/1 begins 2",
                        "app/1 has 2");
        isOver(juju, "2");
        assertThat(juju.appDatabag(RELATION, "app"))
                .containsEntry("dependencies", scene.revision("2").document())
                .containsEntry("upgrade-stack", "[]");
    }

    @ParameterizedTest(name = "with rolling operations: {0}")
    @ValueSource(booleans = {false, true})
    void a_hook_that_replaces_a_workload_writes_nothing_for_the_application(boolean rolls, JujuEmulator juju) {
        scene = new Scene(folder, Substrate.VM, rolls);
        deploy(juju, 3);
        check(juju);
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.hooksWithWork).hasSize(3);
        assertThat(scene.mixed).isEmpty();
        isOver(juju, "2");
    }

    @Test
    void a_single_unit_is_upgraded_like_any_other(JujuEmulator juju) {
        deploy(juju, 1);
        check(juju);
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.work()).containsExactly("app/0 begins 2", "app/0 has 2");
        isOver(juju, "2");
    }

    @Test
    void an_upgrade_does_not_need_to_be_told_of_its_own_writes() {
        try (JujuEmulator juju = JujuEmulator.builder()
                .seed(3)
                .parallel(1)
                .leaderNotifiesItself(false)
                .build()) {
            deploy(juju, 3);
            check(juju);
            juju.upgrade("app", scene.revision("2"));
            scene.settle(juju);
            assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2", "app/0 2");
            isOver(juju, "2");
        }
    }

    @Test
    void a_failure_stops_the_others_and_after_the_check_a_refresh_takes_the_way_back(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        scene.broken.add("app/1 2");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2");
        assertThat(scene.instructions).containsExactly("app/1");
        assertThat(juju.databag(RELATION, "app/1")).containsEntry("state", "failed");
        assertThat(juju.status("app/1").workload().message()).isEqualTo("it does not start: port 80 is taken");
        assertThat(juju.status("app/1").workload().status()).isEqualTo("blocked");
        assertThat(juju.status("app/0").workload().message()).contains("app/1 failed: it does not start");
        ActionResult told = juju.runAction("app/2", "upgrade-status", Map.of()).result();
        assertThat(told.get("reason")).isEqualTo("app/1 failed: it does not start");
        assertThat(told.get("next")).contains("juju run app/leader retry-upgrade unit=app/1", "pre-upgrade-check");
        assertThat(told.get("units.app-2")).isEqualTo("completed, has 2");

        ActionResult back = check(juju);
        assertThat(back.get("message")).isEqualTo("ready to rollback application");
        assertThat(juju.databag(RELATION, "app/0")).containsEntry("state", "recovery");
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[0, 2, 1]");
        juju.upgrade("app", scene.revision("1"));
        scene.settle(juju);
        assertThat(scene.begun())
                .as("app/0 was never upgraded and has nothing to go back from")
                .containsExactly("app/2 2", "app/1 2", "app/1 1", "app/2 1");
        isOver(juju, "1");
    }

    @Test
    void the_way_back_has_one_order_also_when_several_units_were_done(JujuEmulator juju) {
        deploy(juju, 5);
        check(juju);
        scene.broken.add("app/1 2");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        check(juju);
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[0, 2, 3, 4, 1]");
        juju.upgrade("app", scene.revision("1"));
        scene.settle(juju);
        assertThat(scene.begun())
                .containsExactly(
                        "app/4 2", "app/3 2", "app/2 2", "app/1 2", "app/1 1", "app/4 1", "app/3 1", "app/2 1");
        isOver(juju, "1");
    }

    @Test
    void a_unit_that_failed_tries_again_when_told(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        scene.broken.add("app/1 2");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        scene.broken.clear();
        order(juju, "retry-upgrade", "unit", "app/1", "reason", "the port is free");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2", "app/1 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void a_unit_can_be_skipped_and_an_upgrade_paused_resumed_and_abandoned(JujuEmulator juju) {
        deploy(juju, 4);
        ActionResult checked = juju.runAction("app/0", "pre-upgrade-check", Map.of("pause-after", Json.of(1)))
                .result();
        assertThat(checked.completed()).isTrue();
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/3 2");
        assertThat(juju.status("app/2").workload().message()).isEqualTo("the upgrade pauses");

        order(juju, "skip-upgrade", "unit", "app/2", "reason", "it is to be removed");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/3 2");
        juju.runAction("app/0", "resume-upgrade", Map.of("pause-after", Json.of(1)))
                .result();
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/3 2", "app/1 2");
        order(juju, "pause-upgrade", "reason", "lunch");
        order(juju, "abandon-upgrade", "reason", "another day");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/3 2", "app/1 2");
        for (String unit : juju.units("app")) {
            assertThat(juju.databag(RELATION, unit)).containsEntry("state", "idle");
        }
    }

    @Test
    void a_refresh_back_in_the_middle_of_a_healthy_upgrade_needs_no_action(JujuEmulator juju) {
        deploy(juju, 3);
        juju.runAction("app/0", "pre-upgrade-check", Map.of("pause-after", Json.of(2)))
                .result();
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.installed).containsEntry("app/0", "1").containsEntry("app/2", "2");
        juju.upgrade("app", scene.revision("1"));
        scene.settle(juju);
        order(juju, "resume-upgrade");
        scene.settle(juju);
        assertThat(scene.begun().subList(2, 4)).containsExactlyInAnyOrder("app/2 1", "app/1 1");
        isOver(juju, "1");
    }

    @Test
    void a_refresh_without_check_blocks_visibly_and_a_late_check_mends_it(JujuEmulator juju) {
        deploy(juju, 3);
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.work()).isEmpty();
        for (String unit : juju.units("app")) {
            assertThat(juju.status(unit).workload().status()).isEqualTo("blocked");
            assertThat(juju.status(unit).workload().message()).startsWith("new program without pre-upgrade-check");
        }
        assertThat(isIdle(juju)).isEqualTo("false");
        check(juju);
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void a_charm_that_did_not_upgrade_so_far_is_followed_by_one_that_claims_nothing_of_its_workload(JujuEmulator juju) {
        juju.deploy(new Silent(scene.revision("2").metadata()), "app", 2);
        juju.settle(Duration.ofSeconds(30));
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(juju.databag(RELATION, "app/1"))
                .containsEntry("state", "idle")
                .containsEntry("upgrade-offered", "2")
                .doesNotContainKey("upgrade-installed");
        assertThat(juju.appDatabag(RELATION, "app")).doesNotContainKey("dependencies");
        assertThat(juju.status("app/1").workload().message()).startsWith("new program without pre-upgrade-check");
        check(juju);
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/1 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void units_whose_databags_the_original_wrote_are_taken_over_in_the_middle_of_its_upgrade(JujuEmulator juju) {
        juju.deploy(new Silent(scene.revision("1").metadata()), "app", 3);
        juju.settle(Duration.ofSeconds(30));
        for (String unit : juju.units("app")) {
            juju.exec(unit, "relation-set -r upgrade:0 state=idle");
        }
        juju.exec("app/0", "relation-set -r upgrade:0 --app upgrade-stack=[2,0,1]");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/1 2", "app/0 2", "app/2 2");
        isOver(juju, "2");
    }

    /** A charm that does nothing, whoever is told what; commands are run. */
    private record Silent(CharmMetadata metadata) implements EmulatedCharm {
        @Override
        public void run(HookRun hook) {
            if (!hook.commands().isEmpty()) {
                String[] words = hook.commands().split(" ");
                hook.run(words[0], List.of(words).subList(1, words.length).toArray(String[]::new));
            }
        }
    }

    @Test
    void a_program_that_may_not_follow_is_refused_by_every_unit_and_can_be_forced(JujuEmulator juju) {
        deploy(juju, 2);
        check(juju);
        juju.upgrade("app", scene.revision("2", ">=2"));
        scene.settle(juju);
        assertThat(scene.work()).isEmpty();
        assertThat(juju.status("app/1").workload().message())
                .startsWith("Versions incompatible, service 1 can not be upgraded to 2");
        order(juju, "force-upgrade", "unit", "app/1", "reason", "tested");
        order(juju, "retry-upgrade", "unit", "app/0", "reason", "tested");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/1 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void a_unit_whose_related_application_is_too_old_is_not_touched_until_that_is_new_enough(JujuEmulator juju) {
        scene.needs = Map.of("broker", ">=2.1");
        deploy(juju, 2);
        check(juju);
        scene.reported = () -> Map.of("broker", "2.0");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.work()).isEmpty();
        assertThat(juju.databag(RELATION, "app/1")).containsEntry("state", "failed");
        assertThat(juju.status("app/1").workload().message())
                .startsWith("Dependencies not satisfied")
                .contains("broker", ">=2.1", "2.0");

        scene.reported = () -> Map.of("broker", "2.1.3");
        order(juju, "retry-upgrade", "unit", "app/1", "reason", "the broker is upgraded");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/1 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void a_charm_that_cannot_tell_what_others_report_is_upgraded_and_says_so(JujuEmulator juju) {
        scene.needs = Map.of("broker", ">=2.1");
        scene.reported = () -> {
            throw new IOException("the broker does not answer");
        };
        deploy(juju, 2);
        check(juju);
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(juju.log("app/1"))
                .anyMatch(line -> line.level().equals("WARNING")
                        && line.message().contains("does not know what related applications report")
                        && line.message().contains("the broker does not answer"));
        isOver(juju, "2");
    }

    @Test
    void without_its_relation_an_upgrade_takes_no_orders_and_nothing_is_at_work(JujuEmulator juju) {
        scene.isRelated = false;
        deploy(juju, 1);
        for (String action : List.of("pre-upgrade-check", "resume-upgrade")) {
            ActionResult refused = juju.runAction("app/0", action, Map.of()).result();
            assertThat(refused.message()).isEqualTo("Could not find upgrade relation.");
        }
        assertThat(juju.runAction("app/0", "well", Map.of()).result().completed())
                .as("nothing is to be completed")
                .isTrue();
        assertThat(scene.work()).isEmpty();
    }

    @Test
    void a_leader_that_is_removed_in_the_middle_is_followed_by_another_that_goes_on(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        juju.faults().starve("app/1");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.work()).isEmpty();
        juju.removeUnit("app/0");
        juju.faults().feed("app/1");
        scene.settle(juju);
        assertThat(juju.units("app")).containsExactly("app/1", "app/2");
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2");
        assertThat(folder.resolve("app-0")).as("what the unit kept on its disk").doesNotExist();
        isOver(juju, "2");
    }

    @Test
    void a_leader_that_dies_between_completion_and_its_next_hook_leaves_nothing_undone(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        juju.faults().starve("app/0"); // it takes nobody off the stack
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        juju.forceRemoveUnit("app/0");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2");
        isOver(juju, "2");
    }

    @Test
    void a_unit_that_joins_in_the_middle_is_not_waited_for(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        juju.faults().starve("app/0");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        juju.addUnits("app", 1);
        scene.settle(juju);
        juju.faults().feed("app/0");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2", "app/0 2");
        assertThat(juju.databag(RELATION, "app/3")).containsEntry("upgrade-installed", "2");
        isOver(juju, "2");
    }

    @Test
    void a_unit_of_the_stack_that_departs_in_the_middle_is_taken_off(JujuEmulator juju) {
        deploy(juju, 4);
        check(juju);
        juju.faults().starve("app/0");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        juju.removeUnit("app/3");
        juju.removeUnit("app/1");
        scene.settle(juju);
        juju.faults().feed("app/0");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void repeated_hooks_change_nothing(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        juju.upgrade("app", scene.revision("2"));
        for (String unit : juju.units("app")) {
            juju.faults().repeatNextChange(unit);
        }
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2", "app/0 2");
        Map<String, String> before = juju.appDatabag(RELATION, "app");
        for (String unit : juju.units("app")) {
            juju.updateStatus(unit);
            scene.dispatch(juju, unit);
        }
        scene.settle(juju);
        assertThat(scene.begun()).hasSize(3);
        assertThat(juju.appDatabag(RELATION, "app")).isEqualTo(before);
    }

    @Test
    void a_hook_that_is_killed_in_the_middle_of_the_work_holds_the_others_and_begins_again(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        scene.dies.add("app/2");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(juju.status("app/2").inError()).isTrue();
        assertThat(juju.databag(RELATION, "app/2")).containsEntry("state", "ready");
        for (String unit : List.of("app/0", "app/1")) {
            juju.updateStatus(unit);
        }
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2");

        juju.resolve("app/2");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/2 2", "app/1 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void what_a_killed_hook_left_half_replaced_is_not_taken_for_the_old_release_on_the_way_back(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        scene.dies.add("app/2");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        order(juju, "rollback-upgrade", "reason", "it hangs");
        juju.resolveWithoutRetry("app/2");
        juju.upgrade("app", scene.revision("1"));
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/2 1");
        isOver(juju, "1");
    }

    @Test
    void work_whose_hook_could_not_be_committed_is_not_done_again(JujuEmulator juju) {
        deploy(juju, 3);
        check(juju);
        juju.faults().starve("app/2");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        juju.faults().feed("app/2");
        while (scene.work().isEmpty()) {
            juju.faults().failCommit("app/2");
            juju.step("app/2");
            if (scene.work().isEmpty()) {
                juju.resolve("app/2");
                juju.step("app/2");
                scene.queueWake(juju);
            }
        }
        assertThat(juju.databag(RELATION, "app/2").get("state")).isNotEqualTo("completed");
        juju.resolve("app/2");
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void a_restart_never_begins_beside_an_upgrade_that_was_killed_nor_before_it_is_over(JujuEmulator juju) {
        scene = new Scene(folder, Substrate.VM, true);
        deploy(juju, 3);
        check(juju);
        scene.dies.add("app/2");
        juju.upgrade("app", scene.revision("2"));
        while (scene.work().isEmpty()) {
            if (juju.step().isEmpty()) {
                assertThat(scene.queueWake(juju)).isTrue();
            }
        }
        assertThat(scene.work()).containsExactly("app/2 begins 2");
        juju.faults().starve("app/2"); // nobody knows that its process is gone
        scene.wakes.clear();
        juju.runAction("app/0", "restart", Map.of()).result();
        juju.runAction("app/1", "restart", Map.of()).result();
        scene.settle(juju);
        juju.updateStatus("app/0");
        juju.updateStatus("app/1");
        scene.settle(juju);
        assertThat(scene.work()).containsExactly("app/2 begins 2");

        juju.faults().feed("app/2");
        juju.resolve("app/2");
        scene.settle(juju);
        assertThat(scene.work()).startsWith("app/2 begins 2", "app/2 begins 2", "app/2 has 2");
        assertThat(scene.work()).contains("app/0 restarts", "app/1 restarts", "app/1 has 2", "app/0 has 2");
        isOver(juju, "2");
        for (String unit : juju.units("app")) {
            assertThat(juju.databag("restart", unit).getOrDefault("operations", "[]"))
                    .isEqualTo("[]");
        }
    }

    @Test
    void an_upgrade_waits_for_the_grant_of_a_unit_that_restarts(JujuEmulator juju) {
        scene = new Scene(folder, Substrate.VM, true);
        deploy(juju, 3);
        juju.faults().starve("app/1");
        juju.runAction("app/2", "restart", Map.of()).result();
        juju.faults().starve("app/2"); // it is granted and does not answer: it may be at work
        scene.settle(juju);
        assertThat(juju.appDatabag("restart", "app")).containsEntry("granted_unit", "app/2");
        check(juju);
        juju.faults().feed("app/1");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.work()).isEmpty();
        juju.faults().feed("app/2");
        scene.settle(juju);
        assertThat(scene.work().get(0)).isEqualTo("app/2 restarts");
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2", "app/0 2");
        isOver(juju, "2");
    }

    @Test
    void a_charm_that_rolls_and_upgrades_does_both(JujuEmulator juju) {
        scene = new Scene(folder, Substrate.VM, true);
        deploy(juju, 3);
        check(juju);
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
        assertThat(scene.begun()).containsExactly("app/2 2", "app/1 2", "app/0 2");
        juju.runAction("app/1", "restart", Map.of()).result();
        scene.settle(juju);
        assertThat(scene.work()).endsWith("app/1 restarts");
        isOver(juju, "2");
    }

    @Test
    void on_kubernetes_the_partition_is_held_and_lowered_pod_by_pod_after_the_order_to_resume(JujuEmulator juju) {
        checkOnKubernetes(juju);
        assertThat(scene.partitions).containsExactly(0, 2);
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[0, 1, 2]");
        ActionResult early = juju.runAction("app/2", "resume-upgrade", Map.of()).result();
        assertThat(early.completed()).isFalse();

        refreshTheHighest(juju);
        assertThat(juju.databag(RELATION, "app/2")).containsEntry("state", "upgrading");
        assertThat(juju.status("app/2").workload().message()).isEqualTo("upgrading unit");
        well(juju, "app/2");
        assertThat(scene.partitions).containsExactly(0, 2);
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-stack", "[0, 1]");

        assertThat(order(juju, "resume-upgrade").get("message")).isEqualTo("Upgrade will resume on unit 1");
        scene.settle(juju);
        assertThat(scene.partitions).containsExactly(0, 2, 1);
        juju.faults().feed("app/1");
        scene.settle(juju);
        well(juju, "app/1");
        assertThat(scene.partitions).containsExactly(0, 2, 1, 0);
        juju.faults().feed("app/0");
        scene.settle(juju);
        well(juju, "app/0");
        assertThat(scene.partitions).containsExactly(0, 2, 1, 0);
        for (String unit : juju.units("app")) {
            assertThat(juju.databag(RELATION, unit))
                    .containsEntry("state", "idle")
                    .containsEntry("upgrade-installed", "2");
        }
    }

    @Test
    void a_partition_is_not_lowered_by_an_order_that_could_not_be_committed(JujuEmulator juju) {
        checkOnKubernetes(juju);
        refreshTheHighest(juju);
        well(juju, "app/2");
        juju.faults().failCommit("app/2");
        assertThat(juju.runAction("app/2", "resume-upgrade", Map.of()).result().completed())
                .isFalse();
        scene.settle(juju);
        assertThat(scene.partitions).containsExactly(0, 2);
        assertThat(juju.appDatabag(RELATION, "app")).containsEntry("upgrade-pause", "0");
    }

    @Test
    void a_pod_whose_workload_is_not_well_stops_the_upgrade(JujuEmulator juju) {
        checkOnKubernetes(juju);
        refreshTheHighest(juju);
        assertThat(juju.runAction("app/2", "ill", Map.of()).result().completed())
                .isTrue();
        scene.settle(juju);
        assertThat(juju.databag(RELATION, "app/2")).containsEntry("state", "failed");
        assertThat(juju.status("app/2").workload().message()).isEqualTo("no connection: it waited for 5 min");
        assertThat(scene.instructions).containsExactly("app/2");
        assertThat(juju.runAction("app/2", "resume-upgrade", Map.of()).result().message())
                .startsWith("app/2 failed");
    }

    private void checkOnKubernetes(JujuEmulator juju) {
        scene = new Scene(folder, Substrate.K8S, false);
        deploy(juju, 3);
        juju.setLeader("app/2"); // the first to run the new program, so that it can go on alone
        scene.settle(juju);
        check(juju);
        scene.settle(juju);
    }

    /** Kubernetes replaces the highest pod; all others still run the old program and are left in peace. */
    private void refreshTheHighest(JujuEmulator juju) {
        juju.faults().starve("app/0");
        juju.faults().starve("app/1");
        juju.upgrade("app", scene.revision("2"));
        scene.settle(juju);
    }

    private void well(JujuEmulator juju, String unit) {
        juju.runAction(unit, "well", Map.of()).result();
        scene.settle(juju);
    }

    @Test
    void without_trust_the_check_is_refused_with_the_remedy(JujuEmulator juju) {
        scene = new Scene(folder, Substrate.K8S, false);
        deploy(juju, 3);
        scene.isTrusted = false;
        ActionResult refused =
                juju.runAction("app/0", "pre-upgrade-check", Map.of()).result();
        assertThat(refused.message())
                .isEqualTo("Kubernetes StatefulSet patch failed: `juju trust` needed; juju trust app --scope=cluster");
        assertThat(juju.appDatabag(RELATION, "app")).doesNotContainKey("upgrade-stack");
    }

    @Test
    void an_action_without_what_it_needs_says_so_and_does_nothing(JujuEmulator juju) {
        deploy(juju, 1);
        check(juju);
        Map<String, String> before = juju.appDatabag(RELATION, "app");
        assertThat(juju.runAction("app/0", "abandon-upgrade", Map.of()).result().message())
                .startsWith("a reason must be given");
        assertThat(juju.runAction("app/0", "retry-upgrade", parameters("reason", "x"))
                        .result()
                        .message())
                .isEqualTo("name the unit: unit=app/1");
        assertThat(juju.runAction("app/0", "skip-upgrade", parameters("unit", "app", "reason", "x"))
                        .result()
                        .completed())
                .isFalse();
        assertThat(juju.appDatabag(RELATION, "app")).isEqualTo(before);
    }

    @Test
    void a_handler_for_an_action_of_upgrades_is_refused() {
        JujuCharm.Builder builder = JujuCharm.builder()
                .upgrades(scene.revision("1").settings("app/0", ""))
                .onAction("resume-upgrade", action -> {});
        assertThatThrownBy(builder::build).hasMessageContaining("resume-upgrade belongs to upgrades");
    }

    @Test
    void the_hooks_of_an_upgrade_are_handled() {
        JujuCharm charm = JujuCharm.builder()
                .upgrades(scene.revision("1").settings("app/0", "").withRelation("refresh"))
                .build();
        assertThat(charm.handledHooks())
                .containsExactlyInAnyOrder(
                        "refresh-relation-created",
                        "refresh-relation-changed",
                        "refresh-relation-departed",
                        "install",
                        "leader-elected",
                        "update-status",
                        "upgrade-charm",
                        "remove",
                        RollingOps.GRANTED_HOOK);
    }

    private void deploy(JujuEmulator juju, int units) {
        juju.deploy(scene.revision("1"), "app", units);
        scene.settle(juju);
    }

    private static ActionResult check(JujuEmulator juju) {
        return order(juju, "pre-upgrade-check");
    }

    private static ActionResult order(JujuEmulator juju, String action, String... parameters) {
        String leader = juju.leader("app").orElseThrow();
        ActionResult result =
                juju.runAction(leader, action, parameters(parameters)).result();
        assertThat(result.completed()).as(result.toString()).isTrue();
        return result;
    }

    private void isOver(JujuEmulator juju, String release) {
        for (String unit : juju.units("app")) {
            assertThat(juju.status(unit).inError()).as(juju::story).isFalse();
            assertThat(juju.databag(RELATION, unit))
                    .as(unit)
                    .containsEntry("state", "idle")
                    .containsEntry("upgrade-installed", release);
            assertThat(scene.installed).containsEntry(unit, release);
            assertThat(juju.status(unit).workload().message()).isIn("", "waiting for machine");
        }
    }
}
