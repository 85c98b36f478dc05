// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import io.rollingops.testkit.python.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The Python charm of the test kit with the unchanged library. Where pip cannot install that, the test is skipped. */
final class PythonCharm {
    private static final Path SOURCE = Path.of("../../testkit/src/test/charms/python-rollingops");

    private PythonCharm() {}

    /** A charm folder that can be deployed; where there is an {@code etcdctl}, the charm has it in the place the library wants. */
    static Path prepare(Path folder) throws IOException, InterruptedException {
        Path environment = PythonEnvironment.with(Files.readAllLines(SOURCE.resolve("requirements.txt")).stream()
                .filter(line -> !line.isBlank())
                .toList());
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
}
