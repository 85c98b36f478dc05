// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.testkit.juju.Outcome;
import io.rollingops.testkit.juju.Status;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The example charm as processes: real hook commands, real {@code juju-exec}, real processes in the background. */
class RollingCharmIT {
    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    @Test
    void a_single_unit_queues_is_granted_works_and_releases(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(1);
        ActionResult asked = charm.run("app/0", "restart", Map.of());
        assertThat(asked.message()).isEmpty();
        assertThat(asked.get("status")).isEqualTo("waiting");
        assertThat(asked.get("backend")).isEqualTo("peer");
        charm.settleAfter(3);
        assertThat(charm.transitions())
                .containsExactly("app/0 action restart", "app/0 begin restart", "app/0 end restart");
        assertThat(juju.databag("restart", "app/0"))
                .containsEntry("state", "idle")
                .containsEntry("operations", "[]");
        assertThat(juju.status("app/0").workload()).isEqualTo(new Status("active", ""));
    }

    @Test
    void five_units_never_work_at_the_same_time(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(5);
        Map<String, Json> delay = Map.of("delay", new Json.Real(0.2));
        juju.units("app").forEach(unit -> juju.runAction(unit, "restart", delay));
        charm.settleAfter(5 * 3);
        List<String> work = charm.work();
        assertThat(work).hasSize(10);
        for (int i = 0; i < work.size(); i += 2) {
            assertThat(work.get(i + 1)).isEqualTo(work.get(i).replace(" begin ", " end "));
        }
    }

    @Test
    void failed_and_held_operations_are_tried_as_often_as_told(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(2);
        Map<String, Json> twice = Map.of("max-retry", Json.of(2));
        juju.runAction("app/0", "deferred-restart", twice).result();
        juju.runAction("app/1", "failed-restart", twice).result();
        charm.settleAfter(2 + 2 * 6);
        assertThat(charm.work().stream().filter(line -> line.equals("app/0 begin deferred-restart")))
                .hasSize(3);
        assertThat(charm.work().stream().filter(line -> line.equals("app/1 begin failed-restart")))
                .hasSize(3);
        int first = charm.work().indexOf("app/0 begin deferred-restart");
        assertThat(charm.work().subList(first, first + 6)).allMatch(line -> line.endsWith(" deferred-restart"));
    }

    @Test
    void a_synchronous_restart_works_inside_its_action(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(1);
        ActionResult done = charm.run("app/0", "sync-restart", Map.of());
        assertThat(done.completed()).as(done.message()).isTrue();
        assertThat(charm.transitions()).containsExactly("app/0 begin sync-restart", "app/0 end sync-restart");
    }

    @Test
    void a_hook_that_is_killed_after_its_callback_does_not_work_twice(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(2);
        juju.faults().failCommand("app/1", "relation-set");
        // The action's own write fails first; the next one is the answer.
        assertThat(charm.run("app/1", "restart", Map.of()).completed()).isFalse();
        charm.run("app/1", "restart", Map.of());
        juju.faults().failCommand("app/1", "relation-set");
        juju.settleWithErrors(CharmUnderTest.LIMIT);
        assertThat(juju.status("app/1").inError()).isTrue();
        juju.resolve("app/1");
        charm.settle();
        assertThat(charm.work()).containsExactly("app/1 begin restart", "app/1 end restart");
        assertThat(juju.databag("restart", "app/1")).containsEntry("operations", "[]");
    }

    @Test
    void a_hook_that_ends_with_its_agent_has_not_failed_and_its_callback_runs_again(JujuEmulator juju)
            throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(2);
        juju.runAction("app/1", "restart", Map.of("delay", Json.of(3))).result();
        juju.runUntil("the callback", () -> charm.work().size() == 1, CharmUnderTest.LIMIT);
        juju.restartAgent("app/1");
        charm.settle(); // fails when a unit is in error
        assertThat(juju.trace("app/1"))
                .filteredOn(entry -> entry.outcome() == Outcome.INTERRUPTED)
                .hasSize(1);
        assertThat(charm.work()).containsExactly("app/1 begin restart", "app/1 begin restart", "app/1 end restart");
        assertThat(juju.databag("restart", "app/1")).containsEntry("operations", "[]");
    }

    @Test
    void hooks_that_nothing_is_done_in_start_no_virtual_machine(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(2);
        assertThat(juju.trace())
                .filteredOn(entry -> entry.name().equals("restart-relation-joined")
                        || entry.name().equals("install"))
                .isNotEmpty()
                .allSatisfy(entry -> {
                    assertThat(entry.commands()).isEmpty();
                    assertThat(entry.maxMemoryKib()).as("a shell only").isLessThan(16 << 10);
                });
    }

    @Test
    void why_tells_what_a_unit_waits_for(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(1);
        assertThat(charm.run("app/0", "why", Map.of()).get("reason")).isEqualTo("app/0 has nothing to do");
    }

    @Test
    void the_roll_goes_on_when_units_leave(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        charm.deploy(3);
        Map<String, Json> delay = Map.of("delay", new Json.Real(0.3));
        juju.units("app").forEach(unit -> juju.runAction(unit, "restart", delay));
        juju.removeUnit("app/0");
        charm.settle();
        assertThat(juju.units("app")).containsExactly("app/1", "app/2");
        assertThat(charm.work()).contains("app/1 end restart", "app/2 end restart");
        assertThat(juju.appDatabag("restart", "app")).doesNotContainKey("granted_unit");
    }
}
