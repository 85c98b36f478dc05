// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.UnitName;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradePause;
import io.rollingops.upgrade.UpgradeRequest;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "upgrade",
        description = "Takes the units to another release, one after the other.",
        subcommands = {
            UpgradeCommands.Check.class,
            UpgradeCommands.Plan.class,
            UpgradeCommands.Start.class,
            UpgradeCommands.Status.class,
            UpgradeCommands.Pause.class,
            UpgradeCommands.Resume.class,
            UpgradeCommands.Retry.class,
            UpgradeCommands.Force.class,
            UpgradeCommands.Skip.class,
            UpgradeCommands.Rollback.class,
            UpgradeCommands.Abandon.class
        },
        footer = {
            "",
            "What the states mean and what to do in each: docs/upgrades.md. Exit status with --wait: 0 when all units are"
                    + " done or the upgrade halts, 1 when a unit has failed or does not have the release in the end."
        })
final class UpgradeCommands {

    /** Which release, and what is said of it. */
    static final class Target {
        @Option(names = "--to", paramLabel = "RELEASE", required = true, description = "The release to bring.")
        String release = "";

        @Option(
                names = "--overrule",
                paramLabel = "REASON",
                description = "Go on although the check says no, or although the release is older; the reason is kept.")
        Optional<String> overrule = Optional.empty();

        UpgradeCommand.Check check(UpgradePause pause) {
            return new UpgradeCommand.Check(Optional.of(new Release(release)), pause, overrule);
        }
    }

    /** When it halts. */
    static final class Halt {
        @Option(
                names = "--pause-after",
                paramLabel = "N",
                description = "Halt after that many units, until 'rollingops upgrade resume'.")
        Optional<Integer> units = Optional.empty();

        UpgradePause pause() {
            return units.<UpgradePause>map(UpgradePause.After::new).orElse(new UpgradePause.Never());
        }
    }

    /** Why; it is kept with the upgrade. */
    static final class Reason {
        @Option(
                names = {"-r", "--reason"},
                paramLabel = "TEXT",
                required = true,
                description = "Why; it is kept with the upgrade.")
        String text = "";
    }

    private static int rehearse(AgentSocket agent, CommandSpec spec, Target target, boolean ask) {
        UpgradeRequest request = new UpgradeRequest("rehearsal", target.check(new UpgradePause.Never()));
        try (ControlClient client = agent.connect()) {
            return UpgradeOrder.print(
                    spec.commandLine().getOut(),
                    client.call(Json.object()
                            .put("do", "upgrade-rehearse")
                            .put("request", request.write())
                            .put("ask", ask)
                            .build()));
        }
    }

    @Command(
            name = "check",
            description = "Says whether an upgrade could begin now, and in which order. Changes nothing.",
            footer = {"", "The workload's own check is run by the agent that is asked."})
    static final class Check implements Callable<Integer> {
        @Mixin
        AgentSocket agent = new AgentSocket();

        @Mixin
        Target target = new Target();

        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            return rehearse(agent, spec, target, true);
        }
    }

    @Command(name = "plan", description = "As check, without running the workload's own check.")
    static final class Plan implements Callable<Integer> {
        @Mixin
        AgentSocket agent = new AgentSocket();

        @Mixin
        Target target = new Target();

        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            return rehearse(agent, spec, target, false);
        }
    }

    @Command(name = "start", description = "Checks the units and begins the upgrade.")
    static final class Start implements Callable<Integer> {
        @Mixin
        UpgradeOrder order = new UpgradeOrder();

        @Mixin
        UpgradeOrder.Wait wait = new UpgradeOrder.Wait();

        @Mixin
        Target target = new Target();

        @Mixin
        Halt halt = new Halt();

        @Override
        public Integer call() {
            return order.send(target.check(halt.pause()), wait);
        }
    }

    @Command(name = "status", description = "Shows how far the upgrade is, what it waits for, and what to do next.")
    static final class Status implements Callable<Integer> {
        @Mixin
        AgentSocket agent = new AgentSocket();

        @Option(
                names = {"-o", "--output"},
                paramLabel = "FORM",
                description = "Print it as: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
                defaultValue = "table")
        StatusCommand.Form form = StatusCommand.Form.table;

        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            try (ControlClient client = agent.connect()) {
                Json.Obj report =
                        client.call(Json.object().put("do", "upgrade-status").build());
                out.print(
                        form == StatusCommand.Form.json
                                ? JsonText.write(report) + "\n"
                                : new UpgradeTable(Terminal.ofThisProcess()).render(report));
                out.flush();
            }
            return ExitCodes.OK;
        }
    }

    @Command(name = "pause", description = "Halts before the next unit; one that has begun ends its turn.")
    static final class Pause implements Callable<Integer> {
        @Mixin
        UpgradeOrder order = new UpgradeOrder();

        @Mixin
        Reason reason = new Reason();

        @Override
        public Integer call() {
            return order.send(new UpgradeCommand.Pause(reason.text));
        }
    }

    @Command(name = "resume", description = "Goes on after a halt.")
    static final class Resume implements Callable<Integer> {
        @Mixin
        UpgradeOrder order = new UpgradeOrder();

        @Mixin
        UpgradeOrder.Wait wait = new UpgradeOrder.Wait();

        @Mixin
        Halt halt = new Halt();

        @Override
        public Integer call() {
            return order.send(new UpgradeCommand.Resume(halt.pause()), wait);
        }
    }

    @Command(name = "retry", description = "A unit that failed, or whose turn hangs, tries again.")
    static final class Retry implements Callable<Integer> {
        @Mixin
        UpgradeOrder order = new UpgradeOrder();

        @Mixin
        UpgradeOrder.Wait wait = new UpgradeOrder.Wait();

        @Mixin
        Reason reason = new Reason();

        @Parameters(paramLabel = "UNIT", description = "Which unit.")
        String unit = "";

        @Override
        public Integer call() {
            return order.send(new UpgradeCommand.Retry(UnitName.parse(unit), reason.text), wait);
        }
    }

    @Command(name = "force", description = "As retry, and versions are not compared any more in this upgrade.")
    static final class Force implements Callable<Integer> {
        @Mixin
        UpgradeOrder order = new UpgradeOrder();

        @Mixin
        UpgradeOrder.Wait wait = new UpgradeOrder.Wait();

        @Mixin
        Reason reason = new Reason();

        @Parameters(paramLabel = "UNIT", description = "Which unit.")
        String unit = "";

        @Override
        public Integer call() {
            return order.send(new UpgradeCommand.Force(UnitName.parse(unit), reason.text), wait);
        }
    }

    @Command(name = "skip", description = "Leaves a unit as it is; the others go on.")
    static final class Skip implements Callable<Integer> {
        @Mixin
        UpgradeOrder order = new UpgradeOrder();

        @Mixin
        Reason reason = new Reason();

        @Option(
                names = "--gone",
                description =
                        "It is not asked to agree: your word that nothing runs there. If something does, two units may"
                                + " be upgraded at once.")
        boolean gone;

        @Parameters(paramLabel = "UNIT", description = "Which unit.")
        String unit = "";

        @Override
        public Integer call() {
            UnitName name = UnitName.parse(unit);
            return order.send(
                    gone ? new UpgradeCommand.LeaveOut(name, reason.text) : new UpgradeCommand.Skip(name, reason.text));
        }
    }

    @Command(name = "rollback", description = "Brings all units back to the previous release, one after the other.")
    static final class Rollback implements Callable<Integer> {
        @Mixin
        UpgradeOrder order = new UpgradeOrder();

        @Mixin
        UpgradeOrder.Wait wait = new UpgradeOrder.Wait();

        @Mixin
        Reason reason = new Reason();

        @Override
        public Integer call() {
            return order.send(new UpgradeCommand.Rollback(reason.text), wait);
        }
    }

    @Command(name = "abandon", description = "Ends the upgrade here, every unit as it is.")
    static final class Abandon implements Callable<Integer> {
        @Mixin
        UpgradeOrder order = new UpgradeOrder();

        @Mixin
        Reason reason = new Reason();

        @Override
        public Integer call() {
            return order.send(new UpgradeCommand.Abandon(reason.text));
        }
    }
}
