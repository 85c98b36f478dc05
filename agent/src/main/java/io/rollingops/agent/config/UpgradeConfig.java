// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the unit's workload is upgraded. Commands are programs with their arguments; no shell looks at them.
 *
 * @param version where the installed release is found
 * @param check says whether an upgrade may begin; run by the unit that leads, or that was asked
 * @param command brings the release that it is told
 * @param healthCheck says whether the workload is well after that
 * @param rollback brings the release that it is told, on the way back; without it {@code command} does
 * @param instructions what an operator should know about the way back
 * @param dependencies the path of a release's dependency document, with {@code {release}} for the release
 * @param reported the file with the versions that other applications report
 * @param timeout how long each command may run
 * @param directory where they run
 * @param environment variables beside those of the agent
 * @param lookEvery how often the installed release is looked at without being told to
 */
public record UpgradeConfig(
        VersionSource version,
        List<String> check,
        List<String> command,
        List<String> healthCheck,
        List<String> rollback,
        String instructions,
        Optional<String> dependencies,
        Optional<Path> reported,
        Duration timeout,
        Path directory,
        Map<String, String> environment,
        Duration lookEvery) {

    /** Stands in the path of the dependency document for the release. */
    public static final String RELEASE = "{release}";

    public UpgradeConfig {
        check = List.copyOf(check);
        command = List.copyOf(command);
        healthCheck = List.copyOf(healthCheck);
        rollback = List.copyOf(rollback);
        environment = Map.copyOf(environment);
    }

    /** Where the installed release is found; its first line is the release. */
    public sealed interface VersionSource {
        /** In a file. */
        record OfFile(Path file) implements VersionSource {}

        /** In what a command prints. */
        record OfCommand(List<String> command) implements VersionSource {
            public OfCommand {
                command = List.copyOf(command);
            }
        }
    }
}
