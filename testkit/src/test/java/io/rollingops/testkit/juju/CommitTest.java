// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static io.rollingops.testkit.juju.PureModel.call;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class CommitTest {
    private final PureModel juju = new PureModel().deploy("app", PureModel.CHARM, 2);

    @Test
    void a_failed_hook_leaves_no_change_but_its_status_and_stays_due() {
        HookContext hook = writing("app/0");
        assertThat(juju.end(hook, 1)).isEqualTo(Outcome.FAILED);
        assertThat(appDatabag()).isEmpty();
        assertThat(unitDatabag("app/0")).doesNotContainKey("k");
        assertThat(juju.unit("app/0").state).isEmpty();
        assertThat(juju.model.secrets.all()).isEmpty();
        assertThat(juju.unit("app/0").workload).isEqualTo(new Status("active", "ready"));
        assertThat(juju.unit("app/0").agentStatus()).isEqualTo(new Status("error", "hook failed: \"update-status\""));
        assertThat(juju.nextHook("app/0")).isEmpty();
    }

    @Test
    void a_failed_hook_is_tried_again_after_5_seconds_and_then_twice_as_long_up_to_5_minutes() {
        for (long seconds : new long[] {5, 10, 20, 40, 80, 160, 300, 300}) {
            HookContext hook = juju.updateStatus("app/0");
            juju.end(hook, 1);
            juju.model.advance(Duration.ofSeconds(seconds).minusMillis(1));
            assertThat(juju.nextHook("app/0")).as("before %s s", seconds).isEmpty();
            juju.model.advance(Duration.ofMillis(1));
            assertThat(juju.nextHook("app/0")).as("after %s s", seconds).hasValue("update-status");
        }
        juju.runNext("app/0");
        assertThat(juju.unit("app/0").inError()).isFalse();
    }

    @Test
    void a_successful_hook_is_committed_in_one_step() {
        HookContext hook = writing("app/0");
        assertThat(juju.end(hook, 0)).isEqualTo(Outcome.COMMITTED);
        assertThat(appDatabag()).containsEntry("g", "1");
        assertThat(unitDatabag("app/0")).containsEntry("k", "v");
        assertThat(juju.unit("app/0").state).containsEntry("s", "1");
        assertThat(juju.model.secrets.all()).hasSize(1);
    }

    @Test
    void a_leader_that_loses_the_lease_in_its_hook_commits_nothing() {
        HookContext hook = writing("app/0");
        juju.model.lead(juju.unit("app/1"));
        assertThat(juju.end(hook, 0)).isEqualTo(Outcome.REFUSED);
        assertThat(juju.log)
                .contains("ERROR hook \"update-status\" failed: "
                        + "checking leadership continuity: \"app/0\" is not leader of \"app\"");
        assertThat(unitDatabag("app/0")).doesNotContainKey("k");
        assertThat(juju.unit("app/0").inError()).isTrue();
    }

    @Test
    void a_hook_that_wrote_nothing_as_a_leader_is_committed_without_the_lease() {
        HookContext hook = juju.updateStatus("app/0");
        call(hook, "relation-set", "-r", "0", "k=v");
        juju.model.lead(juju.unit("app/1"));
        assertThat(juju.end(hook, 0)).isEqualTo(Outcome.COMMITTED);
        assertThat(unitDatabag("app/0")).containsEntry("k", "v");
    }

    @Test
    void commands_of_juju_exec_are_committed_whatever_their_exit_code() {
        CompletableFuture<CommandReply> answer = new CompletableFuture<>();
        HookContext commands = juju.exec("app/1", answer);
        call(commands, "relation-set", "-r", "0", "k=v");
        assertThat(answer).isNotDone();
        assertThat(juju.end(commands, 7)).isEqualTo(Outcome.COMMITTED);
        assertThat(answer.join().exitCode()).isEqualTo(7);
        assertThat(unitDatabag("app/1")).containsEntry("k", "v");
        assertThat(juju.unit("app/1").inError()).isFalse();
    }

    @Test
    void commands_whose_commit_is_refused_exit_with_1() {
        CompletableFuture<CommandReply> answer = new CompletableFuture<>();
        HookContext commands = juju.exec("app/0", answer);
        call(commands, "relation-set", "-r", "0", "--app", "k=v");
        juju.model.lead(juju.unit("app/1"));
        assertThat(juju.end(commands, 0)).isEqualTo(Outcome.REFUSED);
        assertThat(answer.join())
                .isEqualTo(CommandReply.error(1, "checking leadership continuity: \"app/0\" is not leader of \"app\""));
    }

    @Test
    void an_action_that_fails_keeps_its_results_and_commits_nothing() {
        ActionTask task = juju.model.addAction(juju.unit("app/0"), "restart", Map.of("delay", Json.of(1)));
        HookContext action = juju.begin("app/0");
        assertThat(call(action, "action-get", "delay", "--format=json").stdout())
                .isEqualTo("1\n");
        call(action, "action-set", "a.b=1", "c=x");
        call(action, "action-log", "half way");
        call(action, "relation-set", "-r", "0", "k=v");
        assertThat(juju.end(action, 3)).isEqualTo(Outcome.FAILED);

        ActionResult result = task.result().orElseThrow();
        assertThat(result.outcome()).isEqualTo(ActionResult.Outcome.FAILED);
        assertThat(result.message()).isEqualTo("exit status 3");
        assertThat(result.get("a.b")).isEqualTo("1");
        assertThat(result.get("return-code")).isEqualTo("3");
        assertThat(result.log()).containsExactly("half way");
        assertThat(unitDatabag("app/0")).doesNotContainKey("k");
        assertThat(juju.unit("app/0").inError()).isFalse();
    }

    @Test
    void an_action_that_says_that_it_failed_is_committed_all_the_same() {
        ActionTask task = juju.model.addAction(juju.unit("app/0"), "restart", Map.of());
        HookContext action = juju.begin("app/0");
        call(action, "action-fail", "--", "not today");
        call(action, "relation-set", "-r", "0", "k=v");
        assertThat(juju.end(action, 0)).isEqualTo(Outcome.COMMITTED);
        assertThat(task.result().orElseThrow().message()).isEqualTo("not today");
        assertThat(unitDatabag("app/0")).containsEntry("k", "v");
    }

    @Test
    void an_action_whose_commit_is_refused_has_failed() {
        ActionTask task = juju.model.addAction(juju.unit("app/0"), "restart", Map.of());
        HookContext action = juju.begin("app/0");
        call(action, "action-set", "a=1");
        juju.faults.failCommit(new UnitName("app", 0));
        assertThat(juju.end(action, 0)).isEqualTo(Outcome.REFUSED);
        ActionResult result = task.result().orElseThrow();
        assertThat(result.message()).isEqualTo("committing requested changes failed");
        assertThat(result.get("return-code")).isEqualTo("1");
        assertThat(result.get("a")).isEqualTo("1");
    }

    @Test
    void a_hook_killed_while_its_agent_stops_is_due_again_at_once() {
        HookContext hook = writing("app/0");
        juju.unit("app/0").interrupted = true;
        assertThat(juju.agent("app/0").end(hook, PureModel.killed(15))).isEqualTo(Outcome.INTERRUPTED);
        assertThat(appDatabag()).isEmpty();
        assertThat(juju.unit("app/0").inError()).isFalse();
        assertThat(juju.nextHook("app/0")).hasValue("update-status");
    }

    @Test
    void a_hook_killed_otherwise_and_one_that_exits_on_the_signal_have_failed() {
        assertThat(juju.agent("app/0").end(juju.updateStatus("app/0"), PureModel.killed(9)))
                .isEqualTo(Outcome.FAILED);
        HookContext jvm = juju.updateStatus("app/1");
        juju.unit("app/1").interrupted = true;
        assertThat(juju.end(jvm, 143)).isEqualTo(Outcome.FAILED);
    }

    @Test
    void a_hook_that_the_charm_does_not_have_counts_as_done() {
        HookContext hook = juju.updateStatus("app/0");
        assertThat(juju.agent("app/0").end(hook, RunReport.missing())).isEqualTo(Outcome.SKIPPED);
        assertThat(juju.unit("app/0").inError()).isFalse();
    }

    @Test
    void a_no_to_is_leader_stays_for_the_hook_and_a_yes_is_asked_for_anew() {
        HookContext follower = juju.updateStatus("app/1");
        HookContext leader = juju.updateStatus("app/0");
        assertThat(call(follower, "is-leader", "--format=json").stdout()).isEqualTo("false\n");
        assertThat(call(leader, "is-leader").stdout()).isEqualTo("True\n");
        juju.model.lead(juju.unit("app/1"));
        assertThat(call(follower, "is-leader", "--format=json").stdout()).isEqualTo("false\n");
        assertThat(call(leader, "is-leader", "--format=json").stdout()).isEqualTo("false\n");
        assertThat(call(juju.updateStatus("app/1"), "is-leader", "--format=json")
                        .stdout())
                .isEqualTo("true\n");
    }

    @Test
    void two_commits_of_one_databag_give_one_hook_to_each_other_unit() {
        for (String value : new String[] {"1", "2"}) {
            HookContext hook = juju.updateStatus("app/1");
            call(hook, "relation-set", "-r", "0", "k=" + value);
            juju.end(hook, 0);
        }
        assertThat(juju.quieten()).containsExactly("app/0 restart-relation-changed (restart:0, app/1)");
    }

    @Test
    void a_commit_that_changes_nothing_gives_no_hook() {
        for (int i = 0; i < 2; i++) {
            HookContext hook = juju.updateStatus("app/1");
            call(hook, "relation-set", "-r", "0", "k=v");
            juju.end(hook, 0);
            assertThat(juju.quieten()).hasSize(1 - i);
        }
    }

    @Test
    void the_leader_hears_of_its_own_write_to_the_peer_application_databag() {
        HookContext hook = juju.updateStatus("app/0");
        call(hook, "relation-set", "-r", "0", "--app", "g=1");
        juju.end(hook, 0);
        assertThat(juju.quieten())
                .containsExactlyInAnyOrder(
                        "app/0 restart-relation-changed (restart:0, app)",
                        "app/1 restart-relation-changed (restart:0, app)");
    }

    @Test
    void the_leader_does_not_hear_of_it_where_that_is_switched_off() {
        PureModel quiet = new PureModel(Departures.AT_ONCE, false).deploy("app", PureModel.CHARM, 2);
        HookContext hook = quiet.updateStatus("app/0");
        call(hook, "relation-set", "-r", "0", "--app", "g=1");
        quiet.end(hook, 0);
        assertThat(quiet.quieten()).containsExactly("app/1 restart-relation-changed (restart:0, app)");
    }

    /** A hook of the leader that buffers something of every kind. */
    private HookContext writing(String unit) {
        HookContext hook = juju.updateStatus(unit);
        assertThat(call(hook, "relation-set", "-r", "0", "k=v").exitCode()).isZero();
        assertThat(call(hook, "relation-set", "-r", "0", "--app", "g=1").exitCode())
                .isZero();
        assertThat(call(hook, "state-set", "s=1").exitCode()).isZero();
        assertThat(call(hook, "secret-add", "password=x").exitCode()).isZero();
        assertThat(call(hook, "status-set", "active", "--", "ready").exitCode()).isZero();
        return hook;
    }

    private Map<String, String> appDatabag() {
        return juju.model.relation(0).app("app").orElseThrow().content();
    }

    private Map<String, String> unitDatabag(String unit) {
        return juju.model.relation(0).unit(UnitName.parse(unit)).orElseThrow().content();
    }
}
