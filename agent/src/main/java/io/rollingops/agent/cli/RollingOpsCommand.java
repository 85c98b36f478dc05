// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.ConfigException;
import io.rollingops.agent.control.ControlClient;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.OptionSpec;

/** The program {@code rollingops}. */
@Command(
        name = "rollingops",
        description = "Takes the members of an application through an operation one at a time.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = RollingOpsCommand.Version.class,
        subcommands = {
            DemoCommand.class,
            RequestCommand.class,
            WithdrawCommand.class,
            StatusCommand.class,
            WhyCommand.class,
            DoctorCommand.class,
            LockCommand.class,
            AgentCommand.class,
            InitCommand.class,
            CertsCommand.class,
            MemberCommand.class,
            UpgradeCommands.class,
            ForceReleaseCommand.class,
            RepairCommand.class,
            VersionCommand.class,
            DemoServiceCommand.class,
            WarmUpCommand.class,
            GenerateCompletion.class,
            HelpCommand.class
        },
        footer = {"", "Start with 'rollingops demo'. Exit statuses and all settings: docs/operations.md"})
public final class RollingOpsCommand {

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = RollingOpsCommand.class.getPackage().getImplementationVersion();
            return new String[] {"rollingops " + (version == null ? "from the source tree" : version)};
        }
    }

    private RollingOpsCommand() {}

    public static void main(String[] arguments) {
        Logger.getLogger("").setLevel(Level.WARNING); // what libraries tell about themselves
        System.exit(commandLine(Terminal.ofThisProcess()).execute(arguments));
    }

    /** The command line, which writes to this process's own outputs unless told otherwise. */
    static CommandLine commandLine(Terminal terminal) {
        CommandLine line = new CommandLine(new RollingOpsCommand());
        helpForEveryCommand(line);
        Optional.ofNullable(line.getSubcommands().get("generate-completion"))
                .ifPresent(
                        completion -> completion.getCommandSpec().usageMessage().hidden(true));
        line.setExecutionExceptionHandler((failure, command, result) -> explain(failure, command));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(true);
        line.setColorScheme(CommandLine.Help.defaultColorScheme(
                terminal.colours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
        return line;
    }

    private static void helpForEveryCommand(CommandLine line) {
        for (CommandLine command : line.getSubcommands().values()) {
            if (command.getCommandSpec().findOption("--help") == null) {
                command.getCommandSpec()
                        .addOption(OptionSpec.builder("-h", "--help")
                                .usageHelp(true)
                                .description("Show this help and exit.")
                                .build());
            }
            helpForEveryCommand(command);
        }
    }

    /** A user's mistake gets a sentence, a bug of ours gets a trace. */
    private static int explain(Exception failure, CommandLine command) {
        PrintWriter err = command.getErr();
        int status = status(failure);
        if (status == ExitCodes.BUG) {
            err.println("rollingops: this is a bug of Rollingops, please report it with what follows");
            failure.printStackTrace(err);
        } else {
            String.valueOf(failure.getMessage()).lines().forEach(text -> err.println("rollingops: " + text));
        }
        err.flush();
        return status;
    }

    private static int status(Exception failure) {
        if (failure instanceof ConfigException
                || failure instanceof RollingOpsException.InvalidRequest
                || failure instanceof IllegalArgumentException) {
            return ExitCodes.USAGE;
        } else if (failure instanceof ControlClient.NoAgent) {
            return ExitCodes.NO_AGENT;
        } else if (failure instanceof RollingOpsException.Unavailable
                || failure instanceof RollingOpsException.NotReady) {
            return ExitCodes.UNAVAILABLE;
        } else if (failure instanceof RollingOpsException.Indeterminate) {
            return ExitCodes.INDETERMINATE;
        } else if (failure instanceof RollingOpsException) {
            return ExitCodes.REFUSED;
        }
        return ExitCodes.BUG;
    }
}
