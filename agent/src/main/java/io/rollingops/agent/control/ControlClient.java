// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import io.rollingops.RollingOpsException;
import io.rollingops.json.Json;
import io.rollingops.local.Conversation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The command line's end of a conversation with an agent. For one thread. */
public final class ControlClient implements AutoCloseable {

    /** No agent listens there. */
    public static final class NoAgent extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public NoAgent(String message) {
            super(message);
        }
    }

    private final Conversation connection;

    private ControlClient(Conversation connection) {
        this.connection = connection;
    }

    /**
     * Connects to an agent.
     *
     * @throws NoAgent saying why not and what to do
     */
    public static ControlClient connect(Path socket) {
        try {
            return new ControlClient(Conversation.with(socket));
        } catch (IOException e) {
            if (Files.exists(socket) && !Files.isWritable(socket)) {
                throw new NoAgent(socket + " belongs to another user; use that user, or root");
            }
            throw new NoAgent("no agent answers at " + socket + "; start it, or name another socket with --socket");
        }
    }

    /**
     * Asks, and gives the one answer.
     *
     * @throws RollingOpsException as the agent gave it
     */
    public Json.Obj call(Json.Obj request) {
        send(request);
        return receive();
    }

    public void send(Json.Obj request) {
        try {
            connection.send(request);
        } catch (IOException e) {
            throw brokenOff(e);
        }
    }

    /**
     * The next message of the agent.
     *
     * @throws RollingOpsException as the agent gave it, or {@code Indeterminate} when it is gone
     */
    public Json.Obj receive() {
        try {
            Json.Obj message = connection
                    .receive()
                    .orElseThrow(() -> new RollingOpsException.Indeterminate("the agent ended the conversation"));
            if (message.find("error").isPresent()) {
                throw failure(message.string("error"), message.string("message"));
            }
            return message;
        } catch (IOException e) {
            throw brokenOff(e);
        }
    }

    private static RollingOpsException brokenOff(IOException e) {
        return new RollingOpsException.Indeterminate("the agent is gone in the middle of a conversation: " + e, e);
    }

    private static RuntimeException failure(String kind, String message) {
        return switch (kind) {
            case "InvalidRequest" -> new RollingOpsException.InvalidRequest(message);
            case "NotReady" -> new RollingOpsException.NotReady(message);
            case "Unavailable" -> new RollingOpsException.Unavailable(message);
            case "Indeterminate" -> new RollingOpsException.Indeterminate(message);
            case "Refused" -> new RollingOpsException.Refused(message);
            case "LockTimeout" -> new RollingOpsException.LockTimeout(message);
            case "LockLost" -> new RollingOpsException.LockLost(message);
            case "Corrupt" -> new RollingOpsException.Corrupt(message);
            default -> new IllegalStateException(message);
        };
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (IOException e) {
            throw brokenOff(e);
        }
    }
}
