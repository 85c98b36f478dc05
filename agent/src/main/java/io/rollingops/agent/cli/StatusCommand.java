// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "status",
        description = "Shows who has the lock, what every unit does, and why.",
        footer = {
            "",
            "With --watch, a new report after every change, until Ctrl-C; on a terminal it replaces the one before."
        })
final class StatusCommand implements Callable<Integer> {
    private static final String CLEAR = "\033[H\033[J";

    @Mixin
    AgentSocket agent = new AgentSocket();

    @Option(
            names = {"-w", "--watch"},
            description = "Go on showing it as it changes.")
    boolean watch;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            description = "Print it as: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
            defaultValue = "table")
    Form form = Form.table;

    @Spec
    CommandSpec spec = CommandSpec.create();

    /** Forms of output; the names are what the user types. */
    enum Form {
        table,
        json
    }

    @Override
    public Integer call() {
        Terminal terminal = Terminal.ofThisProcess();
        PrintWriter out = spec.commandLine().getOut();
        try (ControlClient client = agent.connect()) {
            if (!watch) {
                print(
                        out,
                        terminal,
                        client.call(Json.object().put("do", "status").build()));
                return ExitCodes.OK;
            }
            client.send(Json.object().put("do", "watch").build());
            while (true) {
                Json.Obj report = client.receive();
                if (terminal.interactive() && form == Form.table) {
                    out.print(CLEAR);
                }
                print(out, terminal, report);
            }
        }
    }

    private void print(PrintWriter out, Terminal terminal, Json.Obj report) {
        out.println(form == Form.json ? JsonText.write(report) : new StatusTable(terminal).render(report));
        out.flush();
    }
}
