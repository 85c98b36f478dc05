// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A charm as a process on an emulated machine, started by {@code hook-runner.pl}, which tells how it ended and what it
 * cost. Output goes to files, so nothing here has to be read while it runs.
 */
final class CharmProcess implements CharmRun {
    private static final int OUTPUT_CHARS_MAX = 1 << 20;
    /** How long Juju waits for the output of what a hook left in the background. */
    private static final String PIPE_WAIT_MILLIS = "100";

    private final Process process;
    private final int depth;
    private final Path report;
    private final Path stdout;
    private final Path stderr;

    private CharmProcess(Process process, int depth, Path report, Path stdout, Path stderr) {
        this.process = process;
        this.depth = depth;
        this.report = report;
        this.stdout = stdout;
        this.stderr = stderr;
    }

    /**
     * Starts a charm, or commands in its place.
     *
     * @param runName names the files of this run
     * @return nothing when the charm has no code for it
     */
    static Optional<CharmProcess> start(Machine machine, Path charm, String runName, Launch launch) throws IOException {
        List<String> command = new ArrayList<>();
        Path runs = machine.folder().resolve("runs");
        Path report = runs.resolve(runName + ".report");
        command.addAll(
                List.of("perl", machine.folder().resolve("bin/hook-runner.pl").toString()));
        command.addAll(List.of(report.toString(), charm.toString()));
        command.add(launch.commands().isPresent() ? "eof" : PIPE_WAIT_MILLIS);
        command.add(System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch"));
        if (launch.commands().isPresent()) {
            command.addAll(List.of("/bin/bash", "-s"));
        } else {
            Optional<Path> program = program(charm, launch.path());
            if (program.isEmpty()) {
                return Optional.empty();
            }
            command.add(program.get().toString());
        }
        Path stdout = runs.resolve(runName + ".out");
        Path stderr = runs.resolve(runName + ".err");
        ProcessBuilder builder = new ProcessBuilder(machine.command(command))
                .redirectOutput(stdout.toFile())
                .redirectError(stderr.toFile())
                .redirectInput(Path.of("/dev/null").toFile());
        if (launch.commands().isPresent()) {
            Path script = runs.resolve(runName + ".sh");
            Files.writeString(script, launch.commands().get() + "\n");
            builder.redirectInput(script.toFile());
        }
        builder.environment().clear();
        builder.environment().putAll(launch.environment());
        return Optional.of(new CharmProcess(builder.start(), machine.depth(), report, stdout, stderr));
    }

    private static Optional<Path> program(Path charm, String path) {
        for (String candidate : List.of("dispatch", path)) {
            if (Files.exists(charm.resolve(candidate))) {
                return Optional.of(charm.resolve(candidate));
            }
        }
        return Optional.empty();
    }

    @Override
    public RunReport await() {
        try {
            process.waitFor();
            return Files.exists(report) ? read(Files.readAllLines(report)) : killed();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return killed();
        }
    }

    /** The runner itself is gone, with its machine. */
    private RunReport killed() {
        return new RunReport(
                new RunReport.Ending.Killed(9), text(stdout), text(stderr), Duration.ZERO, Duration.ZERO, 0);
    }

    private RunReport read(List<String> lines) {
        int space = lines.get(0).indexOf(' ');
        int number = Integer.parseInt(lines.get(0).substring(space + 1));
        return new RunReport(
                lines.get(0).startsWith("exit")
                        ? new RunReport.Ending.Exited(number)
                        : new RunReport.Ending.Killed(number),
                text(stdout),
                text(stderr),
                Duration.ofNanos(Long.parseLong(lines.get(1))),
                Duration.ofNanos(1000 * Long.parseLong(lines.get(2))),
                Long.parseLong(lines.get(3)));
    }

    private static String text(Path file) {
        try {
            String all = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            return all.length() <= OUTPUT_CHARS_MAX ? all : all.substring(0, OUTPUT_CHARS_MAX) + "\n[cut]";
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void kill() {
        charm().ifPresent(ProcessHandle::destroyForcibly);
    }

    @Override
    public void terminate() {
        charm().ifPresent(ProcessHandle::destroy);
    }

    /** Below what was started come the runner, in namespaces one further down, and the charm. */
    private Optional<ProcessHandle> charm() {
        Optional<ProcessHandle> handle = Optional.of(process.toHandle());
        for (int i = 0; i <= depth; i++) {
            handle = handle.flatMap(parent -> parent.children().findFirst());
        }
        return handle;
    }
}
