// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.agent.config.ConfigException;
import io.rollingops.agent.control.ControlClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Which agent a subcommand talks to. */
final class AgentSocket {
    private static final Path DATA = Path.of("/var/lib/rollingops");

    @Option(
            names = {"-s", "--socket"},
            paramLabel = "PATH",
            description = "The agent's control socket; else $ROLLINGOPS_SOCKET, else the only one of this machine.")
    Optional<Path> socket = Optional.empty();

    ControlClient connect() {
        return ControlClient.connect(path());
    }

    private Path path() {
        return socket.or(() -> Optional.ofNullable(System.getenv("ROLLINGOPS_SOCKET"))
                        .filter(text -> !text.isBlank())
                        .map(Path::of))
                .orElseGet(AgentSocket::onlyOne);
    }

    private static Path onlyOne() {
        List<Path> sockets = List.of();
        if (Files.isDirectory(DATA)) {
            try (Stream<Path> agents = Files.list(DATA)) {
                sockets = agents.map(agent -> agent.resolve("control/agent.sock"))
                        .filter(Files::exists)
                        .sorted()
                        .toList();
            } catch (IOException e) {
                throw new ConfigException("the agents' sockets in " + DATA + " cannot be listed (" + e
                        + "); name one with --socket, or use the agents' user");
            }
        }
        if (sockets.size() == 1) {
            return sockets.get(0);
        }
        if (sockets.isEmpty()) {
            throw new ControlClient.NoAgent("no agent runs here that this user may talk to (none in " + DATA
                    + "); start one, or name its socket with --socket");
        }
        throw new ConfigException("several agents run here; name one with --socket: " + sockets);
    }
}
