// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ErrandTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    @Test
    void status_and_output_come_back() throws IOException, InterruptedException {
        Errand good = run("echo $WHAT; echo and more >&2", LONG);
        Errand bad = run("echo first; echo the disk is full; exit 3", LONG);

        assertThat(good.isGood()).isTrue();
        assertThat(good.output()).isEqualTo("1.1\nand more\n");
        assertThat(bad.isGood()).isFalse();
        assertThat(bad.ending(LONG)).isEqualTo("exit status 3: the disk is full");
    }

    @Test
    void a_command_whose_time_is_over_is_ended() throws IOException, InterruptedException {
        Duration limit = Duration.ofMillis(300);

        Errand late = run("echo begun; sleep 600", limit);

        assertThat(late.status()).isEqualTo(Optional.empty());
        assertThat(late.ending(limit)).isEqualTo("timed out after 300 ms");
        assertThat(ProcessHandle.allProcesses()
                        .filter(process -> process.info()
                                .commandLine()
                                .filter(line -> line.contains(folder.toString()))
                                .isPresent()))
                .as("nothing of it is left, but what is just ending")
                .allSatisfy(process -> assertThat(process.onExit().orTimeout(10, java.util.concurrent.TimeUnit.SECONDS))
                        .succeedsWithin(Duration.ofSeconds(10)));
    }

    private Errand run(String script, Duration limit) throws IOException, InterruptedException {
        return Errand.run(
                List.of("sh", "-c", script),
                folder,
                Map.of("WHAT", "1.1"),
                new RunDirectories(folder.resolve("errands")),
                "look",
                1,
                limit);
    }
}
