// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.UnitName;
import io.rollingops.agent.config.ApplicationFiles;
import io.rollingops.testkit.net.ReservedPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An agent that cannot run as it is configured: one clear error, exit status 2, and nothing is harmed. */
@Timeout(180)
class BadStartIT {
    private static final UnitName UNIT = new UnitName("web", 0);

    @TempDir
    Path folder;

    private final ReservedPort port = ReservedPort.take();
    private Path own = Path.of("web-0");
    private AgentProcess agent = new AgentProcess(UNIT, own);

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        Program.complete();
    }

    @BeforeEach
    void prepare() throws IOException {
        own = writeUnit(InstantSource.system());
        agent = new AgentProcess(UNIT, own);
    }

    @AfterEach
    void stop() {
        agent.kill();
        port.close();
    }

    private Path writeUnit(InstantSource clock) throws IOException {
        Path application = folder.resolve("web");
        ApplicationFiles files = Files.exists(application)
                ? ApplicationFiles.open(application, "web")
                : ApplicationFiles.create(application, "web", clock.instant());
        Path made = files.writeUnit(UNIT, List.of("127.0.0.1"), clock.instant());
        Files.writeString(made.resolve("agent.yaml"), """
                unit: web/0
                data-directory: data
                members: [{unit: web/0, address: '127.0.0.1:%d'}]
                identity: {certificate: unit.pem, key: unit.key, authority: authority.pem}
                tls: {certificate: tls.pem, key: tls.key, authority: authority.pem}
                """.formatted(port.number()));
        return made;
    }

    @Test
    void a_second_agent_on_the_same_data_is_refused_and_the_first_goes_on() throws IOException, InterruptedException {
        startAndAwait();

        assertRefused(run(own), "another agent of web/0 uses " + own.resolve("data") + "; stop it first");
        assertThat(status().await()).isZero();
    }

    @Test
    void a_second_agent_on_the_same_port_is_refused_and_the_first_goes_on() throws IOException, InterruptedException {
        startAndAwait();
        Path copy = Files.createDirectory(folder.resolve("copy"));
        for (String file : List.of("agent.yaml", "unit.pem", "unit.key", "tls.pem", "tls.key", "authority.pem")) {
            Files.copy(own.resolve(file), copy.resolve(file));
        }

        assertRefused(run(copy), "cannot listen on 127.0.0.1:", "another agent may be running");
        assertThat(status().await()).isZero();
    }

    @Test
    void an_expired_certificate_is_told_by_its_file_and_a_new_one_goes_on_with_the_old_data()
            throws IOException, InterruptedException {
        startAndAwait();
        agent.terminate();
        String configuration = Files.readString(own.resolve("agent.yaml"));
        writeUnit(InstantSource.offset(InstantSource.system(), Duration.ofDays(-900)));
        Files.writeString(own.resolve("agent.yaml"), configuration);
        assertRefused(run(own), own.resolve("unit.pem") + ": it has expired on", "rollingops certs");

        Cli renewed = Cli.start(
                folder,
                Map.of(),
                Program.command(
                        "certs", "web", "-d", folder.resolve("web").toString(), "-u", "web/0", "--host", "127.0.0.1"));
        assertThat(renewed.await()).as(renewed.err()).isZero();
        startAndAwait();
    }

    @Test
    void a_data_directory_of_a_newer_version_is_left_alone() throws IOException, InterruptedException {
        startAndAwait();
        agent.terminate();
        Path owner = own.resolve("data/rollingops.json");
        Files.writeString(owner, Files.readString(owner).replace("\"format\":1", "\"format\":2"));

        assertRefused(run(own), "was written by a newer version of Rollingops", "use that version");
    }

    private Cli run(Path directory) throws IOException {
        return Cli.start(
                folder,
                Map.of(),
                Program.command(
                        "agent", "--config", directory.resolve("agent.yaml").toString()));
    }

    private static void assertRefused(Cli second, String... message) throws IOException, InterruptedException {
        assertThat(second.await()).as(second.err()).isEqualTo(2);
        assertThat(second.err()).contains(message).doesNotContain("\tat ");
        assertThat(second.err().lines()).as("one error").hasSize(1);
    }

    private void startAndAwait() throws IOException {
        int before = agent.log().length();
        agent.start();
        await().atMost(TestApplication.PATIENCE)
                .until(() -> agent.log().substring(before).contains("info lease-opened"));
    }

    private Cli status() throws IOException {
        return Cli.start(folder, Map.of("ROLLINGOPS_SOCKET", agent.socket().toString()), Program.command("status"));
    }
}
