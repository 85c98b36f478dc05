// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.raft.RaftMember;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The agent's configuration: what it may say, and what is told about each mistake. */
class AgentConfigTest {
    private static final String GOOD = """
            unit: web/0
            members:
              - {unit: web/0, address: "127.0.0.1:7946"}
              - {unit: web/1, address: "127.0.0.1:7947"}
            identity: {certificate: unit.pem, key: unit.key, authority: authority.pem}
            """;

    @TempDir
    Path folder;

    @Test
    void what_is_not_said_has_a_default() throws IOException {
        AgentConfig config = read(GOOD);

        assertThat(config.unit()).isEqualTo(new UnitName("web", 0));
        assertThat(config.dataDirectory()).isEqualTo(Path.of("/var/lib/rollingops/web-0"));
        assertThat(config.controlSocket()).isEqualTo(Path.of("/var/lib/rollingops/web-0/control/agent.sock"));
        assertThat(config.lease().ttl()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.callbacks()).isEmpty();
        assertThat(config.raft().joining()).isFalse();
    }

    @Test
    void everything_that_is_said_counts_and_paths_are_relative_to_the_file() throws IOException {
        AgentConfig config = read("""
                unit: web/1
                data-directory: data
                control-socket: run/agent.sock
                members:
                  - {unit: web/0, address: "10.0.0.5:7946"}
                  - {unit: web/1, address: "10.0.0.6:7946", voter: false}
                join: true
                identity: {certificate: unit.pem, key: unit.key, authority: authority.pem}
                tls: {certificate: tls.pem, key: tls.key, authority: /etc/authority.pem}
                elections: {min: 1s, max: 2s}
                lease: 1m
                stop-within: 2s
                check-every: 500ms
                retry-pause: {first: 0s, longest: 5m}
                callbacks:
                  restart:
                    command: [systemctl, restart, web]
                    timeout: 90s
                    hold: true
                    directory: srv
                    environment: {COLOUR: blue}
                    exit-codes: {1: release, 76: retry-release, other: retry-hold}
                """);

        assertThat(config.dataDirectory()).isEqualTo(folder.resolve("data"));
        assertThat(config.controlSocket()).isEqualTo(folder.resolve("run/agent.sock"));
        assertThat(config.identity().key()).isEqualTo(folder.resolve("unit.key"));
        assertThat(config.raft().members())
                .containsExactly(
                        new RaftMember(new UnitName("web", 0), "10.0.0.5", 7946, true),
                        new RaftMember(new UnitName("web", 1), "10.0.0.6", 7946, false));
        assertThat(config.raft().joining()).isTrue();
        assertThat(config.raft().tls().orElseThrow().authority()).isEqualTo(Path.of("/etc/authority.pem"));
        assertThat(config.raft().elections().max()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.lease().stopWithin()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.pause().longest()).isEqualTo(Duration.ofMinutes(5));
        CommandSpec restart =
                Optional.ofNullable(config.callbacks().get("restart")).orElseThrow();
        assertThat(restart.command()).containsExactly("systemctl", "restart", "web");
        assertThat(restart.timeout()).isEqualTo(Duration.ofSeconds(90));
        assertThat(restart.hold()).isTrue();
        assertThat(restart.directory()).isEqualTo(folder.resolve("srv"));
        assertThat(restart.environment()).containsExactly(Map.entry("COLOUR", "blue"));
        assertThat(List.of(0, 1, 75, 76, 2).stream().map(restart::result))
                .containsExactly(
                        OperationResult.RELEASE,
                        OperationResult.RELEASE,
                        OperationResult.RETRY_RELEASE,
                        OperationResult.RETRY_RELEASE,
                        OperationResult.RETRY_HOLD);
    }

    @Test
    void without_a_word_about_them_exit_statuses_mean_what_is_documented() throws IOException {
        CommandSpec spec = Optional.ofNullable(read(GOOD + "callbacks: {go: {command: [run]}}\n")
                        .callbacks()
                        .get("go"))
                .orElseThrow();

        assertThat(List.of(0, 75, 76, 1, 137).stream().map(spec::result))
                .containsExactly(
                        OperationResult.RELEASE,
                        OperationResult.RETRY_RELEASE,
                        OperationResult.RETRY_HOLD,
                        OperationResult.RETRY_RELEASE,
                        OperationResult.RETRY_RELEASE);
    }

    /** Each line replaces or follows the good file; the message names file, line and what to do. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            leese: 30s                                      | line 6: unknown key 'leese'; did you mean 'lease'?
            colour: blue                                    | line 6: unknown key 'colour'; known here are
            lease: soon                                     | line 6: 'lease': 'soon' is not a time; write it like 300ms, 30s, 5m or 2h
            lease: 1ms                                      | line 6: 'lease':
            lease: [30s]                                    | line 6: 'lease' must be a single value
            join: yes                                       | line 6: 'join': 'yes' is neither true nor false
            retry-pause: {first: 2m, longest: 1m}           | line 6: 'retry-pause':
            elections: {min: 10ms, max: 1s}                 | line 6: 'elections': election times need at least 50 ms
            elections: {minimum: 1s}                        | line 6: unknown key 'elections.minimum'
            callbacks: {go: {command: run it}}              | line 6: 'callbacks.go.command' must be a list, for example [systemctl, restart, web]
            callbacks: {go: {timeout: 1s}}                  | line 6: callback 'go' needs a command, for example
            callbacks: {go: {command: [run], timeout: 0s}}  | line 6: 'callbacks.go.timeout': a callback cannot run in no time
            callbacks: {go: {comand: [run]}}                | line 6: unknown key 'callbacks.go.comand'; did you mean 'command'?
            callbacks: {go: {command: [run], exit-codes: {256: release}}} | line 6: '256' is not an exit status from 0 to 255, or 'other'
            callbacks: {go: {command: [run], exit-codes: {1: maybe}}} | line 6: 'callbacks.go.exit-codes.1': 'maybe' is not a result; results are release, retry-release and retry-hold
            callbacks: {rollingops.sync: {command: [run]}}  | line 6: callback id 'rollingops.sync' is blank or begins with 'rollingops.'
            upgrade: {command: [run]}                       | line 6: 'upgrade' needs one of 'version-file' and 'version-command'
            upgrade: {version-file: v, version-command: [v], command: [run]} | line 6: 'upgrade' needs one of 'version-file' and 'version-command'
            upgrade: {version-file: v}                      | line 6: 'upgrade.command' is missing; give it, for example
            upgrade: {version-file: v, command: [run], look-every: 1ms} | line 6: 'upgrade.look-every': '1ms' is too often; 100 ms is the least
            callbacks: [go]                                 | line 6: 'callbacks' must be a mapping of keys to values
            unit: web/1                                     | line 6: 'unit' stands twice
            """)
    void a_mistake_is_told_with_its_line(String line, String message) throws IOException {
        assertRefused(GOOD + line + "\n", message);
    }

    @Test
    void a_unit_that_stands_twice_is_told_at_its_second_place() throws IOException {
        assertRefused(
                GOOD.replace("web/1", "web/0"),
                "line 4: unit web/0 stands twice among the members; remove one of the two");
    }

    @Test
    void members_on_other_machines_need_tls() throws IOException {
        assertRefused(
                GOOD.replace("127.0.0.1:7947", "10.0.0.6:7946"),
                "line 2: 'members': member web/1 at 10.0.0.6 is on another machine, and there is no TLS; give"
                        + " certificate, key and authority");
    }

    @Test
    void a_unit_that_is_not_among_the_members_is_a_mistake() throws IOException {
        assertRefused(GOOD.replace("unit: web/0\nm", "unit: web/2\nm"), "line 2: 'members'", "do not include web/2");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            127.0.0.1       | line 4: '127.0.0.1' has no port; write it like 10.0.0.5:7946
            127.0.0.1:http  | line 4: '127.0.0.1:http' has no port number after the colon
            127.0.0.1:70000 | line 4: '127.0.0.1:70000' is not an address; write it like 10.0.0.5:7946
            """)
    void an_address_needs_a_port(String address, String message) throws IOException {
        assertRefused(GOOD.replace("127.0.0.1:7947", address), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            {endpoints: ["10.0.0.1"]}                                       | 'etcd.cluster-id' is missing
            {cluster-id: c}                                                 | 'etcd' needs endpoints
            {cluster-id: c, endpoints: ["nobody:0"]}                        | 'etcd': a port lies between 1 and 65535
            {cluster-id: a/b, endpoints: ["10.0.0.1"]}                      | 'etcd': the cluster id 'a/b' contains a /
            {cluster-id: c, endpoints: ["10.0.0.1"], lease: 1s}             | 'etcd.lease': a lease in etcd lasts whole seconds, at least 5
            {cluster-id: c, endpoints: ["10.0.0.1"], on-etcd-loss: panic}   | 'etcd.on-etcd-loss': 'panic' is neither degrade nor block
            {cluster-id: c, endpoints: ["10.0.0.1"], tls: {key: etcd.key}}  | 'etcd.tls' has only one of 'certificate' and 'key'
            {cluster-id: c, endpoints: ["http://10.0.0.1"], tls: {}}        | 'etcd': certificates are configured, but the endpoint http://10.0.0.1:2379 is not encrypted
            """)
    void mistakes_about_etcd_are_told_with_their_lines(String section, String message) throws IOException {
        assertRefused(GOOD + "etcd: " + section + "\n", "line 6: " + message);
    }

    /** Else the lock would be somebody else's while a callback that was told to stop still runs (rule L1). */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            stop-within: 5s              | ', lease: 9s'  | 5000 ms to stop and 1000 ms to notice
            stop-within: 12s, lease: 1m  | ', lease: 20s' | 12000 ms to stop and 1000 ms to notice
            stop-within: 40s, lease: 2m  | ''             | 40000 ms to stop and 1000 ms to notice
            """)
    void a_lease_in_etcd_that_leaves_callbacks_no_time_to_stop_is_refused(
            String settings, String etcdLease, String message) {
        assertThatThrownBy(() -> read(sharing(settings, etcdLease)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("'etcd.lease': ", message, "or shorten the time to stop ('stop-within')")
                .satisfies(e ->
                        assertThat(e.getMessage()).as("one mistake, told once").containsOnlyOnce("line "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            stop-within: 5s                       | ', lease: 10s' | 10
            stop-within: 12s, lease: 1m           | ', lease: 21s' | 21
            stop-within: 500ms, check-every: 1s   | ', lease: 5s'  | 5
            stop-within: 30s, lease: 2m           | ''             | 60
            """)
    void a_lease_in_etcd_that_leaves_callbacks_the_time_to_stop_is_taken(String settings, String etcdLease, int seconds)
            throws IOException {
        assertThat(read(sharing(settings, etcdLease))
                        .etcd()
                        .orElseThrow()
                        .lock()
                        .lease()
                        .ttl())
                .isEqualTo(Duration.ofSeconds(seconds));
    }

    private static String sharing(String settings, String etcdLease) {
        return GOOD + settings.replace(", ", "\n") + "\netcd: {cluster-id: c, endpoints: ['10.0.0.1']" + etcdLease
                + "}\n";
    }

    @Test
    void what_is_said_about_etcd_counts() throws IOException {
        EtcdConfig etcd = read(GOOD + """
                        etcd:
                          cluster-id: 6f0e2bd4-8a41-4f0e-9c43-9d1f3a1f77a1
                          endpoints: ["10.0.0.1:2379", "10.0.0.2:2379"]
                          lease: 30s
                          return-after: 10s
                          on-etcd-loss: block
                        """).etcd().orElseThrow();

        assertThat(etcd.endpoints()).isEqualTo("10.0.0.1:2379,10.0.0.2:2379");
        assertThat(etcd.lock().lease().ttl()).isEqualTo(Duration.ofSeconds(30));
        assertThat(etcd.lock().lease().stopWithin())
                .as("callbacks are stopped in the same time, whichever lock is lost")
                .isEqualTo(Duration.ofSeconds(5));
        assertThat(etcd.lock().lease().checkEvery()).isEqualTo(Duration.ofSeconds(1));
        assertThat(etcd.lock().settledAfter()).isEqualTo(Duration.ofSeconds(10));
        assertThat(etcd.onLoss()).isEqualTo(io.rollingops.manager.ClusterLossPolicy.BLOCK);
        assertThat(etcd.isGuessable()).isFalse();
    }

    @Test
    void all_mistakes_are_told_at_once() throws IOException {
        String text = GOOD.replace("unit: web/0\nm", "unit: web\nm").replace("certificate: unit.pem, ", "")
                + "leese: 30s\nlease: soon\n";
        assertRefused(
                text,
                "line 1: 'unit'",
                "line 5: 'identity.certificate' is missing",
                "line 6: unknown key 'leese'",
                "line 7: 'lease': 'soon' is not a time");
    }

    @Test
    void a_file_without_end_of_mistakes_is_cut_short() throws IOException {
        String wrong =
                IntStream.range(0, 100).mapToObj(i -> "wrong" + i + ": x\n").collect(Collectors.joining());
        Path file = Files.writeString(folder.resolve("agent.yaml"), GOOD + wrong);
        assertThatThrownBy(() -> AgentConfig.read(file))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(String.valueOf(e.getMessage()).lines()).hasSize(20));
    }

    @Test
    void what_is_no_yaml_no_mapping_or_not_there_is_told() throws IOException {
        assertRefused("unit: [web/0\n", "line 2: not valid YAML");
        assertRefused("", "is empty; 'rollingops init' writes one");
        assertRefused("- web/0\n", "line 1: the file must be a mapping");
        assertRefused("unit: &a [*a]\n", "agent.yaml");
        assertThatThrownBy(() -> AgentConfig.read(folder.resolve("none.yaml")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("none.yaml", "does not exist; 'rollingops init' writes one");
    }

    @Test
    void the_configurations_that_init_writes_can_be_read() throws IOException {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        UnitName unit = new UnitName("web", 0);
        List<RaftMember> members = List.of(
                new RaftMember(unit, "10.0.0.5", 7946, true),
                new RaftMember(new UnitName("web", 1), "10.0.0.6", 7946, false));
        ApplicationFiles files = ApplicationFiles.create(folder.resolve("web"), "web", now);
        Path own = files.writeUnit(unit, List.of("10.0.0.5"), now);
        files.writeConfiguration(unit, members, true, Map.of("restart", List.of("sh", "-c", "echo \"it's\": #")));

        AgentConfig config = AgentConfig.read(own.resolve("agent.yaml"));

        assertThat(config.raft().members()).isEqualTo(members);
        assertThat(config.raft().joining()).isTrue();
        assertThat(config.callbacks().get("restart"))
                .extracting(CommandSpec::command)
                .isEqualTo(List.of("sh", "-c", "echo \"it's\": #"));
        assertThat(config.identity().certificate()).exists();
        assertThat(config.raft().tls().orElseThrow().key()).exists();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void what_init_writes_of_upgrades_is_true_also_where_it_is_a_comment(boolean isKnown) throws IOException {
        UnitName unit = new UnitName("web", 0);
        List<RaftMember> members = List.of(new RaftMember(unit, "10.0.0.5", 7946, true));
        Optional<UpgradeStart> known = isKnown
                ? Optional.of(new UpgradeStart("/srv/web/VERSION", List.of("/srv/web/bin/install-release")))
                : Optional.empty();
        String text = new AgentYaml(unit, members, false, Map.of("restart", List.of("x")), List.of(), "", known).text();

        assertThat(read(text).upgrade().isPresent()).isEqualTo(isKnown);
        UpgradeConfig upgrade =
                read(text.replaceAll("(?m)^#(upgrade:|  )", "$1")).upgrade().orElseThrow();
        assertThat(upgrade.version()).isEqualTo(new UpgradeConfig.VersionSource.OfFile(Path.of("/srv/web/VERSION")));
        assertThat(upgrade.command()).containsExactly("/srv/web/bin/install-release");
        assertThat(upgrade.healthCheck()).containsExactly("/srv/web/bin/is-well");
        assertThat(upgrade.check()).containsExactly("/srv/web/bin/upgrade-check");
        assertThat(upgrade.timeout()).hasMinutes(10);
    }

    private AgentConfig read(String text) throws IOException {
        return AgentConfig.read(Files.writeString(folder.resolve("agent.yaml"), text));
    }

    private void assertRefused(String text, String... messages) throws IOException {
        Path file = Files.writeString(folder.resolve("agent.yaml"), text);
        assertThatThrownBy(() -> AgentConfig.read(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContainingAll(messages);
    }
}
