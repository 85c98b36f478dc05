// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes the Python test charm ready to be deployed: its own text, and a virtual environment with the unchanged library.
 * The environment is made once and kept in the user's cache. Where there is no fitting Python, or no package index, the
 * test that asks is skipped and says why.
 */
final class PythonCharm {
    private static final Path SOURCE = Path.of("src/test/charms/python-rollingops");
    private static final Path REQUIREMENTS = SOURCE.resolve("requirements.txt");
    private static final Path CACHE = Path.of(System.getProperty("user.home"), ".cache", "rollingops-testkit");
    private static final int PIP_MINUTES_MAX = 5;

    private PythonCharm() {}

    /** The charm folder; its environment is a link, which all units share. */
    static Path prepare(Path folder) throws IOException, InterruptedException {
        Path environment = environment();
        for (String file : List.of("metadata.yaml", "config.yaml", "actions.yaml", "dispatch", "src/charm.py")) {
            Path target = folder.resolve(file);
            Files.createDirectories(target.resolveSibling("."));
            Files.copy(SOURCE.resolve(file), target, StandardCopyOption.COPY_ATTRIBUTES);
        }
        Files.createSymbolicLink(folder.resolve("venv"), environment);
        Path etcdctl = Path.of("/usr/bin/etcdctl");
        if (Files.exists(etcdctl)) {
            Files.createDirectories(folder.resolve("usr/bin"));
            Files.createSymbolicLink(folder.resolve("usr/bin/etcdctl"), etcdctl);
        }
        return folder;
    }

    /** The library starts its workers with /usr/bin/python3, so the environment must be of the same version. */
    private static synchronized Path environment() throws IOException, InterruptedException {
        String version = output("/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])");
        assumeTrue(!version.isEmpty(), "there is no /usr/bin/python3, which the library needs for its workers");
        Files.createDirectories(CACHE);
        String name = "python" + version + "-"
                + Integer.toHexString(Files.readString(REQUIREMENTS).hashCode());
        Path environment = CACHE.resolve(name);
        try (FileChannel lock = FileChannel.open(
                        CACHE.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var held = lock.lock()) {
            if (held.isValid() && !Files.exists(environment.resolve("complete"))) {
                make(environment, version);
            }
        }
        return environment;
    }

    private static void make(Path environment, String version) throws IOException, InterruptedException {
        String made = "";
        for (String python : List.of("/usr/bin/python3", "python" + version, "python3")) {
            if (made.isEmpty()) {
                made = output(python, "-m", "venv", "--clear", environment.toString()) + exists(environment);
            }
        }
        assumeTrue(!made.isEmpty(), "no Python " + version + " that can make virtual environments");
        Path log = environment.resolve("pip.log");
        Process pip = new ProcessBuilder(
                        environment.resolve("bin/pip").toString(),
                        "install",
                        "--quiet",
                        "--disable-pip-version-check",
                        "-r",
                        REQUIREMENTS.toAbsolutePath().toString())
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
