// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.util.Locale;

/** A hook command said no; {@link #kind} tells what kind of no. */
public final class HookCommandException extends RuntimeException {
    private static final String PREFIX = "ERROR ";

    private final Kind kind;

    /** Kinds of no, by what a charm can do about them. */
    public enum Kind {
        /** The relation, secret or key is not there; perhaps not yet, or not any more. */
        NOT_FOUND,
        /** This unit may not read or write that. */
        DENIED,
        /** Only the leader may do that, and this unit is not the leader, or not any more. */
        NOT_LEADER,
        /** Not inside the hook, action or context that the command belongs to. */
        NO_CONTEXT,
        /** The flags or arguments are wrong, or too new for this Juju: a defect. */
        WRONG_USE,
        /** Something else went wrong; it may go through another time. */
        FAILED
    }

    HookCommandException(Kind kind, String command, String message) {
        super(command + ": " + message);
        this.kind = kind;
    }

    static HookCommandException of(HookCommand command, HookCommand.Result result) {
        String error = result.error().strip();
        String message = error.startsWith(PREFIX) ? error.substring(PREFIX.length()) : error;
        return new HookCommandException(
                kind(result.exitCode(), message.toLowerCase(Locale.ROOT)),
                command.name(),
                message.isEmpty() ? "exit status " + result.exitCode() : message);
    }

    /** Juju says it in words only; an unknown relation is wrong use by its exit status and not found by its words. */
    private static Kind kind(int exitCode, String message) {
        if (message.contains("is not the leader")
                || message.contains("is not leader of")
                || message.contains("cannot write relation settings")) {
            return Kind.NOT_LEADER;
        } else if (message.contains("not found")) {
            return Kind.NOT_FOUND;
        } else if (message.contains("permission denied")) {
            return Kind.DENIED;
        } else if (message.contains("wrong context id")
                || message.contains("juju_context_id not set")
                || message.contains("not running an action")) {
            return Kind.NO_CONTEXT;
        }
        return exitCode == 2 ? Kind.WRONG_USE : Kind.FAILED;
    }

    public Kind kind() {
        return kind;
    }
}
