// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import io.rollingops.agent.config.Durations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command that runs outside the lock, such as one that looks at something. Its process group is ended when its time is
 * over, and when this process is gone.
 *
 * @param status the exit status; empty when its time was over
 * @param output what it wrote, to both of its outputs
 */
public record Errand(Optional<Integer> status, String output) {
    /** How long after the command's end its output is still read: something it started may hold the pipe open. */
    private static final Duration LAST_OUTPUT = Duration.ofMillis(200);

    /**
     * Runs a command and returns when it is over.
     *
     * @param name what it is called in the folder of its run
     * @param number orders the runs; greater than that of the run before
     */
    public static Errand run(
            List<String> command,
            Path directory,
            Map<String, String> environment,
            RunDirectories runs,
            String name,
            long number,
            Duration limit)
            throws IOException, InterruptedException {
        Path run = runs.create(number, name);
        Map<String, String> all = new HashMap<>(environment);
        all.put(RunDirectories.MARK, run.toString());
        SupervisedProcess process = SupervisedProcess.start(command, directory, run, all);
        Path log = run.resolve("output.log");
        Thread reader = new Thread(
                () -> {
                    try {
                        BoundedLog.copy(process.output(), log);
                    } catch (IOException e) {
                        // The pipe is closed, or the disk is full; the exit status does not depend on it.
                    }
                },
                "rollingops-errand");
        reader.setDaemon(true);
        reader.start();
        try {
            Optional<Integer> status = process.await(limit);
            if (status.isEmpty()) {
                process.kill();
            }
            reader.join(LAST_OUTPUT.toMillis());
            RunDirectories.ended(run);
            String output = Files.exists(log) ? new String(Files.readAllBytes(log), StandardCharsets.UTF_8) : "";
            return new Errand(status, output);
        } catch (InterruptedException e) {
            process.kill();
            throw e;
        }
    }

    public boolean isGood() {
        return status.equals(Optional.of(0));
    }

    /** How it ended, for a person. */
    public String ending(Duration limit) {
        if (status.isEmpty()) {
            return "timed out after " + Durations.text(limit);
        }
        String how = "exit status " + status.get();
        String last = output.strip();
        return last.isEmpty() ? how : how + ": " + last.substring(last.lastIndexOf('\n') + 1);
    }
}
