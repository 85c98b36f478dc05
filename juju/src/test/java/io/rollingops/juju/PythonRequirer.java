// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.testkit.python.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The test kit's charm with the unchanged Python library, which asks for etcd as that library does. */
final class PythonRequirer {
    private static final Path SOURCE = Path.of("../testkit/src/test/charms/python-rollingops");

    private PythonRequirer() {}

    /** A charm folder that can be deployed; the test is skipped where the library cannot be had. */
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
        return folder;
    }
}
