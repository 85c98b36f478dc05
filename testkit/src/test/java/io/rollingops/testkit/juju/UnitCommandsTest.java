// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static io.rollingops.testkit.juju.PureModel.call;
import static io.rollingops.testkit.juju.PureModel.callWithStdin;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hook commands that are about neither relations nor secrets. */
class UnitCommandsTest {
    private static final CharmMetadata CHARM =
            PureModel.CHARM.withConfig("level", Json.of(1)).withConfig("name", Json.of("a <b>"));

    private final PureModel juju = new PureModel().deploy("app", CHARM, 2);
    private final HookContext leader = juju.updateStatus("app/0");
    private final HookContext follower = juju.updateStatus("app/1");

    @Test
    void configuration_keeps_its_types_and_what_is_set_goes_before_the_default() {
        assertThat(json(leader, "config-get")).isEqualTo("{\"level\":1,\"name\":\"a \\u003cb\\u003e\"}");
        juju.model.app("app").configure(Map.of("level", Json.of(5)));
        assertThat(json(leader, "config-get", "level")).isEqualTo("5");
        assertThat(json(leader, "config-get", "nothing")).isEqualTo("null");
        assertThat(call(leader, "config-get", "level").stdout()).isEqualTo("5\n");
    }

    @Test
    void a_changed_configuration_runs_a_hook_on_every_unit() {
        juju.model.app("app").configure(Map.of("level", Json.of(5)));
        assertThat(juju.quieten()).containsExactly("app/0 config-changed", "app/1 config-changed");
    }

    @Test
    void a_status_acts_at_once_and_that_of_the_application_is_the_leaders() {
        call(follower, "status-set", "--application=False", "active", "--", "all good");
        assertThat(json(follower, "status-get", "--include-data", "--application=false"))
                .isEqualTo("{\"message\":\"all good\",\"status\":\"active\",\"status-data\":{}}");
        assertThat(call(leader, "status-set", "--application=True", "blocked").exitCode())
                .isZero();
        assertThat(juju.model.app("app").status).isEqualTo(new Status("blocked", ""));
        assertThat(json(leader, "status-get", "--include-data", "--application=true"))
                .contains("\"application-status\":{")
                .contains("\"app/1\":{\"message\":\"all good\",\"status\":\"active\"");
        assertError(1, "this unit is not the leader", call(follower, "status-set", "--application", "active"));
        assertError(
                2,
                "invalid status \"fine\", expected one of [maintenance blocked waiting active]",
                call(leader, "status-set", "fine"));
        assertError(2, "unrecognized args: [\"b\"]", call(leader, "status-set", "active", "a", "b"));
    }

    @Test
    void state_is_null_when_empty_and_kept_with_the_commit() {
        assertThat(json(leader, "state-get")).isEqualTo("null");
        callWithStdin(leader, "{\"a\":\"1\",\"b\":\"2\"}", "state-set", "--file", "-");
        call(leader, "state-delete", "a");
        call(leader, "state-delete", "missing");
        assertThat(json(leader, "state-get")).isEqualTo("{\"b\":\"2\"}");
        assertThat(json(leader, "state-get", "b")).isEqualTo("\"2\"");
        assertThat(json(leader, "state-get", "a")).isEqualTo("\"\"");
        assertThat(call(leader, "state-get", "--strict", "a").exitCode()).isEqualTo(1);
        assertThat(json(juju.updateStatus("app/0"), "state-get")).isEqualTo("null");
        juju.end(leader, 0);
        assertThat(json(juju.updateStatus("app/0"), "state-get")).isEqualTo("{\"b\":\"2\"}");
    }

    @Test
    void state_has_limits() {
        String key = "k".repeat(StateCommands.KEY_BYTES_MAX);
        String value = "v".repeat(StateCommands.VALUE_BYTES_MAX);
        assertThat(call(leader, "state-set", key + "=" + value).exitCode()).isZero();
        assertThat(call(leader, "state-set", key + "k=v").exitCode()).isEqualTo(1);
        assertThat(call(leader, "state-set", "k=" + value + "v").exitCode()).isEqualTo(1);
    }

    @Test
    void the_log_knows_the_relation_of_its_hook_and_takes_odd_levels_for_info() {
        call(leader, "juju-log", "--log-level", "WARNING", "--", "one", "two");
        call(leader, "juju-log", "-l", "critical", "--", "three");
        assertThat(juju.log)
                .endsWith("WARNING one two", "WARNING Specified log level of \"CRITICAL\" is not valid", "INFO three");
        HookContext hook = juju.updateStatus("app/1");
        call(hook, "relation-set", "-r", "0", "k=v");
        juju.end(hook, 0);
        call(juju.begin("app/0"), "juju-log", "hello");
        assertThat(juju.log).endsWith("INFO restart:0: hello");
        assertError(2, "no message specified", call(leader, "juju-log"));
    }

    @Test
    void outside_an_action_its_commands_fail() {
        for (String command : List.of("action-get", "action-fail")) {
            assertError(1, "not running an action", call(leader, command));
        }
        assertError(1, "not running an action", call(leader, "action-set", "a=1"));
        assertError(1, "not running an action", call(leader, "action-log", "x"));
    }

    @Test
    void results_have_lower_case_keys_of_their_own() {
        juju.model.addAction(juju.unit("app/0"), "restart", Map.of("a", YamlText.parse("{b: [1, x]}")));
        HookContext action = juju.begin("app/0");
        assertThat(json(action, "action-get")).isEqualTo("{\"a\":{\"b\":[1,\"x\"]}}");
        assertThat(json(action, "action-get", "a.b")).isEqualTo("[1,\"x\"]");
        assertThat(json(action, "action-get", "a.c")).isEqualTo("null");
        assertError(2, "cannot set reserved action key \"stdout\"", call(action, "action-set", "stdout=x"));
        assertThat(call(action, "action-set", "Key=x").exitCode()).isEqualTo(2);
        assertError(1, "juju-reboot is not supported when running an action.", call(action, "juju-reboot", "--now"));
    }

    @Test
    void the_network_is_known_at_endpoints_of_the_charm() {
        assertThat(json(follower, "network-get", "restart"))
                .isEqualTo("{\"bind-addresses\":[{\"addresses\":[{\"cidr\":\"10.7.0.0/24\",\"hostname\":\"\","
                        + "\"value\":\"10.7.0.2\"}],\"interface-name\":\"eth0\",\"mac-address\":\"\"}],"
                        + "\"egress-subnets\":[\"10.7.0.2/32\"],\"ingress-addresses\":[\"10.7.0.2\"]}");
        assertThat(call(follower, "network-get", "--bind-address", "restart").stdout())
                .isEqualTo("10.7.0.2\n");
        assertError(1, "no network config found for binding \"x\"", call(follower, "network-get", "x"));
        assertThat(json(follower, "unit-get", "private-address")).isEqualTo("\"10.7.0.2\"");
        assertError(2, "unknown setting \"x\"", call(follower, "unit-get", "x"));
    }

    @Test
    void the_goal_names_units_and_related_applications() {
        juju.deploy("etcd", PureModel.PROVIDER, 1);
        juju.relate("app", "etcd");
        juju.model.removeUnit(juju.unit("app/1"));
        assertThat(json(juju.updateStatus("app/0"), "goal-state"))
                .isEqualTo("{\"relations\":{\"etcd\":{\"etcd\":{\"status\":\"joined\"},"
                        + "\"etcd/0\":{\"status\":\"waiting\"}}},"
                        + "\"units\":{\"app/0\":{\"status\":\"waiting\"},\"app/1\":{\"status\":\"dying\"}}}");
    }

    @Test
    void other_commands_have_their_forms_too() {
        assertThat(call(leader, "application-version-set", "--", "1.0").exitCode())
                .isZero();
        assertThat(juju.model.app("app").version).isEqualTo("1.0");
        assertThat(json(leader, "relation-model-get", "-r", "restart:0")).isEqualTo("{\"uuid\":\"uuid\"}");
        assertThat(call(leader, "relation-ids", "--format=yaml", "restart").stdout())
                .isEqualTo("- restart:0\n");
        assertError(
                2,
                "invalid value \"xml\" for option --format: unknown format \"xml\"",
                call(leader, "is-leader", "--format=xml"));
        assertThat(call(leader, "open-port", "80").stderr()).contains("unknown command");
    }

    @Test
    void output_can_go_to_a_file(@TempDir Path folder) throws Exception {
        CommandReply reply = HookCommands.run(
                leader,
                new Invocation(
                        "relation-ids", List.of("restart", "--format=json", "-o", "ids"), folder, Optional.empty()));
        assertThat(reply).isEqualTo(CommandReply.success(""));
        assertThat(Files.readString(folder.resolve("ids"))).isEqualTo("[\"restart:0\"]\n");
    }

    private static String json(HookContext hook, String command, String... args) {
        String[] all = new String[args.length + 1];
        all[0] = "--format=json";
        System.arraycopy(args, 0, all, 1, args.length);
        CommandReply reply = call(hook, command, all);
        assertThat(reply.stderr()).isEmpty();
        return reply.stdout().strip();
    }

    private static void assertError(int exitCode, String message, CommandReply reply) {
        assertThat(reply).isEqualTo(CommandReply.error(exitCode, message));
    }
}
