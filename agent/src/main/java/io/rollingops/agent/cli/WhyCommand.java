// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "why", description = "Explains what a unit waits for, who has the lock, and what to do next.")
final class WhyCommand implements Callable<Integer> {
    @Mixin
    AgentSocket agent = new AgentSocket();

    @Parameters(arity = "0..1", paramLabel = "UNIT", description = "Which unit; the agent's own if not given.")
    Optional<String> unit = Optional.empty();

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (ControlClient client = agent.connect()) {
            Json.Obj report = client.call(Json.object().put("do", "status").build());
            String wanted = unit.orElse(report.string("unit"));
            Json.Obj found = report.array("units").stream()
                    .map(item -> (Json.Obj) item)
                    .filter(item -> item.string("unit").equals(wanted))
                    .findFirst()
                    .orElseThrow(() -> new RollingOpsException.InvalidRequest(
                            wanted + " is not a member of " + report.string("application") + "; members are "
                                    + report.array("units").stream()
                                            .map(item -> ((Json.Obj) item).string("unit"))
                                            .toList()));
            if (report.object("group").find("leader").isEmpty()) {
                out.println(
                        "The store has no leader that this agent knows of: fewer than half of its voting members can"
                                + " be reached from here. Nothing new is granted until they can.");
                out.println("Do:  start the other agents, or mend the network between them");
            }
            out.println(sentence(found.string("why")));
            if (report.find("etcd").isPresent()) {
                Json.Obj etcd = report.object("etcd");
                String own = report.string("unit");
                out.println(sentence("The lock that is shared with other applications"
                        + (wanted.equals(own) ? "" : ", as " + own + " sees it") + ": " + etcd.string("why")));
                if (!etcd.string("remedy").isEmpty()) {
                    out.println("Do:  " + etcd.string("remedy"));
                }
            }
            if (!found.string("remedy").isEmpty()) {
                out.println("Do:  " + found.string("remedy"));
            }
            out.flush();
            return ExitCodes.OK;
        }
    }

    private static String sentence(String text) {
        return text.endsWith(".") ? text : text + ".";
    }
}
