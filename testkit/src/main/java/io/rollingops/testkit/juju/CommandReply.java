// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** What a hook command prints and with which code it exits. */
record CommandReply(int exitCode, String stdout, String stderr) {
    /** Asks the client to call again, with its standard input. */
    static final CommandReply NEEDS_STDIN = new CommandReply(-1, "", "");

    static CommandReply success(String stdout) {
        return new CommandReply(0, stdout, "");
    }

    static CommandReply error(int exitCode, String message) {
        return new CommandReply(exitCode, "", "ERROR " + message + "\n");
    }
}
