// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "version", description = "Prints the version of Rollingops and of the Java below it.")
final class VersionCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        String version = Optional.ofNullable(VersionCommand.class.getPackage().getImplementationVersion())
                .orElse("from the source tree");
        spec.commandLine().getOut().println("rollingops " + version + " (Java " + Runtime.version() + ")");
        spec.commandLine().getOut().flush();
        return ExitCodes.OK;
    }
}
