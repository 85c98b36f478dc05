// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import io.rollingops.OperationResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A callback that is a command.
 *
 * @param id the callback's id
 * @param command the program and its arguments; no shell looks at them
 * @param timeout how long it may run
 * @param hold whether it keeps its slot although the unit's lease ends
 * @param directory where it runs
 * @param environment variables beside those of the agent
 * @param results what its exit statuses mean
 * @param otherwise what every other exit status means
 */
public record CommandSpec(
        String id,
        List<String> command,
        Duration timeout,
        boolean hold,
        Path directory,
        Map<String, String> environment,
        Map<Integer, OperationResult> results,
        OperationResult otherwise) {

    /** What exit statuses mean unless the configuration says otherwise; 75 is EX_TEMPFAIL of sysexits. */
    public static final Map<Integer, OperationResult> DEFAULT_RESULTS =
            Map.of(0, OperationResult.RELEASE, 75, OperationResult.RETRY_RELEASE, 76, OperationResult.RETRY_HOLD);

    public CommandSpec {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        results = Map.copyOf(results);
    }

    public OperationResult result(int exitStatus) {
        return results.getOrDefault(exitStatus, otherwise);
    }
}
