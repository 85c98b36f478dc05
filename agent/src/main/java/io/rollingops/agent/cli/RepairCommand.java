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
        name = "repair",
        description = "Gives a unit whose databag cannot be read an empty one. What was queued in it is lost.",
        footer = {"", "'rollingops why UNIT' tells what is wrong with it. A databag that can be read is left alone."})
final class RepairCommand implements Callable<Integer> {
    @Mixin
    AgentSocket agent = new AgentSocket();

    @Mixin
    OperatorKey operator = new OperatorKey();

    @Parameters(index = "0", paramLabel = "UNIT", description = "Whose databag.")
    String unit = "";

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        UnitName damaged = UnitName.parse(unit);
        try (ControlClient client = agent.connect()) {
            operator.send(client, new PeerCommand.Repair(damaged));
        }
        spec.commandLine().getOut().println("repaired " + damaged);
        spec.commandLine().getOut().flush();
        return ExitCodes.OK;
    }
}
