// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.util.List;
import java.util.Optional;

/**
 * One call of one of Juju's hook commands.
 *
 * @param line the command and its arguments
 * @param input what it reads, if it reads
 */
public record HookCommand(List<String> line, Optional<String> input) {
    public HookCommand {
        line = List.copyOf(line);
    }

    /** A command that reads nothing. */
    public static HookCommand of(String... line) {
        return new HookCommand(List.of(line), Optional.empty());
    }

    /** The command without its arguments, which may be secret. */
    public String name() {
        return line.get(0);
    }

    /**
     * What came of it.
     *
     * @param exitCode 0 when it succeeded
     * @param output what it printed
     * @param error what it complained about
     */
    public record Result(int exitCode, String output, String error) {}

    /** Runs hook commands; for one thread. */
    public interface Runner {
        /** Runs them one after the other, also after one has failed, and gives what came of each. */
        List<Result> run(List<HookCommand> commands);
    }
}
