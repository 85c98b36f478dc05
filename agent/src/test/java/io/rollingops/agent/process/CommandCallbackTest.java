// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.agent.config.CommandSpec;
import io.rollingops.manager.Ending;
import io.rollingops.manager.Host;
import io.rollingops.manager.HostClock;
import io.rollingops.manager.RetryPause;
import io.rollingops.manager.RollingOpsManager;
import io.rollingops.manager.UnitEvent;
import io.rollingops.peer.Outcome;
import io.rollingops.testing.InMemoryPeerStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands as callbacks of a whole unit, with the store in memory. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CommandCallbackTest {
    private static final UnitName UNIT = new UnitName("web", 0);
    private static final Duration STOP_WITHIN = Duration.ofSeconds(5);

    @TempDir
    Path folder;

    private final InMemoryPeerStore store = new InMemoryPeerStore("web", InstantSource.system());
    private final BlockingQueue<UnitEvent> story = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> halted = new LinkedBlockingQueue<>();
    private final ExecutorService serial = Executors.newSingleThreadExecutor();
    private final ExecutorService callbacks = Executors.newCachedThreadPool();
    private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(2);

    @AfterEach
    void stop() {
        serial.shutdownNow();
        callbacks.shutdownNow();
        timers.shutdownNow();
        assertThat(halted).isEmpty();
    }

    @Test
    void the_exit_status_becomes_the_result_and_stands_in_the_note() throws InterruptedException {
        RollingOpsManager manager = start("exit ${ROLLINGOPS_ARG_STATUS}", Duration.ofMinutes(1));

        for (String status : List.of("0", "75", "76", "1")) {
            manager.requestAsyncLock("work", Map.of("status", status), OptionalInt.of(0));
        }

        for (int i = 0; i < 4; i++) {
            await(UnitEvent.Recorded.class);
        }
        assertThat(outcomes())
                .extracting(Outcome::kind)
                .containsExactly(
                        Outcome.Kind.RELEASED, Outcome.Kind.DROPPED, Outcome.Kind.DROPPED, Outcome.Kind.DROPPED);
        assertThat(outcomes())
                .extracting(Outcome::note)
                .containsExactly("", "exit status 75", "exit status 76", "exit status 1");
    }

    @Test
    void the_command_finds_all_it_needs_in_its_environment() throws IOException, InterruptedException {
        RollingOpsManager manager =
                start("env | grep ^ROLLINGOPS_ | sort; echo to-stderr >&2; exit 0", Duration.ofMinutes(1));

        String operation = manager.requestAsyncLock(
                        "work",
                        new TreeMap<>(Map.of("who", "a b", "n", 3, "deep-er", Map.of("x", true))),
                        OptionalInt.empty())
                .value();

        assertThat(ended()).isEqualTo(new Ending.Answered(OperationResult.RELEASE, "", false));
        Path run = folder.resolve("runs/000000000001-work");
        assertThat(Files.readString(run.resolve("output.log")).lines().toList())
                .containsExactly(
                        "ROLLINGOPS_ARGUMENTS={\"deep-er\":{\"x\":true},\"n\":3,\"who\":\"a b\"}",
                        "ROLLINGOPS_ARG_DEEP_ER={\"x\":true}",
                        "ROLLINGOPS_ARG_N=3",
                        "ROLLINGOPS_ARG_WHO=a b",
                        "ROLLINGOPS_ATTEMPT=1",
                        "ROLLINGOPS_CALLBACK=work",
                        "ROLLINGOPS_FENCING_TOKEN=1",
                        "ROLLINGOPS_OPERATION=" + operation,
                        "ROLLINGOPS_RUN=" + run,
                        "ROLLINGOPS_UNIT=web/0",
                        "to-stderr");
    }

    @Test
    void a_command_over_its_time_is_ended_with_all_it_started_and_tried_again() throws Exception {
        Lifeline lifeline = Lifeline.make(folder);
        RollingOpsManager manager = start(
                lifeline.held("trap '' TERM", "(sleep 1000; sleep 1000) & sleep 1000; sleep 1000"),
                Duration.ofMillis(300));

        manager.requestAsyncLock("work", Map.of(), OptionalInt.of(0));
        lifeline.awaitBegun();

        lifeline.awaitAllGone();
        assertThat(ended())
                .isEqualTo(new Ending.Answered(OperationResult.RETRY_RELEASE, "timed out after 300 ms", false));
    }

    @Test
    void a_command_whose_lock_is_lost_is_ended_with_all_it_started_and_its_result_does_not_count() throws Exception {
        Lifeline lifeline = Lifeline.make(folder);
        RollingOpsManager manager =
                start(lifeline.held("trap 'exit 0' TERM", "sleep 1000 & wait"), Duration.ofMinutes(1));
        manager.requestAsyncLock("work", Map.of(), OptionalInt.empty());
        lifeline.awaitBegun();

        manager.stop();

        lifeline.awaitAllGone();
        assertThat(ended()).isInstanceOf(Ending.Interrupted.class);
        assertThat(outcomes()).isEmpty();
        assertThat(store.state().snapshot().record(UNIT).orElseThrow().queue().size())
                .isEqualTo(1);
    }

    @Test
    void a_command_that_writes_without_end_does_not_fill_the_disk_and_is_not_held_up() throws InterruptedException {
        RollingOpsManager manager = start("head -c 5000000 /dev/zero", Duration.ofMinutes(1));

        manager.requestAsyncLock("work", Map.of(), OptionalInt.empty());

        assertThat(ended()).isEqualTo(new Ending.Answered(OperationResult.RELEASE, "", false));
        assertThat(folder.resolve("runs/000000000001-work/output.log").toFile().length())
                .isBetween(BoundedLog.MAX_BYTES, BoundedLog.MAX_BYTES + 100);
    }

    @Test
    void only_the_last_runs_are_kept() throws IOException, InterruptedException {
        RollingOpsManager manager = start("exit 0", Duration.ofMinutes(1));
        for (int i = 0; i < RunDirectories.KEPT + 3; i++) {
            manager.requestAsyncLock("work", Map.of("n", i), OptionalInt.empty());
            ended();
        }
        try (var runs = Files.list(folder.resolve("runs"))) {
            assertThat(runs.map(run -> run.getFileName().toString()).sorted())
                    .hasSize(RunDirectories.KEPT)
                    .startsWith("000000000004-work")
                    .endsWith("000000000023-work");
        }
    }

    private RollingOpsManager start(String script, Duration timeout) throws InterruptedException {
        CommandSpec spec = new CommandSpec(
                "work",
                List.of("sh", "-c", script),
                timeout,
                false,
                folder,
                Map.of(),
                CommandSpec.DEFAULT_RESULTS,
                OperationResult.RETRY_RELEASE);
        Host host = new Host(
                serial, callbacks, timers, new HostClock(System::nanoTime, InstantSource.system()), halted::add);
        RollingOpsManager manager = RollingOpsManager.builder(store.as(UNIT), host, "process")
                .retryPause(RetryPause.NONE)
                .story(story::add)
                .callback(
                        "work",
                        new CommandCallback(UNIT, spec, new RunDirectories(folder.resolve("runs")), STOP_WITHIN))
                .start();
        await(UnitEvent.LeaseOpened.class);
        return manager;
    }

    /** How the next run ended. */
    private Ending ended() throws InterruptedException {
        return await(UnitEvent.Ended.class).ending();
    }

    private <T extends UnitEvent> T await(Class<T> wanted) throws InterruptedException {
        while (true) {
            UnitEvent event = story.poll(30, TimeUnit.SECONDS);
            assertThat(event)
                    .as("what the unit tells next, waiting for %s", wanted.getSimpleName())
                    .isNotNull();
            if (wanted.isInstance(event)) {
                return wanted.cast(event);
            }
        }
    }

    private List<Outcome> outcomes() {
        return store.state().snapshot().record(UNIT).stream()
                .flatMap(record -> record.answers().outcomes().stream())
                .toList();
    }
}
