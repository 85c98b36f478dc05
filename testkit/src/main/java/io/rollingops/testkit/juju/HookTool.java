// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Provides the program behind all hook commands: compiled from C where there is a compiler (0.2 ms a call), else in
 * Perl, which every Debian has (1 ms a call). Both behave the same.
 */
final class HookTool {

    private HookTool() {}

    /** Which of the two programs. */
    enum Kind {
        FASTEST,
        PERL
    }

    /**
     * Puts the program into a folder.
     *
     * @return the program, executable
     */
    static Path install(Path folder, Kind kind) throws IOException {
        Path program = folder.resolve("hook-tool");
        if (kind == Kind.FASTEST) {
            Path source = extract("hook-tool.c", folder);
            for (List<String> compiler : List.of(List.of("cc", "-static"), List.of("cc"))) {
                if (compile(compiler, source, program)) {
                    return program;
                }
            }
        }
        Files.move(extract("hook-tool.pl", folder), program, StandardCopyOption.REPLACE_EXISTING);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    /** Copies one of the programs that come with the emulator into a folder. */
    static Path extract(String name, Path folder) throws IOException {
        Path file = folder.resolve(name);
        try (InputStream in = Objects.requireNonNull(
                HookTool.class.getResourceAsStream(name), () -> name + " is missing from the jar")) {
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        }
        return file;
    }

    private static boolean compile(List<String> compiler, Path source, Path program) {
        List<String> command = new ArrayList<>(compiler);
        command.addAll(List.of("-O2", "-o", program.toString(), source.toString()));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0;
        } catch (IOException noCompiler) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
