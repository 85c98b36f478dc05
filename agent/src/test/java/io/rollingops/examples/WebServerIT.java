// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsStatus;
import io.rollingops.UnitName;
import io.rollingops.agent.Documents;
import io.rollingops.agent.config.ApplicationFiles;
import io.rollingops.raft.RaftMember;
import io.rollingops.testkit.net.ReservedPort;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example of the README works, and the README shows it as it is. */
@Timeout(60)
class WebServerIT {
    /** Kept, since the log manager forgets loggers that nobody holds. */
    private static final Logger RATIS = Logger.getLogger("org.apache.ratis");

    @TempDir
    Path folder;

    @BeforeAll
    static void quiet() {
        RATIS.setLevel(Level.WARNING);
    }

    @Test
    void it_restarts_when_its_turn_comes() throws IOException, InterruptedException {
        UnitName self = UnitName.parse("web/0");
        ApplicationFiles files = ApplicationFiles.create(
                folder.resolve("web"), "web", InstantSource.system().instant());
        Path own = files.writeUnit(
                self, List.of("127.0.0.1"), InstantSource.system().instant());
        CountDownLatch restarted = new CountDownLatch(1);

        try (ReservedPort port = ReservedPort.take();
                WebServer server = new WebServer(
                        self,
                        List.of(new RaftMember(self, "127.0.0.1", port.number(), true)),
                        own,
                        Optional.empty(),
                        restarted::countDown)) {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> server.manager().state().status() != RollingOpsStatus.NOT_READY);
            server.configurationChanged();

            assertThat(restarted.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void the_readme_shows_it_as_it_is() throws IOException {
        String source = Documents.read("agent/src/test/java/io/rollingops/examples/WebServer.java");
        Matcher shown =
                Pattern.compile("(?s)// README: begin\n(.*?)\n *// README: end").matcher(source);
        StringBuilder expected = new StringBuilder();
        while (shown.find()) {
            expected.append(shown.group(1).stripIndent()).append("\n\n");
        }

        assertThat(Documents.blocks(Documents.read("README.md"), "java"))
                .containsExactly(expected.toString().strip() + "\n");
    }
}
