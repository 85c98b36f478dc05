// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.Durations;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "request",
        description = "Queues an operation: for this agent's unit, for a named unit, or for all.",
        footer = {
            "",
            "Units take their turns one after the other. What concerns other units than the agent's own needs the"
                    + " operator's key. Exit status with --wait: 0 when every operation was released, 1 when one was dropped."
        })
final class RequestCommand implements Callable<Integer> {
    @Mixin
    AgentSocket agent = new AgentSocket();

    @Mixin
    OperatorKey operator = new OperatorKey();

    @Parameters(paramLabel = "CALLBACK", description = "Which callback, as the agents' configuration names it.")
    String callback = "";

    @ArgGroup(exclusive = true)
    Target target = new Target();

    /** For whom. */
    static final class Target {
        @Option(names = "--all", description = "For every unit of the application, in the order of their names.")
        boolean all;

        @Option(
                names = {"-u", "--unit"},
                paramLabel = "UNIT",
                description = "For that unit; may be given several times.")
        List<String> units = List.of();
    }

    @Option(
            names = {"-a", "--arg"},
            paramLabel = "KEY=VALUE",
            description = "An argument for the callback; VALUE is a text, or JSON when KEY ends in ':' (--arg n:=3).")
    Map<String, String> arguments = new LinkedHashMap<>();

    @Option(
            names = "--max-retry",
            paramLabel = "N",
            description = "How often it may be tried again after a failure; without it, for ever.")
    Optional<Integer> maxRetry = Optional.empty();

    @Option(names = "--wait", description = "Wait until it is done, and show how it goes.")
    boolean wait;

    @Option(names = "--timeout", paramLabel = "TIME", description = "With --wait: how long at most, for example 10m.")
    String timeout = "";

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (maxRetry.isPresent() && maxRetry.get() < 0) {
            throw new RollingOpsException.InvalidRequest("the retry limit is negative: " + maxRetry.get());
        }
        // What is wrong with these must be told before anything is queued.
        Optional<Duration> limit = limit();
        Json.Obj json = json();
        try (ControlClient client = agent.connect()) {
            NavigableMap<UnitName, String> operations = request(client, json);
            operations.forEach((unit, operation) -> out.println("queued " + operation + " for " + unit));
            out.flush();
            return wait ? new OutcomeWatch(out, client, operations).await(limit) : ExitCodes.OK;
        }
    }

    private Optional<Duration> limit() {
        return timeout.isEmpty() ? Optional.empty() : Optional.of(Durations.parse(timeout));
    }

    private NavigableMap<UnitName, String> request(ControlClient client, Json.Obj json) {
        NavigableMap<UnitName, String> operations = new TreeMap<>();
        if (!target.all && target.units.isEmpty()) {
            Json.ObjectBuilder request =
                    Json.object().put("do", "request").put("callback", callback).put("arguments", json);
            maxRetry.ifPresent(limit -> request.put("max_retry", limit));
            Json.Obj queued = client.call(request.build()).object("operations");
            queued.members().keySet().forEach(unit -> operations.put(UnitName.parse(unit), queued.string(unit)));
            return operations;
        }
        OptionalInt retries = maxRetry.map(OptionalInt::of).orElse(OptionalInt.empty());
        PeerReply reply = operator.send(client, new PeerCommand.RequestFor(units(client), callback, json, retries));
        if (reply instanceof PeerReply.Queued queued) {
            queued.operations().forEach((unit, operation) -> operations.put(unit, operation.value()));
        }
        return operations;
    }

    private Set<UnitName> units(ControlClient client) {
        Set<UnitName> units = new TreeSet<>();
        if (target.all) {
            Json.Obj report = client.call(Json.object().put("do", "status").build());
            report.array("units").forEach(unit -> units.add(UnitName.parse(((Json.Obj) unit).string("unit"))));
        } else {
            target.units.forEach(unit -> units.add(UnitName.parse(unit)));
        }
        return units;
    }

    private Json.Obj json() {
        Json.ObjectBuilder json = Json.object();
        arguments.forEach((key, value) -> {
            if (!key.endsWith(":")) {
                json.put(key, value);
                return;
            }
            try {
                json.put(key.substring(0, key.length() - 1), JsonText.parse(value));
            } catch (JsonException e) {
                throw new RollingOpsException.InvalidRequest(
                        "argument '" + key + "=" + value + "' is not JSON: " + e.getMessage(), e);
            }
        });
        return json.build();
    }
}
