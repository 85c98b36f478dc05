// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.python;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Virtual environments with packages from a package index, made once and kept in the user's cache. Where there is no
 * fitting Python, or no package index, the test that asks is skipped and says why.
 */
public final class PythonEnvironment {
    private static final Path CACHE = Path.of(System.getProperty("user.home"), ".cache", "rollingops-testkit");
    private static final int PIP_MINUTES_MAX = 5;

    private PythonEnvironment() {}

    /**
     * The folder of an environment with those packages; its Python is of the same version as {@code /usr/bin/python3}.
     *
     * @param requirements packages with their versions, as pip writes them
     */
    public static synchronized Path with(List<String> requirements) throws IOException, InterruptedException {
        String version = output("/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])");
        assumeTrue(!version.isEmpty(), "there is no /usr/bin/python3, which the library needs for its workers");
        Files.createDirectories(CACHE);
        String name = "python" + version + "-"
                + Integer.toHexString(String.join("\n", requirements).hashCode());
        Path environment = CACHE.resolve(name);
        try (FileChannel lock = FileChannel.open(
                        CACHE.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var held = lock.lock()) {
            if (held.isValid() && !Files.exists(environment.resolve("complete"))) {
                make(environment, version, requirements);
            }
        }
        return environment;
    }

    private static void make(Path environment, String version, List<String> requirements)
            throws IOException, InterruptedException {
        String made = "";
        for (String python : List.of("/usr/bin/python3", "python" + version, "python3")) {
            if (made.isEmpty()) {
                made = output(python, "-m", "venv", "--clear", environment.toString()) + exists(environment);
            }
        }
        assumeTrue(!made.isEmpty(), "no Python " + version + " that can make virtual environments");
        Path log = environment.resolve("pip.log");
        List<String> command = new ArrayList<>(List.of(
                environment.resolve("bin/pip").toString(), "install", "--quiet", "--disable-pip-version-check"));
        command.addAll(requirements);
        Process pip = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended = pip.waitFor(PIP_MINUTES_MAX, TimeUnit.MINUTES);
        pip.destroyForcibly();
        assumeTrue(ended && pip.exitValue() == 0, () -> "pip cannot install the library: " + log + " says why");
        Files.createFile(environment.resolve("complete"));
    }

    private static String exists(Path environment) {
        return Files.exists(environment.resolve("bin/pip")) ? "made" : "";
    }

    private static String output(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? output.strip() : "";
        } catch (IOException notThere) {
            return "";
        }
    }
}
