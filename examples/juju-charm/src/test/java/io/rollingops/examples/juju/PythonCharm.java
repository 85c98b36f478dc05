// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The Python charm of the test kit with the unchanged library. Where pip cannot install that, the test is skipped. */
final class PythonCharm {
    private static final Path SOURCE = Path.of("../../testkit/src/test/charms/python-rollingops");
    private static final int PIP_MINUTES_MAX = 5;

    private PythonCharm() {}

    /** A charm folder that can be deployed. */
    static Path prepare(Path folder) throws IOException, InterruptedException {
        Path environment = environment();
        for (String file : List.of("metadata.yaml", "config.yaml", "actions.yaml", "dispatch", "src/charm.py")) {
            Path target = folder.resolve(file);
            Files.createDirectories(target.resolveSibling("."));
            Files.copy(SOURCE.resolve(file), target, StandardCopyOption.COPY_ATTRIBUTES);
        }
        Files.createSymbolicLink(folder.resolve("venv"), environment.toRealPath());
        return folder;
    }

    private static Path environment() throws IOException, InterruptedException {
        Optional<String> given = Optional.ofNullable(System.getenv("ROLLINGOPS_PYTHON_VENV"));
        if (given.isPresent()) {
            return Path.of(given.get());
        }
        Path environment = Path.of("target/python");
        if (!Files.exists(environment.resolve("complete"))) {
            assumeTrue(
                    succeeds(List.of("/usr/bin/python3", "-m", "venv", "--clear", environment.toString())),
                    "there is no /usr/bin/python3 that can make virtual environments");
            assumeTrue(
                    succeeds(List.of(
                            environment.resolve("bin/pip").toString(),
                            "install",
                            "--quiet",
                            "--disable-pip-version-check",
                            "-r",
                            SOURCE.resolve("requirements.txt").toString())),
                    "pip cannot install the Python library");
            Files.createFile(environment.resolve("complete"));
        }
        return environment;
    }

    private static boolean succeeds(List<String> command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            boolean ended = process.waitFor(PIP_MINUTES_MAX, TimeUnit.MINUTES);
            process.destroyForcibly();
            return ended && process.exitValue() == 0;
        } catch (IOException notThere) {
            return false;
        }
    }
}
