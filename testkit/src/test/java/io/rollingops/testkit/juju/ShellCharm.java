// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Writes charm folders whose dispatch is a few lines of bash. */
final class ShellCharm {
    private static final String METADATA = """
            name: shell
            peers:
              restart: {interface: rolling_op}
            requires:
              etcd: {interface: etcd_client}
            """;
    private static final String ACTIONS = """
            restart:
              params:
                delay: {type: integer, default: 3}
            other: {}
            """;
    private static final String CONFIG = """
            options:
              level: {type: int, default: 1}
              name: {type: string}
            """;

    private ShellCharm() {}

    /** A charm that runs these lines for each hook and action, which it finds in {@code $hook}. */
    static Path write(Path folder, String lines) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("metadata.yaml"), METADATA);
        Files.writeString(folder.resolve("actions.yaml"), ACTIONS);
        Files.writeString(folder.resolve("config.yaml"), CONFIG);
        script(folder.resolve("dispatch"), "hook=${JUJU_DISPATCH_PATH##*/}\n" + lines);
        return folder;
    }

    static void script(Path file, String lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/bash\n" + lines + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
