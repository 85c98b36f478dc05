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
                    + " abandoned and its number is never used again. One that is online or has the lock is refused.")
    static final class Remove implements Callable<Integer> {
        @Mixin
        AgentSocket agent = new AgentSocket();

        @Mixin
        OperatorKey operator = new OperatorKey();

        @Option(names = "--gone", description = "Your word that its agent is gone and no callback is running there.")
        boolean gone;

        @Parameters(paramLabel = "UNIT", description = "Which unit.")
        String unit = "";

        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            UnitName leaving = UnitName.parse(unit);
            try (ControlClient client = agent.connect()) {
                if (!gone) {
                    refuseWhileItMayRun(
                            client.call(Json.object().put("do", "status").build()), leaving);
                }
                removeFromStore(client, leaving);
                client.call(Json.object()
                        .put("do", "member-remove")
                        .put("unit", leaving.toString())
                        .build());
            }
            spec.commandLine().getOut().println("removed " + leaving);
            spec.commandLine().getOut().flush();
            return ExitCodes.OK;
        }

        /** The removal frees its slot at once, so its callback would run beside the next one (assumption A8). */
        private static void refuseWhileItMayRun(Json.Obj report, UnitName unit) {
            boolean online = report.array("units").stream()
                    .map(item -> (Json.Obj) item)
                    .anyMatch(member -> member.string("unit").equals(unit.toString()) && member.bool("online"));
            boolean granted = report.object("grant").find("unit").isPresent()
                    && report.object("grant").string("unit").equals(unit.toString());
            if (online || granted) {
                throw new RollingOpsException.Refused(unit + (granted ? " has the lock" : " is online")
                        + ", and what runs there would run on beside the next one; end its agent for good ('systemctl"
                        + " disable --now' on its host) and wait until 'rollingops status' shows it offline and without"
                        + " the lock, or, if you are sure that nothing runs there, repeat this with --gone");
            }
        }

        /** The store knows no more of a unit whose removal broke off half-way; the group still does. */
        private void removeFromStore(ControlClient client, UnitName leaving) {
            try {
                operator.send(client, new PeerCommand.Remove(leaving));
            } catch (RollingOpsException.Refused e) {
                boolean inGroup = group(client).array("members").stream()
                        .anyMatch(member -> ((Json.Obj) member).string("unit").equals(leaving.toString()));
                if (!inGroup) {
                    throw e;
                }
            }
        }
    }
}
