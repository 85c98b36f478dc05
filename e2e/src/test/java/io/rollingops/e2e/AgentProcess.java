// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The agent of one unit, as a process that can be killed, paused and started again. For one thread. */
final class AgentProcess {
    private static final long PATIENCE_SECONDS = 60;

    private final UnitName unit;
    private final Path folder;
    private Optional<Process> process = Optional.empty();
    private boolean paused;

    /** An agent that is not started, with its configuration in that folder. */
    AgentProcess(UnitName unit, Path folder) {
        this.unit = unit;
        this.folder = folder;
    }

    UnitName unit() {
        return unit;
    }

    Path socket() {
        return folder.resolve("data/control/agent.sock");
    }

    Path configuration() {
        return folder.resolve("agent.yaml");
    }

    Path runs() {
        return folder.resolve("data/runs");
    }

    void start() throws IOException {
        start(Map.of());
    }

    /** The same with more environment variables. */
    void start(Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Program.command("agent", "--config", configuration().toString()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()));
        builder.environment().putAll(environment);
        process = Optional.of(builder.start());
    }

    /** Whether it runs, so that it can answer. */
    boolean isAwake() {
        return !paused && process.filter(Process::isAlive).isPresent();
    }

    /** {@code kill -9}; returns when the process is gone. */
    void kill() {
        process.ifPresent(running -> running.destroyForcibly()
                .onExit()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join());
    }

    /** SIGTERM; returns when the process is gone, with its exit status. */
    int terminate() throws InterruptedException {
        Process running = process.orElseThrow();
        running.destroy();
        assertThat(running.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as("%s ends on SIGTERM", unit)
                .isTrue();
        return running.exitValue();
    }

    /** From now on no file of this process can grow beyond so many bytes, as on a full disk. */
    void limitFiles(long bytes) throws IOException, InterruptedException {
        long pid = process.orElseThrow().pid();
        Process prlimit = new ProcessBuilder("prlimit", "--pid=" + pid, "--fsize=" + bytes)
                .inheritIO()
                .start();
        assertThat(prlimit.waitFor()).as("prlimit of util-linux").isZero();
    }

    /** Waits for the process to end by itself; its exit status. */
    int awaitEnd() throws InterruptedException {
        Process running = process.orElseThrow();
        assertThat(running.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as("%s ends by itself", unit)
                .isTrue();
        return running.exitValue();
    }

    void pause() throws IOException, InterruptedException {
        Signals.send("STOP", process.orElseThrow().pid());
        paused = true;
    }

    void resume() throws IOException, InterruptedException {
        Signals.send("CONT", process.orElseThrow().pid());
        paused = false;
    }

    /** What the agent has written about itself so far. */
    String log() throws IOException {
        return Files.exists(logFile()) ? Files.readString(logFile()) : "";
    }

    private Path logFile() {
        return folder.resolve("agent.log");
    }
}
