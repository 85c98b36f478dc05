// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.raft.RaftMember;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "member",
        description = "Shows and changes who belongs to the group, while it runs.",
        subcommands = {MemberCommand.ListMembers.class, MemberCommand.Add.class, MemberCommand.Remove.class})
final class MemberCommand {

    private static Json.Obj group(ControlClient client) {
        return client.call(Json.object().put("do", "status").build()).object("group");
    }

    @Command(name = "list", description = "Shows the group's members.")
    static final class ListMembers implements Callable<Integer> {
        @Mixin
        AgentSocket agent = new AgentSocket();

        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            try (ControlClient client = agent.connect()) {
                Json.Obj group = group(client);
                String leader = group.find("leader").isPresent() ? group.string("leader") : "";
                for (Json item : group.array("members")) {
                    Json.Obj member = (Json.Obj) item;
                    out.println(member.string("unit") + "  " + member.string("address")
                            + (member.bool("voter") ? "" : "  follows only")
                            + (member.string("unit").equals(leader) ? "  leads" : ""));
                }
                out.flush();
            }
            return ExitCodes.OK;
        }
    }

    @Command(name = "add", description = "Adds a member whose agent runs with 'join: true' and waits to be called.")
    static final class Add implements Callable<Integer> {
        @Mixin
        AgentSocket agent = new AgentSocket();

        @Parameters(index = "0", paramLabel = "UNIT", description = "The new member.")
        String unit = "";

        @Parameters(index = "1", paramLabel = "HOST:PORT", description = "Where the others reach it.")
        String address = "";

        @Option(names = "--follow", description = "It only follows and does not vote.")
        boolean follow;

        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            RaftMember member = Addresses.member(UnitName.parse(unit), address, !follow);
            try (ControlClient client = agent.connect()) {
                client.call(Json.object()
                        .put("do", "member-add")
                        .put("unit", member.unit().toString())
                        .put("host", member.host())
                        .put("port", member.port())
                        .put("voter", member.voter())
                        .build());
            }
            spec.commandLine().getOut().println("added " + member.unit());
            spec.commandLine().getOut().flush();
            return ExitCodes.OK;
        }
    }

    @Command(
            name = "remove",
            description = "Takes a unit out for good: out of the group, and out of the store; its queued operations are"
                    + " abandoned and its number is never used again. Its agent must not be running a callback.")
    static final class Remove implements Callable<Integer> {
        @Mixin
        AgentSocket agent = new AgentSocket();

        @Mixin
        OperatorKey operator = new OperatorKey();

        @Parameters(paramLabel = "UNIT", description = "Which unit.")
        String unit = "";

        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            UnitName gone = UnitName.parse(unit);
            try (ControlClient client = agent.connect()) {
                removeFromStore(client, gone);
                client.call(Json.object()
                        .put("do", "member-remove")
                        .put("unit", gone.toString())
                        .build());
            }
            spec.commandLine().getOut().println("removed " + gone);
            spec.commandLine().getOut().flush();
            return ExitCodes.OK;
        }

        /** The store knows no more of a unit whose removal broke off half-way; the group still does. */
        private void removeFromStore(ControlClient client, UnitName gone) {
            try {
                operator.send(client, new PeerCommand.Remove(gone));
            } catch (RollingOpsException.Refused e) {
                boolean inGroup = group(client).array("members").stream()
                        .anyMatch(member -> ((Json.Obj) member).string("unit").equals(gone.toString()));
                if (!inGroup) {
                    throw e;
                }
            }
        }
    }
}
