// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.agent.control.ControlClient;
import io.rollingops.agent.control.OperatorClient;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The operator's key, for what concerns other units than the agent's own. The key never leaves this process. */
final class OperatorKey {
    @Option(
            names = "--operator",
            paramLabel = "DIR",
            description = "The operator's folder, made by 'rollingops init'; else $ROLLINGOPS_OPERATOR, else"
                    + " /etc/rollingops/operator.")
    Optional<Path> folder = Optional.empty();

    PeerReply send(ControlClient agent, PeerCommand.ByOperator command) {
        Path from = folder.or(() -> Optional.ofNullable(System.getenv("ROLLINGOPS_OPERATOR"))
                        .map(Path::of))
                .orElse(Path.of("/etc/rollingops/operator"));
        return OperatorClient.open(from, InstantSource.system()).send(agent, command);
    }
}
