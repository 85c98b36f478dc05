// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A short program that is run to its end. */
final class Command {
    private static final int SECONDS_MAX = 30;

    private Command() {}

    /**
     * Runs it and answers what it wrote, errors included.
     *
     * @throws IllegalStateException with what it wrote, if it failed or took too long
     */
    static String run(ProcessBuilder builder) {
        List<String> command = builder.command();
        builder.redirectErrorStream(true);
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(command + " did not end within " + SECONDS_MAX + " s: " + output);
            }
            if (process.exitValue() != 0) {
                throw new IllegalStateException(command + " ended with " + process.exitValue() + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + command, e);
        }
    }
}
