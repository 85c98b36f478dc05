// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./rollingops demo}, as a newcomer types it. */
@Timeout(180)
class DemoIT {
    /** The demo makes its folder here, so that everything that belongs to it can be told by this path. */
    @TempDir
    Path temporary;

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        Program.complete();
    }

    @AfterEach
    void nothing_is_left_behind() throws IOException {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(processes()).isEmpty());
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left.filter(file -> file.getFileName().toString().startsWith("rollingops-demo-")))
                    .isEmpty();
        }
    }

    @Test
    void the_demo_rolls_and_its_exit_status_says_that_all_was_well() throws IOException, InterruptedException {
        Cli demo = demo();

        assertThat(demo.await()).as(demo.out() + demo.err()).isZero();
        assertThat(demo.out())
                .contains("order        web/0, web/1, web/2", "down at once never more than one of 3", "Good: ");
    }

    @Test
    void the_demo_of_an_upgrade_fails_on_the_second_unit_goes_back_and_succeeds()
            throws IOException, InterruptedException {
        Cli demo = demo("upgrade");

        assertThat(demo.await()).as(demo.out() + demo.err()).isZero();
        assertThat(demo.out())
                .containsPattern("web/\\d  failed: the workload is not well with 1.1")
                .contains(
                        "rollingops upgrade rollback",
                        "all are back at 1.0",
                        "down at once never more than one of 3",
                        "All answer with release 1.1.");
    }

    @Test
    @RequiresEtcd
    void the_demo_in_which_etcd_dies_goes_on_without_it_and_returns_to_it() throws IOException, InterruptedException {
        Cli demo = demo("--etcd", "--kill-etcd");

        assertThat(demo.await()).as(demo.out() + demo.err()).isZero();
        assertThat(demo.out())
                .contains(
                        "all units are processed by etcd",
                        "under the lock in etcd",
                        "down at once never more than one of 4",
                        "killing all three etcd processes",
                        "web is through, without etcd",
                        "web has returned to etcd",
                        "Good: ");
    }

    @Test
    @RequiresEtcd
    void the_demo_with_etcd_interrupted_ends_that_too() throws IOException, InterruptedException {
        Cli demo = demo("--etcd");
        await().atMost(TestApplication.PATIENCE).until(() -> demo.out().contains("agents of web are up"));

        Signals.send("INT", demo.pid());

        assertThat(demo.await()).isEqualTo(128 + 2);
        assertThat(demo.err()).doesNotContain("\tat ");
    }

    /** The moments: while services and agents start, while the first unit restarts, while another does. */
    @ParameterizedTest
    @ValueSource(strings = {"starting 3 services", "web/0  restarting", "web/1  restarting"})
    void the_demo_interrupted_cleans_up(String moment) throws IOException, InterruptedException {
        Cli demo = demo();
        await().atMost(TestApplication.PATIENCE).until(() -> demo.out().contains(moment));

        Signals.send("INT", demo.pid());

        assertThat(demo.await()).isEqualTo(128 + 2);
        assertThat(demo.err()).doesNotContain("\tat ");
    }

    private Cli demo(String... more) throws IOException {
        String launcher = Program.SOURCE_TREE.resolve("rollingops").toString();
        return Cli.start(
                temporary,
                Map.of("ROLLINGOPS_JAVA_OPTIONS", "-Djava.io.tmpdir=" + temporary),
                Stream.concat(Stream.of(launcher, "demo"), Stream.of(more)).toList());
    }

    /** The command lines of all processes, but this one and zombies, that name the folder. */
    private List<String> processes() {
        return ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .map(DemoIT::commandLine)
                .filter(line -> line.contains(temporary.toString()))
                .toList();
    }

    private static String commandLine(ProcessHandle process) {
        try {
            byte[] words = Files.readAllBytes(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
            byte[] variables = Files.readAllBytes(Path.of("/proc", Long.toString(process.pid()), "environ"));
            String mark = "DEMO_FOLDER=";
            String environment = new String(variables, StandardCharsets.UTF_8);
            int at = environment.indexOf(mark);
            String folder = at < 0 ? "" : environment.substring(at).split("\0", 2)[0];
            return new String(words, StandardCharsets.UTF_8).replace('\0', ' ') + folder;
        } catch (IOException e) {
            return ""; // it has ended
        }
    }
}
