// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** A hook command fails: its exit code, and what it says after {@code ERROR}. */
final class CommandFailure extends Exception {
    private static final int FAILED = 1;
    private static final int WRONG_USE = 2;

    private final CommandReply reply;

    private CommandFailure(int exitCode, String message) {
        super(message);
        this.reply = CommandReply.error(exitCode, message);
    }

    /** The command was understood and went wrong. */
    static CommandFailure failed(String message) {
        return new CommandFailure(FAILED, message);
    }

    /** Flags or arguments are wrong; Juju counts an unknown relation among these. */
    static CommandFailure wrongUse(String message) {
        return new CommandFailure(WRONG_USE, message);
    }

    /** What the command prints and how it exits. */
    CommandReply reply() {
        return reply;
    }

    /** A name or value as Juju quotes it in a message. */
    static String quoted(String text) {
        return "\"" + text + "\"";
    }
}
