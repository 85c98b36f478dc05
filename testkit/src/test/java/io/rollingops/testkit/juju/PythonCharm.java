// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.testkit.python.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Makes the Python test charm ready to be deployed: its own text, and a virtual environment with the unchanged library.
 */
final class PythonCharm {
    private static final Path SOURCE = Path.of("src/test/charms/python-rollingops");
    private static final Path REQUIREMENTS = SOURCE.resolve("requirements.txt");

    private PythonCharm() {}

    /** The charm folder; its environment is a link, which all units share. */
    static Path prepare(Path folder) throws IOException, InterruptedException {
        Path environment = PythonEnvironment.with(Files.readAllLines(REQUIREMENTS).stream()
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
