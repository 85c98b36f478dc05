// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How to start this very program once more as a process of its own. */
final class JavaProgram {
    private JavaProgram() {}

    /** The command line for those arguments. */
    static List<String> command(String heap, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.add("-Xmx" + heap);
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:+UseSerialGC");
        Optional.ofNullable(System.getenv("ROLLINGOPS_CLASS_ARCHIVE"))
                .filter(archive -> !archive.isEmpty())
                .ifPresent(archive -> command.add("-XX:SharedArchiveFile=" + archive));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add("io.rollingops.agent.cli.RollingOpsCommand");
        command.addAll(List.of(arguments));
        return command;
    }
}
