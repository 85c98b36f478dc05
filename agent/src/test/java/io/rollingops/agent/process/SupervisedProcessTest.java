// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A command and everything it starts are one thing: they end together. That they live, and that all of them are gone, is
 * told by their {@link Lifeline}.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SupervisedProcessTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** A family of three processes that sleep for longer than any test. */
    private static final String FAMILY = "(sleep 1000 & sleep 1000) & sleep 1000";
    /** The same, of which some live on for a while when the first is gone. */
    private static final String DEAF_FAMILY = "(sleep 1000; sleep 1000) & sleep 1000; sleep 1000";

    @TempDir
    Path folder;

    private Path run = Path.of("run");

    @BeforeEach
    void makeRun() throws IOException {
        run = Files.createDirectory(folder.resolve("run"));
    }

    @ParameterizedTest
    @CsvSource({"exit 0, 0", "exit 75, 75", "no-such-command-anywhere, 127", "kill -9 $$, 137"})
    void the_exit_status_is_the_commands_as_a_shell_gives_it(String script, int status)
            throws IOException, InterruptedException {
        assertThat(start(script).await(PATIENCE)).contains(status);
    }

    @Test
    void a_program_that_does_not_exist_is_status_127() throws IOException, InterruptedException {
        SupervisedProcess process = SupervisedProcess.start(List.of("no-such-command-anywhere"), folder, run, Map.of());
        assertThat(process.await(PATIENCE)).contains(127);
    }

    @Test
    void arguments_environment_and_folder_reach_the_command_unchanged() throws IOException, InterruptedException {
        String argument = "a b\n\"c' $HOME *";
        SupervisedProcess process = SupervisedProcess.start(
                List.of("sh", "-c", "printf '%s|%s|%s' \"$1\" \"$COLOUR\" \"$PWD\"", "name", argument),
                folder,
                run,
                Map.of("COLOUR", "blue $1"));

        String output = new String(process.output().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output).isEqualTo(argument + "|blue $1|" + folder.toRealPath());
        assertThat(process.await(PATIENCE)).contains(0);
    }

    @Test
    void standard_input_is_empty() throws IOException, InterruptedException {
        assertThat(start("[ -z \"$(cat)\" ] && exit 7").await(PATIENCE)).contains(7);
    }

    @Test
    void a_wait_that_takes_too_long_says_so_and_the_command_runs_on() throws IOException, InterruptedException {
        Lifeline lifeline = Lifeline.make(folder);
        SupervisedProcess process = start(lifeline.held(FAMILY));
        lifeline.awaitBegun();

        assertThat(process.await(Duration.ofMillis(50))).isEmpty();
        process.kill();
        lifeline.awaitAllGone();
    }

    @Test
    void asked_to_end_the_whole_group_ends() throws IOException, InterruptedException {
        Lifeline lifeline = Lifeline.make(folder);
        SupervisedProcess process = start(lifeline.held(FAMILY));
        lifeline.awaitBegun();

        process.terminate();

        assertThat(process.await(PATIENCE)).contains(128 + 15);
        lifeline.awaitAllGone();
    }

    @Test
    void a_group_that_does_not_listen_is_killed() throws IOException, InterruptedException {
        Lifeline lifeline = Lifeline.make(folder);
        SupervisedProcess process = start(lifeline.held("trap '' TERM", DEAF_FAMILY));
        lifeline.awaitBegun();

        process.kill();

        assertThat(process.await(PATIENCE)).contains(128 + 9);
        lifeline.awaitAllGone();
    }

    @Test
    void a_command_that_ends_politely_is_given_the_time_for_it() throws IOException, InterruptedException {
        Lifeline lifeline = Lifeline.make(folder);
        SupervisedProcess process = start(lifeline.held("trap 'echo tidy >tidied; exit 3' TERM", "sleep 1000 & wait"));
        lifeline.awaitBegun();

        process.terminate();

        assertThat(process.await(PATIENCE)).contains(3);
        assertThat(folder.resolve("tidied")).hasContent("tidy");
        lifeline.awaitAllGone();
    }

    /** What the command left in the background on purpose outlives it: it ended by itself. */
    @Test
    void what_a_command_leaves_behind_when_it_ends_by_itself_is_left_alone() throws IOException, InterruptedException {
        Lifeline lifeline = Lifeline.make(folder);
        SupervisedProcess process = start(lifeline.held("sleep 1000 >/dev/null 2>&1 & exit 0"));
        lifeline.awaitBegun();

        assertThat(process.await(PATIENCE)).contains(0);
        assertThat(lifeline.isHeld()).isTrue();
        assertThat(RunDirectories.kill(run)).isFalse(); // it does not carry this run's mark
        killGroup();
        lifeline.awaitAllGone();
    }

    private void killGroup() throws IOException, InterruptedException {
        String group = Files.readString(run.resolve("group")).strip();
        new ProcessBuilder("kill", "-s", "KILL", "--", "-" + group).start().waitFor();
    }

    private SupervisedProcess start(String script) throws IOException {
        return SupervisedProcess.start(List.of("sh", "-c", script), folder, run, Map.of());
    }

    /** The leftovers of a run are what carries its mark, and nothing else of that group's number. */
    @Test
    void leftovers_of_an_earlier_process_are_found_by_their_mark_and_killed() throws IOException, InterruptedException {
        assertThatLeftoversAreKilled("sleep 1000");
    }

    /** A list of processes is out of date when it is made: the child of one that has just ended is not in it. */
    @Test
    void a_leftover_that_hands_on_to_a_child_again_and_again_is_found() throws IOException, InterruptedException {
        Path relay = Files.writeString(
                folder.resolve("relay"), "[ \"$1\" -gt 0 ] || exec sleep 1000; sh \"$0\" $(($1 - 1)) & exit 0");
        assertThatLeftoversAreKilled("sh '" + relay + "' 500");
    }

    private void assertThatLeftoversAreKilled(String leftover) throws IOException, InterruptedException {
        Path runs = Files.createDirectory(folder.resolve("runs"));
        Path old = Files.createDirectory(runs.resolve("000000000001-work"));
        Lifeline lifeline = Lifeline.make(folder);
        SupervisedProcess.start(
                List.of("sh", "-c", lifeline.held(leftover + " >/dev/null 2>&1 & exit 0")),
                folder,
                old,
                Map.of(RunDirectories.MARK, old.toString()));
        lifeline.awaitBegun();

        assertThat(new RunDirectories(runs).killLeftovers()).containsExactly(old);
        lifeline.awaitAllGone();
        assertThat(new RunDirectories(runs).killLeftovers()).isEmpty();
    }
}
