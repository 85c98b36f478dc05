// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * One operation that a unit has run.
 *
 * @param number counts the operations of the model in the order in which they began
 * @param kind hook, action or commands
 * @param name of the hook or action; the command text of {@code juju-exec}
 * @param description the name with its subject, for people
 * @param modelTime of the model's clock at its beginning
 * @param begun of the real clock
 * @param wall how long the charm ran
 * @param cpu of the charm's process and those it waited for; zero where it cannot be measured
 * @param maxMemoryKib of the largest of these processes; zero where it cannot be measured
 * @param ending {@code exit 0}, {@code signal 9}
 * @param commands the hook commands that it called
 */
public record TraceEntry(
        int number,
        UnitName unit,
        Kind kind,
        String name,
        String description,
        Instant modelTime,
        Instant begun,
        Duration wall,
        Duration cpu,
        long maxMemoryKib,
        String ending,
        Outcome outcome,
        List<CommandCall> commands) {

    /** What was run. */
    public enum Kind {
        HOOK,
        ACTION,
        COMMANDS
    }

    public TraceEntry {
        commands = List.copyOf(commands);
    }

    /** When the charm was done, by the real clock. */
    public Instant ended() {
        return begun.plus(wall);
    }

    /** How often a hook command was called. */
    public long count(String command) {
        return commands.stream().filter(call -> call.command().equals(command)).count();
    }

    @Override
    public String toString() {
        return "#" + number + " " + unit + " " + description + ": " + outcome + " (" + ending + ", " + wall.toMillis()
                + " ms, " + commands.size() + " hook commands)";
    }
}
