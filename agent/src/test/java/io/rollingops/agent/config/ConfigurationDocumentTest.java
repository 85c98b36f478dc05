// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rollingops.OperationResult;
import io.rollingops.agent.Documents;
import io.rollingops.lease.LeaseTerms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/operations.md} names every key of the configuration, and no others, and its example can be read. */
class ConfigurationDocumentTest {
    private static final Pattern KNOWN =
            Pattern.compile("unknown key '((?:[^']*\\.)?)nobody-knows-this'; known here are \\[([^]]*)]");

    /** Only what must be there, and in every section a key that nobody knows: the reader names those that it knows. */
    private static final String UNKNOWN_EVERYWHERE = """
            nobody-knows-this: 1
            unit: web/0
            members:
              - {unit: web/0, address: "127.0.0.1:7946", nobody-knows-this: 1}
            identity: {certificate: a, key: b, authority: c, nobody-knows-this: 1}
            tls: {certificate: a, key: b, authority: c, nobody-knows-this: 1}
            retry-pause: {nobody-knows-this: 1}
            elections: {nobody-knows-this: 1}
            etcd:
              cluster-id: 0123456789-0123456789
              endpoints: ["http://127.0.0.1:2379"]
              tls: {nobody-knows-this: 1}
              user: {name: a, password-file: b, nobody-knows-this: 1}
              nobody-knows-this: 1
            callbacks:
              ID: {command: [x], nobody-knows-this: 1}
            upgrade: {version-file: a, command: [x], nobody-knows-this: 1}
            """;

    private static final String SMALLEST = """
            unit: web/0
            members:
              - {unit: web/0, address: "127.0.0.1:7946"}
            identity: {certificate: a, key: b, authority: c}
            callbacks:
              restart: {command: [x]}
            upgrade: {version-file: a, command: [x]}
            """;

    @TempDir
    Path folder;

    @Test
    void keys_are_those_of_the_program() throws IOException {
        String problems = problems(UNKNOWN_EVERYWHERE);
        TreeSet<String> program = new TreeSet<>();
        Matcher known = KNOWN.matcher(problems);
        while (known.find()) {
            String section = known.group(1).replace("[0]", "[]");
            List.of(known.group(2).split(", ")).forEach(key -> program.add(section + key));
        }

        assertThat(documented().keySet()).isEqualTo(program);
    }

    @Test
    void defaults_are_those_of_the_program() throws IOException {
        Map<String, String> documented = documented();
        AgentConfig config = read(SMALLEST);
        CommandSpec callback = callback(config);

        assertThat(new LeaseTerms(
                        time(documented, "lease"), time(documented, "stop-within"), time(documented, "check-every")))
                .isEqualTo(config.lease());
        assertThat(time(documented, "retry-pause.first"))
                .isEqualTo(config.pause().first());
        assertThat(time(documented, "retry-pause.longest"))
                .isEqualTo(config.pause().longest());
        assertThat(time(documented, "elections.min"))
                .isEqualTo(config.raft().elections().min());
        assertThat(time(documented, "elections.max"))
                .isEqualTo(config.raft().elections().max());
        assertThat(time(documented, "callbacks.ID.timeout")).isEqualTo(callback.timeout());
        UpgradeConfig upgrade = config.upgrade().orElseThrow();
        assertThat(time(documented, "upgrade.timeout")).isEqualTo(upgrade.timeout());
        assertThat(time(documented, "upgrade.look-every")).isEqualTo(upgrade.lookEvery());
        assertThat(documented.get("callbacks.ID.hold")).isEqualTo("`" + callback.hold() + "`");
        assertThat(documented.get("members[].voter"))
                .isEqualTo("`" + config.raft().own().voter() + "`");
        assertThat(documented.get("join")).isEqualTo("`" + config.raft().joining() + "`");
        assertThat(config.dataDirectory()).isEqualTo(Path.of("/var/lib/rollingops/web-0"));
        assertThat(config.controlSocket()).isEqualTo(config.dataDirectory().resolve("control/agent.sock"));
    }

    @Test
    void what_must_be_given_is_what_the_program_asks_for() throws IOException {
        String problems =
                problems("tls: {}\nidentity: {}\nmembers: [{}]\ncallbacks: {ID: {}}\netcd: {user: {}}\nupgrade: {}\n");

        documented().forEach((key, defaultValue) -> {
            String name = key.replace("[]", "[0]");
            boolean asked = problems.contains("'" + name + "' is missing") || problems.contains(demand(name));
            assertThat(asked || isDemandedAsAWhole(name)).as(key).isEqualTo(defaultValue.equals("required"));
        });
    }

    @Test
    void the_example_can_be_read_and_shows_every_key() throws IOException {
        String example =
                Documents.blocks(Documents.read("docs/operations.md"), "yaml").get(0);

        AgentConfig config = read(example);

        assertThat(callback(config).result(3)).isEqualTo(OperationResult.RETRY_HOLD);
        for (String key : documented().keySet()) {
            assertThat(example).contains(key.substring(key.lastIndexOf('.') + 1) + ":");
        }
    }

    @Test
    void exit_statuses_of_callbacks_mean_what_the_document_says() throws IOException {
        Map<Integer, OperationResult> documented = new TreeMap<>();
        for (List<String> row : Documents.rows(section("## Callbacks"))) {
            if (row.get(0).matches("[0-9]+")) {
                documented.put(
                        Integer.valueOf(row.get(0)),
                        OperationResult.ofWire(Documents.code(row.get(1)).get(0))
                                .orElseThrow());
            }
        }

        assertThat(documented).isEqualTo(CommandSpec.DEFAULT_RESULTS);
    }

    @Test
    void a_lease_that_the_store_would_refuse_is_a_mistake_in_the_file() {
        assertThat(problems(SMALLEST + "lease: 2h\n"))
                .contains("line 8: 'lease': a unit's lease lives 1.0 s to 1 h 0 min, not 2 h 0 min");
    }

    @Test
    void a_missing_unit_does_not_make_other_keys_unknown() {
        assertThat(problems(SMALLEST.replace("unit: web/0\nmembers", "members")))
                .contains("'unit' is missing")
                .doesNotContain("unknown key");
    }

    private String problems(String yaml) {
        return String.valueOf(
                catchThrowableOfType(ConfigException.class, () -> read(yaml)).getMessage());
    }

    private static CommandSpec callback(AgentConfig config) {
        return Optional.ofNullable(config.callbacks().get("restart")).orElseThrow();
    }

    private static String demand(String key) {
        return switch (key) {
            case "callbacks.ID.command" -> "callback 'ID' needs a command";
            case "etcd.endpoints" -> "'etcd' needs endpoints";
            default -> "nothing of the kind";
        };
    }

    /** Without any members the unit is not one of them, and without an identity its keys cannot be missing. */
    private boolean isDemandedAsAWhole(String key) {
        return key.equals("members") || key.equals("identity");
    }

    private Map<String, String> documented() throws IOException {
        Map<String, String> keys = new TreeMap<>();
        for (List<String> row : Documents.rows(section("## Configuration"))) {
            keys.put(Documents.code(row.get(0)).get(0), row.get(2));
        }
        return keys;
    }

    private static Duration time(Map<String, String> documented, String key) {
        return Durations.parse(
                Documents.code(String.valueOf(documented.get(key))).get(0));
    }

    private static String section(String heading) throws IOException {
        return Documents.section(Documents.read("docs/operations.md"), heading);
    }

    private AgentConfig read(String yaml) throws IOException {
        Path file = folder.resolve("agent.yaml");
        Files.writeString(file, yaml);
        return AgentConfig.read(file);
    }
}
