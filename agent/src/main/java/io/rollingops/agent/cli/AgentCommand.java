// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.agent.Agent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "agent",
        description =
                "Runs the agent of one unit, until SIGTERM or Ctrl-C; then it gives the lock up and keeps the queue.")
final class AgentCommand implements Callable<Integer> {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "The configuration; 'rollingops init' writes one.")
    Path config = Path.of("agent.yaml");

    @Override
    public Integer call() throws IOException, InterruptedException {
        Agent.run(config);
        return ExitCodes.OK;
    }
}
