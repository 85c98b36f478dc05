// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A named pipe that a command and all its descendants hold open for writing. Opening it to read waits for the command to
 * begin; reading it comes to an end when the last of them is gone, be it killed. No clock is looked at. For one thread.
 */
final class Lifeline {
    private final Path pipe;
    private Optional<InputStream> reader = Optional.empty();

    private Lifeline(Path pipe) {
        this.pipe = pipe;
    }

    static Lifeline make(Path folder) throws IOException, InterruptedException {
        Path pipe = folder.resolve("lifeline");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return new Lifeline(pipe);
    }

    /** The script, run by a shell that holds the pipe. */
    String held(String script) {
        return held(":", script);
    }

    /** The same, with what the shell does before it says that it has begun, such as to set a trap. */
    String held(String before, String script) {
        return "exec 9>'" + pipe + "'; " + before + "; echo begun >&9; " + script;
    }

    /** Waits until the command runs. */
    void awaitBegun() throws IOException {
        InputStream opened = Files.newInputStream(pipe);
        reader = Optional.of(opened);
        assertThat(opened.readNBytes("begun\n".length())).hasSize("begun\n".length());
    }

    /** Whether somebody of the family still lives. */
    boolean isHeld() throws IOException, InterruptedException {
        // A writer opens at once while this reader is there; whether there is another one, only /proc can tell.
        return ProcessHandle.allProcesses().anyMatch(process -> holds(process.pid()));
    }

    /** Waits until all of the family are gone. */
    void awaitAllGone() throws IOException {
        try (InputStream opened = reader.orElseThrow()) {
            assertThat(opened.read()).isEqualTo(-1);
        }
    }

    private boolean holds(long pid) {
        try {
            return pid != ProcessHandle.current().pid()
                    && Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "fd", "9"))
                            .equals(pipe);
        } catch (IOException e) {
            return false;
        }
    }
}
