// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static io.rollingops.testkit.juju.PureModel.call;
import static io.rollingops.testkit.juju.PureModel.callWithStdin;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RelationCommandsTest {
    private final PureModel juju = new PureModel().deploy("app", PureModel.CHARM, 3);

    @Test
    void relations_are_listed_at_their_endpoint() {
        HookContext hook = juju.updateStatus("app/0");
        assertThat(call(hook, "relation-ids", "restart", "--format=json").stdout())
                .isEqualTo("[\"restart:0\"]\n");
        assertThat(call(hook, "relation-ids", "etcd", "--format=json").stdout()).isEqualTo("[]\n");
        assertThat(call(hook, "relation-ids", "restart").stdout()).isEqualTo("restart:0\n");
    }

    @Test
    void there_is_no_relation_before_the_unit_is_installed() {
        juju.model.addUnit("app", OptionalInt.empty());
        HookContext install = juju.begin("app/3");
        assertThat(install.name()).isEqualTo("install");
        assertThat(call(install, "relation-ids", "restart", "--format=json").stdout())
                .isEqualTo("[]\n");
    }

    @Test
    void members_are_the_others_sorted_as_text_and_only_those_that_have_joined() {
        for (int i = 0; i < 9; i++) {
            juju.model.addUnit("app", OptionalInt.empty());
        }
        assertThat(members(juju.updateStatus("app/0"))).isEqualTo("[\"app/1\",\"app/2\"]\n");
        juju.quieten();
        assertThat(members(juju.updateStatus("app/0")))
                .startsWith("[\"app/1\",\"app/10\",\"app/11\",\"app/2\",\"app/3\"")
                .doesNotContain("app/0");
    }

    private static String members(HookContext hook) {
        return call(hook, "relation-list", "-r", "restart:0", "--format=json").stdout();
    }

    @Test
    void a_departing_unit_is_no_member_any_more_and_its_data_can_still_be_read() {
        juju.model.removeUnit(juju.unit("app/2"));
        HookContext departed = juju.begin("app/1");
        assertThat(departed.name()).isEqualTo("restart-relation-departed");
        assertThat(call(departed, "relation-list", "--format=json").stdout()).isEqualTo("[\"app/0\"]\n");
        assertThat(call(departed, "relation-get", "private-address").stdout()).isEqualTo("10.7.0.3\n");
    }

    @Test
    void the_remote_application_of_a_peer_relation_is_the_own_one() {
        assertThat(call(juju.updateStatus("app/0"), "relation-list", "--app", "-r", "0", "--format=json")
                        .stdout())
                .isEqualTo("\"app\"\n");
    }

    @Test
    void own_writes_are_read_back_and_others_see_them_after_the_commit_and_its_hook() {
        HookContext writer = juju.updateStatus("app/1");
        callWithStdin(writer, "{\"k\":\"v\",\"n\":\"1\"}", "relation-set", "-r", "restart:0", "--file", "-");
        call(writer, "relation-set", "-r", "0", "n=");
        assertThat(call(writer, "relation-get", "-r", "0", "k", "app/1").stdout())
                .isEqualTo("v\n");
        assertThat(call(writer, "relation-get", "--format=json", "-r", "0", "n", "app/1")
                        .stdout())
                .isEqualTo("null\n");

        HookContext during = juju.updateStatus("app/0");
        assertThat(read(during)).isEqualTo("null\n");
        juju.end(writer, 0);
        assertThat(read(during)).isEqualTo("null\n");
        juju.end(during, 0);

        assertThat(read(juju.updateStatus("app/0")))
                .as("the agent's copy survives hooks until the change is announced")
                .isEqualTo("null\n");
        HookContext changed = juju.begin("app/0");
        assertThat(changed.hook().orElseThrow().describe()).isEqualTo("restart-relation-changed (restart:0, app/1)");
        assertThat(read(changed)).isEqualTo("\"v\"\n");
    }

    private static String read(HookContext hook) {
        return call(hook, "relation-get", "--format=json", "-r", "restart:0", "k", "app/1")
                .stdout();
    }

    @Test
    void a_restarted_agent_reads_anew() {
        read(juju.updateStatus("app/0"));
        HookContext writer = juju.updateStatus("app/1");
        call(writer, "relation-set", "-r", "0", "k=v");
        juju.end(writer, 0);
        assertThat(read(juju.updateStatus("app/0"))).isEqualTo("null\n");
        juju.unit("app/0").remoteDatabags.clear();
        assertThat(read(juju.updateStatus("app/0"))).isEqualTo("\"v\"\n");
    }

    @Test
    void the_application_databag_is_read_as_committed_by_followers_anew_in_each_hook() {
        HookContext leader = juju.updateStatus("app/0");
        call(leader, "relation-set", "-r", "0", "--app", "g=app/1");
        assertThat(readApp(leader)).isEqualTo("\"app/1\"\n");
        HookContext follower = juju.updateStatus("app/1");
        assertThat(readApp(follower)).isEqualTo("null\n");
        juju.end(leader, 0);
        assertThat(readApp(follower)).as("repeatable within a hook").isEqualTo("null\n");
        assertThat(readApp(juju.updateStatus("app/1"))).isEqualTo("\"app/1\"\n");
    }

    private static String readApp(HookContext hook) {
        return call(hook, "relation-get", "--format=json", "-r", "0", "--app", "g", "app")
                .stdout();
    }

    @Test
    void arguments_override_the_file_and_a_yaml_file_is_taken_as_text() {
        HookContext hook = juju.updateStatus("app/0");
        callWithStdin(hook, "a: 1\nb: true\nc: \"x\\ny\"\nd:\n", "relation-set", "-r", "0", "--file", "-", "b=2");
        juju.end(hook, 0);
        assertThat(databag("app/0"))
                .containsEntry("a", "1")
                .containsEntry("b", "2")
                .containsEntry("c", "x\ny")
                .doesNotContainKey("d");
    }

    private Map<String, String> databag(String unit) {
        return juju.model.relation(0).unit(UnitName.parse(unit)).orElseThrow().content();
    }

    @Test
    void stdin_is_asked_for_only_when_the_command_wants_it() {
        HookContext hook = juju.updateStatus("app/0");
        assertThat(call(hook, "relation-set", "-r", "0", "--file", "-")).isEqualTo(CommandReply.NEEDS_STDIN);
        assertThat(call(hook, "relation-set", "-r", "0", "k=v").exitCode()).isZero();
    }

    @Test
    void json_is_sorted_and_escaped_as_go_does_it() {
        HookContext hook = juju.updateStatus("app/0");
        callWithStdin(hook, "{\"z\":\"<&>\",\"a\":\"ä\\\"\"}", "relation-set", "-r", "0", "--file", "-");
        assertThat(call(hook, "relation-get", "-r", "0", "--format=json", "-", "app/0")
                        .stdout())
                .startsWith("{\"a\":\"ä\\\"\",\"egress-subnets\"")
                .endsWith("\"z\":\"\\u003c\\u0026\\u003e\"}\n");
    }

    @Test
    void failures_have_the_code_and_the_words_of_juju() {
        HookContext hook = juju.updateStatus("app/1");
        assertError(
                2,
                "invalid value \"99\" for option -r: relation not found",
                call(hook, "relation-get", "-r", "99", "-", "app/0"));
        assertError(
                2,
                "invalid value \"restart:99\" for option --relation: relation not found",
                call(hook, "relation-list", "--relation", "restart:99"));
        assertError(
                2, "invalid value \"x\" for option -r: invalid relation id", call(hook, "relation-list", "-r", "x"));
        assertError(2, "no relation id specified", call(hook, "relation-list"));
        assertError(2, "no unit or application specified", call(hook, "relation-get", "-r", "0"));
        assertError(
                2,
                "expected unit name, got application name \"app\"",
                call(hook, "relation-get", "-r", "0", "-", "app"));
        assertError(2, "no endpoint name specified", call(hook, "relation-ids"));
        assertError(1, "cannot write relation settings", call(hook, "relation-set", "-r", "0", "--app", "k=v"));
        assertError(1, "permission denied", call(hook, "relation-get", "-r", "0", "-", "other/0"));
        assertError(2, "unrecognized args: [\"x\"]", call(hook, "relation-list", "-r", "0", "x"));
    }

    @Test
    void a_follower_may_not_read_its_own_application_in_a_relation_with_others() {
        juju.deploy("etcd", PureModel.PROVIDER, 1);
        int number = juju.relate("app", "etcd");
        HookContext follower = juju.updateStatus("app/1");
        String[] args = {"-r", "etcd:" + number, "--app", "-", "app"};
        assertError(1, "permission denied", call(follower, "relation-get", args));
        assertThat(call(juju.updateStatus("app/0"), "relation-get", args).exitCode())
                .isZero();
    }

    @Test
    void while_a_relation_is_broken_it_is_not_listed_but_can_be_read() {
        juju.deploy("etcd", PureModel.PROVIDER, 1);
        int number = juju.relate("app", "etcd");
        juju.model.removeRelation(juju.model.relation(number));
        assertThat(juju.runNext("app/0")).hasValue("etcd-relation-departed (etcd:" + number + ", etcd/0)");
        HookContext broken = juju.begin("app/0");
        assertThat(broken.name()).isEqualTo("etcd-relation-broken");
        assertThat(call(broken, "relation-ids", "etcd", "--format=json").stdout())
                .isEqualTo("[]\n");
        assertThat(call(broken, "relation-get", "-r", "etcd:" + number, "--app", "--format=json", "-", "etcd")
                        .stdout())
                .isEqualTo("{}\n");
    }

    private static void assertError(int exitCode, String message, CommandReply reply) {
        assertThat(reply).isEqualTo(CommandReply.error(exitCode, message));
    }
}
