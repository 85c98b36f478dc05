// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.ApplicationFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "certs",
        description =
                "Makes keys and certificates for a further unit or operator of an application, or new ones before the"
                        + " old ones expire.",
        footer = {
            "",
            "A certificate that is newer replaces the one before as soon as its owner uses it; an older one is refused then."
        })
final class CertsCommand implements Callable<Integer> {
    @Parameters(paramLabel = "APPLICATION", description = "The application's name.")
    String application = "";

    @Option(
            names = {"-d", "--directory"},
            paramLabel = "DIR",
            description = "The folder that 'rollingops init' made (default: the application's name).")
    Optional<Path> directory = Optional.empty();

    @Option(
            names = {"-u", "--unit"},
            paramLabel = "UNIT",
            description = "A unit to make them for.")
    Optional<String> unit = Optional.empty();

    @Option(
            names = "--host",
            paramLabel = "NAME",
            description = "With --unit: a name or address under which the others reach it; may be given several times.")
    List<String> hosts = List.of();

    @Option(names = "--operator-name", paramLabel = "NAME", description = "An operator to make them for.")
    Optional<String> operator = Optional.empty();

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (unit.isEmpty() && operator.isEmpty()) {
            throw new RollingOpsException.InvalidRequest("name whom to make them for, with --unit or --operator-name");
        }
        if (unit.isPresent() && hosts.isEmpty()) {
            throw new RollingOpsException.InvalidRequest(
                    "name how the others reach " + unit.get() + ", with --host, for example --host 10.0.0.8");
        }
        ApplicationFiles files = ApplicationFiles.open(directory.orElse(Path.of(application)), application);
        Instant now = InstantSource.system().instant();
        if (unit.isPresent()) {
            out.println("made " + files.writeUnit(UnitName.parse(unit.get()), hosts, now));
        }
        if (operator.isPresent()) {
            out.println("made " + files.writeOperator(operator.get(), now));
        }
        out.flush();
        return ExitCodes.OK;
    }
}
