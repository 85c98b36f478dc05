// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Hook commands about what is around the unit: the goal of the model, the network. */
final class ModelCommands {

    private ModelCommands() {}

    static String goalState(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line =
                CommandLine.parse(call.args(), Output.FORMAT, Output.FILE).atMost(0);
        String own = context.unit.app.name;
        Json.ObjectBuilder units = Json.object();
        context.model.unitsOf(context.unit.app).forEach(unit -> units.put(unit.name.toString(), goal(unit)));
        Map<String, Json.ObjectBuilder> endpoints = new TreeMap<>();
        for (JujuRelation relation : context.model.relationsOf(context.unit.name)) {
            if (!relation.peer()) {
                JujuApp remote = context.model.app(relation.remoteApp(own));
                Json.ObjectBuilder members =
                        endpoints.computeIfAbsent(relation.idFor(own).endpoint(), endpoint -> Json.object());
                members.put(
                        remote.name,
                        Json.object()
                                .put("status", relation.dying ? "dying" : "joined")
                                .build());
                context.model.unitsOf(remote).forEach(unit -> members.put(unit.name.toString(), goal(unit)));
            }
        }
        Json.ObjectBuilder relations = Json.object();
        endpoints.forEach((endpoint, members) -> relations.put(endpoint, members.build()));
        return Output.yaml(
                call,
                line,
                Json.object()
                        .put("units", units.build())
                        .put("relations", relations.build())
                        .build());
    }

    private static Json goal(JujuUnit unit) {
        return Json.object()
                .put("status", unit.dying ? "dying" : unit.workload.status())
                .build();
    }

    static String networkGet(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(
                        call.args(),
                        "r,relation=",
                        "primary-address",
                        "bind-address",
                        "ingress-address",
                        "egress-subnets",
                        Output.FORMAT,
                        Output.FILE)
                .atMost(1);
        String endpoint = line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("no arguments specified"));
        CharmMetadata metadata = context.unit.app.metadata();
        boolean known = metadata.peers().containsKey(endpoint)
                || metadata.requires().containsKey(endpoint)
                || metadata.provides().containsKey(endpoint)
                || endpoint.equals("juju-info");
        if (!known) {
            throw CommandFailure.failed("no network config found for binding " + CommandFailure.quoted(endpoint));
        }
        if (line.value("relation").isPresent()) {
            RelationCommands.relation(context, line);
        }
        return Output.smart(call, line, network(JujuModel.address(context.unit.machine), line));
    }

    private static Json network(String address, CommandLine line) {
        if (line.isOn("bind-address") || line.isOn("ingress-address") || line.isOn("primary-address")) {
            return Json.of(address);
        }
        if (line.isOn("egress-subnets")) {
            return Output.texts(List.of(address + "/32"));
        }
        Json.Obj bound = Json.object()
                .put("hostname", "")
                .put("value", address)
                .put("cidr", address.substring(0, address.lastIndexOf('.')) + ".0/24")
                .build();
        Json.Obj bind = Json.object()
                .put("mac-address", "")
                .put("interface-name", "eth0")
                .put("addresses", new Json.Arr(List.of(bound)))
                .build();
        return Json.object()
                .put("bind-addresses", new Json.Arr(List.of(bind)))
                .put("egress-subnets", Output.texts(List.of(address + "/32")))
                .put("ingress-addresses", Output.texts(List.of(address)))
                .build();
    }

    static String unitGet(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line =
                CommandLine.parse(call.args(), Output.FORMAT, Output.FILE).atMost(1);
        List<String> settings = List.of("private-address", "public-address");
        String setting = line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("no setting specified"));
        if (!settings.contains(setting)) {
            throw CommandFailure.wrongUse("unknown setting " + CommandFailure.quoted(setting));
        }
        return Output.smart(call, line, Json.of(JujuModel.address(context.unit.machine)));
    }
}
