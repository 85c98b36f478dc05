// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The program as the build has just made it, with the class archive that {@code ./rollingops} would make. */
final class Program {
    static final Path SOURCE_TREE = Path.of(System.getProperty("basedir", ""))
            .toAbsolutePath()
            .resolve("..")
            .normalize();

    private static final Path HOME = SOURCE_TREE.resolve("agent/target/rollingops");
    private static final Path COMPLETE = HOME.resolve("lib/.complete");

    private Program() {}

    /** The command line for those arguments. */
    static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(HOME.resolve("bin/rollingops").toString());
        command.addAll(List.of(arguments));
        return command;
    }

    /**
     * Does what {@code ./rollingops} does after building: makes the class archive, if the program is newer, and marks the
     * program as complete, since Maven has just looked at all modules; so the launcher does not start a second Maven inside
     * this one.
     */
    static synchronized void complete() throws IOException, InterruptedException {
        if (modified(COMPLETE).isBefore(modified(programJar()))) {
            Process archive = new ProcessBuilder(
                            HOME.resolve("bin/make-class-archive").toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!archive.waitFor(2, TimeUnit.MINUTES)) {
                archive.destroyForcibly();
                throw new IOException("the class archive was not made in time");
            }
        }
        Files.deleteIfExists(COMPLETE);
        Files.createFile(COMPLETE);
    }

    private static Path programJar() throws IOException {
        try (var entries = Files.list(HOME.resolve("lib"))) {
            return entries.filter(file -> file.getFileName().toString().endsWith("-program.jar"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the agent is not built: no program jar in " + HOME));
        }
    }

    private static Instant modified(Path file) throws IOException {
        Optional<FileTime> time = Files.exists(file) ? Optional.of(Files.getLastModifiedTime(file)) : Optional.empty();
        return time.map(FileTime::toInstant).orElse(Instant.MIN);
    }
}
