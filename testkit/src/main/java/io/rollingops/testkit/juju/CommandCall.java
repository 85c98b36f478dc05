// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.List;

/**
 * One call of a hook command.
 *
 * @param stderr what it said when it failed
 */
public record CommandCall(String command, List<String> args, int exitCode, String stderr) {
    public CommandCall {
        args = List.copyOf(args);
    }

    @Override
    public String toString() {
        String line = command + (args.isEmpty() ? "" : " " + String.join(" ", args));
        return exitCode == 0 ? line : line + " -> " + exitCode + ", " + stderr.strip();
    }
}
