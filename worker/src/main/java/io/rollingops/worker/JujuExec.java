// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.juju.WorkerConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Has hooks dispatched through {@code juju-exec}, from outside of any hook. It blocks until the hook is over, however long
 * that takes, so each call has a thread. Its exit status is that of the hook, and 1 when Juju did not take what the hook
 * wrote; with a zero it has.
 */
final class JujuExec implements Worker.Dispatcher {
    /** Where Juju puts it, in version 3 and in version 2; a search path of a hook may lack that folder. */
    private static final List<Path> PROGRAMS = List.of(Path.of("/usr/bin/juju-exec"), Path.of("/usr/bin/juju-run"));

    private static final int OUTPUT_LINES_MAX = 20;

    private final WorkerConfig config;
    private final Executor threads;
    private final Consumer<String> story;

    JujuExec(WorkerConfig config, Executor threads, Consumer<String> story) {
        this.config = config;
        this.threads = threads;
        this.story = story;
    }

    @Override
    public void dispatch(String hook, long number, Consumer<Boolean> ended) {
        threads.execute(() -> ended.accept(run(hook, number)));
    }

    private boolean run(String hook, long number) {
        String commands = "JUJU_DISPATCH_PATH=hooks/" + hook + " " + WorkerConfig.DISPATCH_VARIABLE + "=" + number
                + " '" + config.dispatch() + "'";
        Optional<Path> found = PROGRAMS.stream().filter(Files::isExecutable).findFirst();
        String program = found.map(Path::toString).orElse("juju-exec");
        ProcessBuilder builder = new ProcessBuilder(program, "-u", config.unit().toString(), commands);
        builder.environment().remove("JUJU_CONTEXT_ID"); // juju-exec refuses to run inside a hook
        builder.redirectInput(Path.of("/dev/null").toFile());
        builder.redirectErrorStream(true);
        try {
            Process process = builder.start();
            tellOutput(process);
            int status = process.waitFor();
            if (status != 0) {
                story.accept(program + " number=" + number + " ended with status " + status);
            }
            return status == 0;
        } catch (IOException e) {
            story.accept("no hook can be dispatched: " + e.getMessage());
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Reads all of it, so that nobody waits for a reader, and keeps the beginning. */
    private void tellOutput(Process process) throws IOException {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            int told = 0;
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (told++ < OUTPUT_LINES_MAX) {
                    story.accept("juju-exec: " + line);
                }
            }
        }
    }
}
