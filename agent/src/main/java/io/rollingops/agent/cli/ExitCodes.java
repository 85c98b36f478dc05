// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

/** The exit statuses of the command line; stable, and listed in {@code docs/operations.md}. */
final class ExitCodes {
    static final int OK = 0;
    /** What was asked for was done and did not succeed: an operation was dropped, a roll overlapped. */
    static final int FAILED = 1;
    /** The command line or the configuration is wrong. */
    static final int USAGE = 2;
    /** No agent answers. */
    static final int NO_AGENT = 3;
    /** The agent or the store said no. */
    static final int REFUSED = 4;
    /** Nothing happened; it may go through later. */
    static final int UNAVAILABLE = 5;
    /** It may have happened: look before trying again. */
    static final int INDETERMINATE = 6;
    /** A bug of ours; the trace is on standard error. */
    static final int BUG = 70;

    /** Of {@code lock}, which passes the command's own status on; these are far from what programs use. */
    static final int LOCK_LOST = 122;

    static final int LOCK_TIMEOUT = 124;
    /** {@code lock} itself failed before the command began. */
    static final int LOCK_FAILED = 125;

    private ExitCodes() {}
}
