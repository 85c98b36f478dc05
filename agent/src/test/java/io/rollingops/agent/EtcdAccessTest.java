// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.AgentConfig;
import io.rollingops.etcd.EtcdSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent takes up of its configuration while it runs. */
class EtcdAccessTest {
    private static final String ONE = "endpoints: ['10.0.0.1:2379']";
    private static final String TWO = "endpoints: ['10.0.0.1:2379', '10.0.0.2:2379']";

    @TempDir
    Path folder;

    private final List<EtcdSettings> used = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private Optional<String> unusable = Optional.empty();
    private Path file;
    private EtcdAccess access;
    private int written;

    @BeforeEach
    void start() throws IOException {
        file = folder.resolve("agent.yaml");
        write("30s", ONE);
        AgentConfig config = AgentConfig.read(file);
        access = new EtcdAccess(
                file,
                config,
                SharedLock.settings(config.etcd().orElseThrow()),
                settings -> {
                    unusable.ifPresent(reason -> {
                        throw new RollingOpsException.InvalidRequest(reason);
                    });
                    used.add(settings);
                },
                new EtcdAccess.Story() {
                    @Override
                    public void changed(EtcdSettings settings) {}

                    @Override
                    public void refused(String reason) {
                        refused.add(reason);
                    }
                });
    }

    @Test
    void new_endpoints_are_taken_up_once() throws IOException {
        access.look();
        assertThat(used).isEmpty();
        write("30s", TWO);
        access.look();
        access.look();

        assertThat(used).containsExactly(EtcdSettings.plain("10.0.0.1:2379,10.0.0.2:2379"));
        assertThat(refused).isEmpty();
    }

    @Test
    void a_wrong_file_changes_nothing_and_is_told_once() throws IOException {
        write("30s", "endpoints: ['10.0.0.1:99999']");
        access.look();
        access.look();
        assertThat(used).isEmpty();
        assertThat(refused)
                .singleElement()
                .asString()
                .contains("agent.yaml", "99999", "the agent goes on with what it had");

        write("30s", TWO);
        access.look();
        assertThat(used).hasSize(1);
    }

    @Test
    void a_file_that_is_gone_for_a_while_changes_nothing() throws IOException {
        Files.delete(file);
        access.look();
        assertThat(refused).singleElement().asString().contains("is not there any more");
        assertThat(used).isEmpty();
        write("30s", TWO);
        access.look();
        assertThat(used).hasSize(1);
    }

    @Test
    void whatever_else_has_changed_is_told_to_need_a_restart() throws IOException {
        write("40s", TWO);
        access.look();
        access.look();

        assertThat(used).hasSize(1);
        assertThat(refused).singleElement().asString().contains("next start of the agent");
    }

    @Test
    void certificates_that_cannot_be_used_are_tried_again() throws IOException {
        unusable = Optional.of("no.pem is not there");
        write("30s", "endpoints: ['https://10.0.0.1:2379']\n  tls: {authority: no.pem}");
        access.look();
        access.look();
        assertThat(used).isEmpty();
        assertThat(refused).singleElement().asString().contains("no.pem is not there");

        unusable = Optional.empty();
        access.look();
        assertThat(used).hasSize(1);
    }

    @Test
    void a_new_password_is_taken_up() throws IOException {
        Path password = Files.writeString(folder.resolve("password"), "old");
        write("30s", ONE + "\n  user: {name: web, password-file: password}");
        access.look();
        Files.writeString(password, "new");
        access.look();

        assertThat(used)
                .extracting(settings -> settings.credentials().orElseThrow().password())
                .containsExactly("old", "new");
    }

    /** As an editor or a mounted configuration does it: another file takes its place. */
    private void write(String lease, String access) throws IOException {
        Path next = Files.writeString(folder.resolve("next-" + written++), """
                unit: web/0
                members:
                  - {unit: web/0, address: "127.0.0.1:7946"}
                identity: {certificate: unit.pem, key: unit.key, authority: authority.pem}
                lease: %s
                etcd:
                  cluster-id: a-cluster-id-that-is-long
                  %s
                """.formatted(lease, access));
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
    }
}
