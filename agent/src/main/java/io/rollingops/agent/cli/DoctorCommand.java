// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.agent.Doctor;
import io.rollingops.agent.Finding;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "doctor",
        description = "Checks a configuration against what is there: files, agent, etcd and rights; says what to mend.",
        footer = {"", "Exit status 0: nothing is broken; 1: something is."})
final class DoctorCommand implements Callable<Integer> {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "The agent's configuration.")
    Path config = Path.of("agent.yaml");

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Terminal terminal = Terminal.ofThisProcess();
        AtomicBoolean isBroken = new AtomicBoolean();
        new Doctor(finding -> {
                    isBroken.compareAndSet(false, finding.level() == Finding.Level.BAD);
                    out.println(mark(finding.level(), terminal) + "  " + finding.text());
                    if (!finding.remedy().isEmpty()) {
                        out.println("       do: " + finding.remedy());
                    }
                    out.flush();
                })
                .examine(config);
        return isBroken.get() ? ExitCodes.FAILED : ExitCodes.OK;
    }

    private static String mark(Finding.Level level, Terminal terminal) {
        return switch (level) {
            case GOOD -> terminal.green("good");
            case WARNING -> terminal.yellow("warn");
            case BAD -> terminal.red("BAD ");
        };
    }
}
