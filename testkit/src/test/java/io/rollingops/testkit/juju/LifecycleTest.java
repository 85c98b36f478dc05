// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole models of charms that are Java code, from deployment to removal. */
class LifecycleTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void every_unit_begins_in_the_same_order_whatever_chance_has(long seed) {
        try (JujuEmulator juju = JujuEmulator.builder().seed(seed).build()) {
            juju.deploy(Recorder.silent(), "app", 3);
            juju.settle(LIMIT);
            for (String unit : juju.units("app")) {
                List<String> hooks = hooks(juju, unit);
                assertThat(hooks.get(0)).isEqualTo("install");
                assertThat(hooks.subList(1, 3))
                        .containsExactlyInAnyOrder("other-relation-created", "restart-relation-created");
                int next = 3;
                if (juju.leader("app").orElseThrow().equals(unit)) {
                    assertThat(hooks.get(next++)).isEqualTo("leader-elected");
                }
                assertThat(hooks.subList(next, next + 2)).containsExactly("config-changed", "start");
                assertThat(hooks.subList(next + 2, hooks.size()))
                        .hasSize(8)
                        .allMatch(hook -> hook.endsWith("-joined") || hook.endsWith("-changed"));
            }
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 25);
    }

    @Test
    void the_order_among_relations_is_left_to_chance_and_chance_to_the_seed() {
        Set<List<String>> orders = new HashSet<>();
        for (long seed = 0; seed < 10; seed++) {
            orders.add(stepThrough(seed));
            assertThat(stepThrough(seed)).isEqualTo(stepThrough(seed));
        }
        assertThat(orders).hasSizeGreaterThan(3);
    }

    /** All steps of a deployment, one at a time. */
    private static List<String> stepThrough(long seed) {
        List<String> steps = new ArrayList<>();
        try (JujuEmulator juju = JujuEmulator.builder().seed(seed).build()) {
            juju.deploy(Recorder.silent(), "app", 2);
            juju.step().ifPresent(first -> assertThat(first.name()).isEqualTo("install"));
            for (var step = juju.step(); step.isPresent(); step = juju.step()) {
                steps.add(step.get().unit() + " " + step.get().description());
            }
        }
        return steps;
    }

    @Test
    void nothing_moves_unless_somebody_waits() {
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(Recorder.silent(), "app", 2);
            assertThat(juju.trace()).isEmpty();
            assertThat(juju.step("app/1").map(TraceEntry::name)).hasValue("install");
            assertThat(juju.trace()).hasSize(1);
            juju.runUntil("app/0 is installed", () -> !hooks(juju, "app/0").isEmpty(), LIMIT);
            juju.settle(LIMIT);
            int settled = juju.trace().size();
            juju.configure("app", Map.of("level", Json.of(2)));
            assertThat(juju.trace()).hasSize(settled);
        }
    }

    @Test
    void a_unit_that_comes_later_meets_the_others() {
        try (JujuEmulator juju = settled(2)) {
            int before = juju.trace().size();
            juju.addUnits("app", 1);
            juju.settle(LIMIT);
            List<String> later =
                    describe(juju.trace().subList(before, juju.trace().size()));
            assertThat(later)
                    .containsSubsequence(
                            "app/0 restart-relation-joined (restart:1, app/2)",
                            "app/0 restart-relation-changed (restart:1, app/2)")
                    .containsSubsequence(
                            "app/2 start",
                            "app/2 restart-relation-joined (restart:1, app/0)",
                            "app/2 restart-relation-changed (restart:1, app/0)");
        }
    }

    @Test
    void a_removed_unit_departs_stops_and_goes_and_the_others_are_told_of_it_once() {
        Set<String> departing = ConcurrentHashMap.newKeySet();
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(
                    new Recorder(Recorder.CHARM, hook -> departing.add(hook.variable("JUJU_DEPARTING_UNIT"))),
                    "app",
                    3);
            juju.settle(LIMIT);
            int before = juju.trace().size();
            juju.removeUnit("app/1");
            juju.settle(LIMIT);
            List<TraceEntry> after = juju.trace().subList(before, juju.trace().size());
            assertThat(of(after, "app/1"))
                    .containsSubsequence("restart-relation-departed (restart:1, app/0)", "stop", "remove")
                    .containsSubsequence("restart-relation-departed (restart:1, app/2)", "stop")
                    .noneMatch(hook -> hook.contains("broken"))
                    .hasSize(6);
            assertThat(of(after, "app/0"))
                    .containsExactlyInAnyOrder(
                            "other-relation-departed (other:0, app/1)", "restart-relation-departed (restart:1, app/1)");
            assertThat(of(after, "app/2")).containsExactlyInAnyOrderElementsOf(of(after, "app/0"));
            assertThat(departing).containsExactlyInAnyOrder("", "app/1");
            assertThat(juju.units("app")).containsExactly("app/0", "app/2");
        }
    }

    @Test
    void a_slow_controller_tells_the_others_only_when_the_unit_is_gone() {
        try (JujuEmulator juju =
                JujuEmulator.builder().departures(Departures.WHEN_REMOVED).build()) {
            juju.deploy(Recorder.silent(), "app", 2);
            juju.settle(LIMIT);
            juju.removeUnit("app/1");
            assertThat(juju.step("app/0")).isEmpty();
            while (juju.step("app/1").isPresent()) {
                assertThat(juju.step("app/0")).isEmpty();
            }
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/0")).contains("restart-relation-departed", "other-relation-departed");
        }
    }

    @Test
    void a_unit_removed_by_force_runs_nothing_more() {
        try (JujuEmulator juju = settled(2)) {
            int before = juju.trace().size();
            juju.forceRemoveUnit("app/1");
            juju.settle(LIMIT);
            assertThat(describe(juju.trace().subList(before, juju.trace().size())))
                    .containsExactlyInAnyOrder(
                            "app/0 other-relation-departed (other:0, app/1)",
                            "app/0 restart-relation-departed (restart:1, app/1)");
        }
    }

    @Test
    void the_leadership_of_a_removed_unit_goes_to_another_at_once_or_when_it_expires() {
        try (JujuEmulator juju = settled(3)) {
            juju.removeUnit("app/0");
            juju.settle(LIMIT);
            String leader = juju.leader("app").orElseThrow();
            assertThat(hooks(juju, leader)).contains("leader-elected");
        }
        try (JujuEmulator juju = JujuEmulator.builder().leadershipRevoked(false).build()) {
            juju.deploy(Recorder.silent(), "app", 2);
            juju.settle(LIMIT);
            juju.forceRemoveUnit("app/0");
            juju.settle(LIMIT);
            assertThat(juju.leader("app")).hasValue("app/0");
            juju.advance(Duration.ofSeconds(60));
            juju.settle(LIMIT);
            assertThat(juju.leader("app")).hasValue("app/1");
            assertThat(hooks(juju, "app/1")).endsWith("leader-elected");
        }
    }

    @Test
    void an_agent_that_is_cut_off_loses_its_lease_after_a_minute_and_learns_of_it_without_a_hook() {
        try (JujuEmulator juju = settled(2)) {
            juju.stopAgent("app/0");
            juju.advance(Duration.ofSeconds(59));
            assertThat(juju.leader("app")).hasValue("app/0");
            juju.advance(Duration.ofSeconds(1));
            juju.settle(LIMIT);
            assertThat(juju.leader("app")).hasValue("app/1");
            int before = hooks(juju, "app/0").size();
            juju.startAgent("app/0");
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/0")).hasSize(before);
        }
    }

    @Test
    void a_leader_that_runs_keeps_its_lease_for_ever() {
        try (JujuEmulator juju = settled(2)) {
            for (int minutes = 0; minutes < 60; minutes++) {
                juju.advance(Duration.ofMinutes(1));
            }
            assertThat(juju.leader("app")).hasValue("app/0");
        }
    }

    @Test
    void update_status_comes_every_five_minutes_or_when_asked_for() {
        try (JujuEmulator juju = settled(1)) {
            juju.advance(Duration.ofMinutes(5).minusMillis(1));
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/0")).doesNotContain("update-status");
            juju.advance(Duration.ofMillis(1));
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/0")).endsWith("update-status");
            juju.updateStatus("app/0");
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/0")).endsWith("update-status", "update-status");
        }
    }

    @Test
    void a_relation_is_created_joined_changed_departed_and_broken_on_both_sides() {
        try (JujuEmulator juju = settled(1)) {
            juju.deploy(Recorder.provider(), "etcd", 1);
            juju.settle(LIMIT);
            int before = juju.trace().size();
            int relation = juju.relate("app", "etcd:clients");
            juju.settle(LIMIT);
            juju.removeRelation(relation);
            juju.settle(LIMIT);
            List<TraceEntry> after = juju.trace().subList(before, juju.trace().size());
            for (String[] side :
                    List.of(new String[] {"app/0", "etcd", "etcd/0"}, new String[] {"etcd/0", "clients", "app/0"})) {
                String id = " (" + side[1] + ":" + relation + ", ";
                assertThat(of(after, side[0]))
                        .containsExactly(
                                side[1] + "-relation-created" + id + side[2].replace("/0", "") + ")",
                                side[1] + "-relation-joined" + id + side[2] + ")",
                                side[1] + "-relation-changed" + id + side[2] + ")",
                                side[1] + "-relation-departed" + id + side[2] + ")",
                                side[1] + "-relation-broken" + id + side[2].replace("/0", "") + ")");
            }
            assertThatThrownBy(() -> juju.removeRelation(relation)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void a_unit_that_has_not_heard_of_a_relation_when_it_is_removed_does_not_keep_it() {
        try (JujuEmulator juju = settled(2)) {
            juju.deploy(Recorder.provider(), "etcd", 1);
            juju.settle(LIMIT);
            juju.faults().starve("app/0");
            int relation = juju.relate("app", "etcd");
            juju.settle(LIMIT);
            juju.removeRelation(relation);
            juju.settle(LIMIT);
            juju.faults().feed("app/0");
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/0")).noneMatch(hook -> hook.startsWith("etcd-relation"));
            assertThat(hooks(juju, "app/1")).endsWith("etcd-relation-broken");
            assertThatThrownBy(() -> juju.removeRelation(relation)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void a_removed_application_takes_its_relations_with_it() {
        try (JujuEmulator juju = settled(2)) {
            juju.deploy(Recorder.provider(), "etcd", 1);
            juju.relate("app", "etcd");
            juju.settle(LIMIT);
            juju.faults().starve("etcd/0");
            juju.removeApplication("app");
            juju.settle(LIMIT);
            assertThat(juju.units("app"))
                    .as("it stays while the other side is in the relation")
                    .isEmpty();
            juju.faults().feed("etcd/0");
            juju.settle(LIMIT);
            assertThatThrownBy(() -> juju.units("app")).hasMessageContaining("no application 'app', only [etcd]");
            assertThat(hooks(juju, "etcd/0")).endsWith("clients-relation-broken");
            assertThat(hooks(juju, "app/0")).contains("etcd-relation-broken").endsWith("stop", "remove");
        }
    }

    @Test
    void a_hook_that_fails_once_is_tried_again_as_time_goes_on() {
        AtomicInteger failures = new AtomicInteger();
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(
                    new Recorder(Recorder.CHARM, hook -> {
                        if (hook.hook().equals("start") && failures.getAndIncrement() == 0) {
                            throw new IllegalStateException("not yet");
                        }
                    }),
                    "app",
                    1);
            assertThatThrownBy(() -> juju.settle(LIMIT))
                    .hasMessageContaining("hook failed: \"start\"")
                    .hasMessageContaining("not yet");
            juju.advance(Duration.ofSeconds(5));
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/0")).endsWith("start", "start");
        }
    }

    @Test
    void a_unit_in_error_still_runs_actions_and_its_hook_can_be_skipped() {
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(
                    new Recorder(Recorder.CHARM, hook -> {
                        if (hook.hook().equals("config-changed")) {
                            throw new IllegalStateException("never");
                        }
                    }),
                    "app",
                    1);
            juju.settleWithErrors(LIMIT);
            assertThat(juju.runAction("app/0", "restart", Map.of()).result().completed())
                    .isTrue();
            assertThat(juju.status("app/0").inError()).isTrue();
            juju.resolveWithoutRetry("app/0");
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/0")).endsWith("config-changed", "restart", "start");
        }
    }

    @Test
    void who_wrongly_believes_that_it_leads_is_told_so_and_commits_nothing() {
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(
                    new Recorder(Recorder.CHARM, hook -> {
                        if (hook.hook().equals("update-status")) {
                            hook.relationSet(
                                    "restart:1", true, Map.of("by", hook.unit().toString()));
                        }
                    }),
                    "app",
                    2);
            juju.settle(LIMIT);
            juju.faults().alsoLeads("app/1");
            juju.settle(LIMIT);
            assertThat(hooks(juju, "app/1")).endsWith("leader-elected");
            juju.updateStatus("app/1");
            juju.settleWithErrors(LIMIT);
            assertThat(juju.appDatabag("restart", "app")).isEmpty();
            assertThat(juju.log("app/1").toString())
                    .contains("checking leadership continuity: \"app/1\" is not leader of \"app\"");

            juju.faults().knowsItsLeader("app/1");
            juju.resolveWithoutRetry("app/1");
            juju.updateStatus("app/0");
            juju.faults().loseLeadershipBeforeCommit("app/0", "app/1");
            juju.settleWithErrors(LIMIT);
            assertThat(juju.status("app/0").inError()).isTrue();
            assertThat(juju.leader("app")).hasValue("app/1");
        }
    }

    @Test
    void changes_can_be_held_back_repeated_and_refused() {
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(
                    new Recorder(Recorder.CHARM, hook -> {
                        if (hook.hook().equals("update-status")) {
                            hook.relationSet("restart:1", false, Map.of("time", hook.variable("JUJU_CONTEXT_ID")));
                            hook.relationSet("restart:1", true, Map.of("time", hook.variable("JUJU_CONTEXT_ID")));
                        }
                    }),
                    "app",
                    2);
            juju.settle(LIMIT);
            String fromUnit = "restart-relation-changed (restart:1, app/0)";
            String fromApp = "restart-relation-changed (restart:1, app)";
            assertThat(heardBy(juju, "app/1")).containsExactly(fromApp, fromUnit);
            juju.faults().holdBackAppChanges("app/1");
            assertThat(heardBy(juju, "app/1")).containsExactly(fromUnit);
            juju.faults().holdBackUnitChanges("app/1");
            assertThat(heardBy(juju, "app/1")).isEmpty();
            int before = juju.trace().size();
            juju.faults().deliver("app/1");
            juju.faults().repeatNextChange("app/1");
            juju.settle(LIMIT);
            assertThat(of(juju.trace().subList(before, juju.trace().size()), "app/1"))
                    .containsExactly(fromApp, fromApp, fromUnit);
            juju.faults().failCommit("app/0");
            juju.updateStatus("app/0");
            juju.settleWithErrors(LIMIT);
            assertThat(juju.status("app/0").inError()).isTrue();
        }
    }

    /** What a unit hears of when app/0 has written. */
    private static List<String> heardBy(JujuEmulator juju, String unit) {
        int before = juju.trace().size();
        juju.updateStatus("app/0");
        juju.settle(LIMIT);
        return of(juju.trace().subList(before, juju.trace().size()), unit);
    }

    @Test
    void a_hook_command_can_fail_and_a_charm_be_killed_at_one() {
        try (JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(
                    new Recorder(Recorder.CHARM, hook -> {
                        hook.run("is-leader");
                        hook.run("relation-ids", "restart");
                    }),
                    "app",
                    1);
            juju.settle(LIMIT);
            juju.faults().failCommand("app/0", "relation-ids");
            juju.updateStatus("app/0");
            juju.settleWithErrors(LIMIT);
            assertThat(last(juju).ending()).isEqualTo("exit 1");
            juju.faults().killAtCommand("app/0", 2);
            juju.resolve("app/0");
            juju.settleWithErrors(LIMIT);
            assertThat(last(juju).ending()).isEqualTo("signal 9");
            juju.resolve("app/0");
            juju.settle(LIMIT);
            assertThat(last(juju).count("relation-ids")).isEqualTo(1);
        }
    }

    @Test
    void what_takes_too_long_is_told_with_what_runs() {
        try (JujuEmulator juju = settled(1)) {
            assertThatThrownBy(() -> juju.runUntil("pigs fly", () -> false, Duration.ofMillis(10)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("not within PT0.01S: pigs fly")
                    .hasMessageContaining("app/0* ")
                    .hasMessageContaining("#1 app/0 install: COMMITTED (exit 0");
        }
    }

    @Test
    void wrong_names_are_refused_with_those_that_there_are() {
        try (JujuEmulator juju = settled(1)) {
            assertThatThrownBy(() -> juju.status("app/7")).hasMessage("no unit 'app/7', only [app/0]");
            assertThatThrownBy(() -> juju.runAction("app/0", "dance", Map.of()))
                    .hasMessageContaining("no action 'dance', only [restart]");
            assertThatThrownBy(() -> juju.relate("app", "app")).hasMessageContaining("fit in 0 ways");
            assertThatThrownBy(() -> juju.configure("app", Map.of("colour", Json.of("red"))))
                    .hasMessageContaining("no option 'colour', only [level]");
            assertThatThrownBy(() -> juju.deploy(Recorder.silent(), "app", 1)).hasMessageContaining("is taken");
        }
    }

    private static JujuEmulator settled(int units) {
        JujuEmulator juju = JujuEmulator.builder().build();
        juju.deploy(Recorder.silent(), "app", units);
        juju.settle(LIMIT);
        return juju;
    }

    private static List<String> hooks(JujuEmulator juju, String unit) {
        return juju.trace(unit).stream().map(TraceEntry::name).toList();
    }

    private static TraceEntry last(JujuEmulator juju) {
        return juju.trace().get(juju.trace().size() - 1);
    }

    private static List<String> describe(List<TraceEntry> entries) {
        return entries.stream()
                .map(entry -> entry.unit() + " " + entry.description())
                .toList();
    }

    private static List<String> of(List<TraceEntry> entries, String unit) {
        return entries.stream()
                .filter(entry -> entry.unit().toString().equals(unit))
                .map(TraceEntry::description)
                .toList();
    }

    /** A charm that does one thing in each hook. */
    private record Recorder(CharmMetadata metadata, Consumer<HookRun> code) implements EmulatedCharm {
        static final CharmMetadata CHARM =
                PureModel.CHARM.withPeer("other", "gossip").withConfig("level", Json.of(1));

        static Recorder silent() {
            return new Recorder(CHARM, hook -> {});
        }

        static Recorder provider() {
            return new Recorder(PureModel.PROVIDER, hook -> {});
        }

        @Override
        public void run(HookRun hook) {
            code.accept(hook);
        }
    }
}
