// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.OperationId;
import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "withdraw",
        description = "Takes back what was requested and has not begun.",
        footer = {
            "",
            "'rollingops request' told the operations' ids; so does 'rollingops status -o json'. What runs is not touched:"
                    + " that is refused, with status 4. Other units than the agent's own need the operator's key."
        })
final class WithdrawCommand implements Callable<Integer> {
    @Mixin
    AgentSocket agent = new AgentSocket();

    @Mixin
    OperatorKey operator = new OperatorKey();

    @Parameters(paramLabel = "OPERATION", arity = "0..*", description = "Which operations.")
    List<String> operations = List.of();

    @Option(
            names = {"-u", "--unit"},
            paramLabel = "UNIT",
            description = "From that unit's queue; else from that of the agent's own unit.")
    Optional<String> unit = Optional.empty();

    @Option(names = "--all", description = "All that waits in that queue.")
    boolean all;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        if (all != operations.isEmpty()) {
            throw new RollingOpsException.InvalidRequest(
                    "name the operations to take back, or --all of those that wait in the queue, and not both");
        }
        Optional<UnitName> other = unit.map(UnitName::parse);
        PrintWriter out = spec.commandLine().getOut();
        try (ControlClient client = agent.connect()) {
            Json.Obj report = client.call(Json.object().put("do", "status").build());
            UnitName from = other.orElseGet(() -> UnitName.parse(report.string("unit")));
            List<String> chosen = all ? waiting(report, from) : operations;
            for (String operation : chosen) {
                withdraw(client, other, operation);
                out.println("withdrew " + operation + " from " + from);
            }
            if (chosen.isEmpty()) {
                out.println("nothing waits in the queue of " + from);
            }
            out.flush();
        }
        return ExitCodes.OK;
    }

    private void withdraw(ControlClient client, Optional<UnitName> other, String operation) {
        if (other.isPresent()) {
            operator.send(client, new PeerCommand.WithdrawFor(other.get(), new OperationId(operation)));
        } else {
            client.call(Json.object()
                    .put("do", "withdraw")
                    .put("operation", operation)
                    .build());
        }
    }

    /** The last one first: so none of them gets its turn while those behind it are taken back. */
    private static List<String> waiting(Json.Obj report, UnitName from) {
        List<String> waiting = new ArrayList<>();
        for (Json item : report.array("units")) {
            Json.Obj unit = (Json.Obj) item;
            if (unit.string("unit").equals(from.toString())
                    && unit.find("queue").isPresent()) {
                boolean runs = unit.string("state").equals("running");
                List<Json> queue = unit.array("queue");
                for (int i = queue.size() - 1; i >= (runs ? 1 : 0); i--) {
                    waiting.add(((Json.Obj) queue.get(i)).string("operation"));
                }
                return waiting;
            }
        }
        throw new RollingOpsException.InvalidRequest(from + " is not a unit of " + report.string("application"));
    }
}
