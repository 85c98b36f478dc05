// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.ApplicationFiles;
import io.rollingops.agent.config.UpgradeStart;
import io.rollingops.raft.RaftMember;
import io.rollingops.raft.RaftSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "init",
        description =
                "Makes all that a new application needs: its authority, an operator's key, and for each unit a folder"
                        + " with keys, certificates and a configuration.",
        footer = {
            "",
            "Example:",
            "  rollingops init web --unit web/0=10.0.0.5:7946 \\",
            "    --unit web/1=10.0.0.6:7946 --unit web/2=10.0.0.7:7946 \\",
            "    --callback restart='systemctl restart web'",
            "",
            "The first " + RaftSettings.MAX_VOTERS
                    + " units vote, further ones only follow. Three voting members survive the loss of one."
        })
final class InitCommand implements Callable<Integer> {
    @Parameters(paramLabel = "APPLICATION", description = "The application's name; units are called APPLICATION/0 …")
    String application = "";

    @Option(
            names = {"-u", "--unit"},
            paramLabel = "UNIT=HOST:PORT",
            required = true,
            description = "A unit and where the others reach its agent; give every unit.")
    Map<String, String> units = new LinkedHashMap<>();

    @Option(
            names = "--callback",
            paramLabel = "ID=COMMAND",
            description = "A callback for the configurations; words are split at blanks, no shell looks at them.")
    Map<String, String> callbacks = new LinkedHashMap<>();

    @Option(
            names = "--etcd",
            split = ",",
            paramLabel = "HOST:PORT",
            description = "Where etcd is, if this application shares a lock with others; commas in between.")
    List<String> etcd = new ArrayList<>();

    @Option(
            names = "--cluster-id",
            paramLabel = "ID",
            description = "The cluster id of the applications that share it (default: a new, random one).")
    Optional<String> clusterId = Optional.empty();

    @ArgGroup(exclusive = false)
    Upgrade upgrade = new Upgrade();

    /** How the workload is upgraded; both or none. */
    static final class Upgrade {
        @Option(
                names = "--upgrade",
                paramLabel = "COMMAND",
                required = true,
                description = "The command that brings a release, for 'rollingops upgrade'; words are split at blanks.")
        String command = "";

        @Option(
                names = "--version-file",
                paramLabel = "FILE",
                required = true,
                description = "The file whose first line is the release that is installed.")
        String versionFile = "";
    }

    @Option(
            names = {"-d", "--directory"},
            paramLabel = "DIR",
            description = "Where to put the files (default: a folder with the application's name).")
    Optional<Path> directory = Optional.empty();

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (!UnitName.isApplication(application)) {
            throw new RollingOpsException.InvalidRequest(
                    "'" + application + "' cannot be an application's name; use letters, digits, '-', '_' and '.'");
        }
        List<RaftMember> members = members();
        Path folder = directory.orElse(Path.of(application));
        Instant now = InstantSource.system().instant();
        ApplicationFiles files = ApplicationFiles.create(folder, application, now);
        Path operator = files.writeOperator("operator", now);
        Map<String, List<String>> commands = new LinkedHashMap<>();
        callbacks.forEach((id, command) -> commands.put(id, words(command)));
        Optional<UpgradeStart> upgrades = upgrade.command.isEmpty()
                ? Optional.empty()
                : Optional.of(new UpgradeStart(upgrade.versionFile, words(upgrade.command)));
        String cluster = clusterId.orElseGet(() -> UUID.randomUUID().toString());
        for (RaftMember member : members) {
            files.writeUnit(member.unit(), List.of(member.host()), now);
            files.writeConfiguration(member.unit(), members, false, commands, etcd, cluster, upgrades);
        }
        out.println("Made " + folder + " for " + members.size() + " units of " + application + ".");
        out.println("Next:");
        out.println("  1. Look over agent.yaml in each unit's folder, and copy the folder to its host, readable for the"
                + " agent's user alone.");
        out.println("  2. There: rollingops agent --config agent.yaml   (or the systemd unit, see docs/operations.md)");
        out.println("  3. Keep " + operator + " where you work: it lets you ask all units. Name it with --operator.");
        out.println("  4. Keep " + folder.resolve("authority.key") + " away from the hosts; it signs new members.");
        if (!etcd.isEmpty()) {
            out.println("  5. Give other applications that share the lock the same cluster id: " + cluster + ";");
            out.println("     certificates or a password for etcd go into the section 'etcd' of agent.yaml.");
        }
        out.flush();
        return ExitCodes.OK;
    }

    private static List<String> words(String command) {
        return List.of(command.strip().split("\\s+"));
    }

    private List<RaftMember> members() {
        List<RaftMember> members = new ArrayList<>();
        units.forEach((name, address) -> {
            UnitName unit = UnitName.parse(name);
            if (!unit.application().equals(application)) {
                throw new RollingOpsException.InvalidRequest(unit + " is not a unit of " + application);
            }
            members.add(Addresses.member(unit, address, members.size() < RaftSettings.MAX_VOTERS));
        });
        return members;
    }
}
