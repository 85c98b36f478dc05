// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.UnitName;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.peer.PeerCommand;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "force-release",
        description =
                "Takes the lock from a unit on your word that its callback is not running. The operation stays queued.",
        footer = {
            "",
            "'rollingops status' shows the unit and the number of its grant. If the callback does run, two may run."
        })
final class ForceReleaseCommand implements Callable<Integer> {
    @Mixin
    AgentSocket agent = new AgentSocket();

    @Mixin
    OperatorKey operator = new OperatorKey();

    @Parameters(index = "0", paramLabel = "UNIT", description = "Who has the lock.")
    String unit = "";

    @Parameters(index = "1", paramLabel = "GRANT", description = "Under which grant; another one is not touched.")
    long epoch;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        UnitName holder = UnitName.parse(unit);
        try (ControlClient client = agent.connect()) {
            operator.send(client, new PeerCommand.ForceRelease(holder, epoch));
        }
        spec.commandLine().getOut().println("released grant " + epoch + " of " + holder);
        spec.commandLine().getOut().flush();
        return ExitCodes.OK;
    }
}
