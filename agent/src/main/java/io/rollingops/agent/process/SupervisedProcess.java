// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A command in a process group of its own, watched by a small shell beside it. When this process is gone, even by {@code
 * kill -9}, the pipe between the two breaks and the shell kills the whole group. Safe for several threads.
 */
public final class SupervisedProcess {
    private static final String SCRIPT = script();
    private static final String STANDARD_INPUT = "-";

    private final Process supervisor;
    private final OutputStream control;

    private SupervisedProcess(Process supervisor, OutputStream control) {
        this.supervisor = supervisor;
        this.control = control;
    }

    /**
     * Starts a command whose standard input is empty.
     *
     * @param run an empty folder for the notes of this run
     * @param environment variables beside our own
     * @throws IOException when no process could be started at all; a command that does not exist ends with status 127
     */
    public static SupervisedProcess start(
            List<String> command, Path directory, Path run, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = builder(STANDARD_INPUT, command, run, environment);
        builder.directory(directory.toFile());
        builder.redirectErrorStream(true);
        Process supervisor = builder.start();
        return new SupervisedProcess(supervisor, supervisor.getOutputStream());
    }

    /**
     * Starts a command on this process's own terminal: standard input, output and error are ours.
     *
     * @param run an empty folder for the notes of this run and the control pipe
     */
    public static SupervisedProcess startHere(List<String> command, Path run, Map<String, String> environment)
            throws IOException, InterruptedException {
        Path pipe = run.resolve("control");
        int made = new ProcessBuilder("mkfifo", "-m", "600", pipe.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (made != 0) {
            throw new IOException("no pipe could be made in " + run);
        }
        Process supervisor =
                builder(pipe.toString(), command, run, environment).inheritIO().start();
        return new SupervisedProcess(supervisor, Files.newOutputStream(pipe));
    }

    private static ProcessBuilder builder(
            String control, List<String> command, Path run, Map<String, String> environment) {
        List<String> line = new ArrayList<>(List.of("sh", "-c", SCRIPT, "rollingops-run", control, run.toString()));
        line.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.environment().putAll(environment);
        return builder;
    }

    /** What the command writes, to both of its outputs. */
    public InputStream output() {
        return supervisor.getInputStream();
    }

    /** Asks the whole group to end, with SIGTERM. */
    public void terminate() {
        try {
            synchronized (control) {
                control.write("TERM\n".getBytes(StandardCharsets.US_ASCII));
                control.flush();
            }
        } catch (IOException e) {
            kill(); // the supervisor is gone or going
        }
    }

    /** Kills the whole group, with SIGKILL. */
    public void kill() {
        try {
            synchronized (control) {
                control.close();
            }
        } catch (IOException e) {
            supervisor.destroyForcibly(); // it does not read any more, so it has ended or will
        }
    }

    /** Waits for the end; the exit status, as a shell gives it, or nothing when the time is over. */
    public Optional<Integer> await(Duration limit) throws InterruptedException {
        return supervisor.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)
                ? Optional.of(supervisor.exitValue())
                : Optional.empty();
    }

    private static String script() {
        try (InputStream in = SupervisedProcess.class.getResourceAsStream("supervise.sh")) {
            return new String(Objects.requireNonNull(in, "supervise.sh").readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
