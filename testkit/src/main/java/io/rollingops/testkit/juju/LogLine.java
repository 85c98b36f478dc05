// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/**
 * One line of a unit's log.
 *
 * @param level {@code DEBUG} for what the charm printed, {@code WARNING} for what it printed on stderr, else as logged
 * @param source the hook or action; empty for the agent
 */
public record LogLine(String level, String source, String message) {
    @Override
    public String toString() {
        return level + " " + (source.isEmpty() ? "agent" : source) + ": " + message;
    }
}
