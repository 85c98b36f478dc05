// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import io.rollingops.agent.config.ConfigException;
import io.rollingops.certs.PemFiles;
import io.rollingops.local.LocalServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** The control socket of an agent, in a folder that only the agent's user may enter. */
public final class ControlServer {
    private ControlServer() {}

    /**
     * Begins to listen; the data directory's lock says that no other process of the unit does.
     *
     * @throws ConfigException when it cannot, saying what to change
     */
    public static LocalServer start(Path socket, LocalServer.Handler handler) {
        try {
            LocalServer.requireShort(socket);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    "the path of the control socket, " + e.getMessage() + "; give a shorter 'control-socket'");
        }
        try {
            PemFiles.createSecretDirectory(
                    Optional.ofNullable(socket.toAbsolutePath().getParent()).orElseThrow());
            return LocalServer.start(socket, "agent", handler);
        } catch (IOException e) {
            throw new ConfigException("the control socket " + socket + " cannot be made: " + e
                    + "; let this user write to its folder, or name another or a shorter path in 'control-socket'");
        }
    }
}
