// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import io.rollingops.UnitName;
import io.rollingops.raft.RaftMember;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** One unit of the demo: its agent and its service, each an operating-system process. */
final class DemoUnit {
    private static final long PATIENCE_SECONDS = 20;
    /** With the others gone the last agents cannot say goodbye to the store; nothing of the demo needs that. */
    private static final long AGENT_PATIENCE_SECONDS = 1;

    private final RaftMember member;
    private final int servicePort;
    private final Path folder;
    private final Path script;
    private final Path rollLog;
    private java.util.Optional<Process> agent = java.util.Optional.empty();

    /**
     * A unit that has not been started.
     *
     * @param folder the unit's folder with its keys, and from now on all its other files
     * @param script what its callback runs
     * @param rollLog where the callbacks of all units write
     */
    DemoUnit(RaftMember member, int servicePort, Path folder, Path script, Path rollLog) {
        this.member = member;
        this.servicePort = servicePort;
        this.folder = folder;
        this.script = script;
        this.rollLog = rollLog;
    }

    UnitName name() {
        return member.unit();
    }

    int servicePort() {
        return servicePort;
    }

    Path socket() {
        return folder.resolve("data/control/agent.sock");
    }

    Path agentLog() {
        return folder.resolve("agent.log");
    }

    /**
     * Writes the agent's configuration.
     *
     * @param etcd the section about etcd, empty if there is none
     * @param upgradable whether the service can be upgraded; it has release 1.0 at first
     */
    void writeConfiguration(List<RaftMember> members, String etcd, boolean upgradable) throws IOException {
        StringBuilder yaml = new StringBuilder("unit: " + name() + "\ndata-directory: data\nmembers:\n");
        for (RaftMember other : members) {
            yaml.append("  - {unit: ")
                    .append(other.unit())
                    .append(", address: \"")
                    .append(other.host())
                    .append(':')
                    .append(other.port())
                    .append("\"}\n");
        }
        yaml.append("identity: {certificate: unit.pem, key: unit.key, authority: authority.pem}\n");
        yaml.append(etcd);
        yaml.append("callbacks:\n  restart:\n    command: [sh, \"")
                .append(script)
                .append("\", restart]\n");
        yaml.append("    timeout: 1m\n    environment:\n");
        appendEnvironment(yaml, "      ");
        Files.createDirectories(folder.resolve("service"));
        if (upgradable) {
            yaml.append("upgrade:\n  version-file: service/VERSION\n");
            yaml.append("  command: [sh, \"").append(script).append("\", upgrade]\n");
            yaml.append("  health-check: [sh, \"").append(script).append("\", health]\n");
            yaml.append("  timeout: 1m\n  look-every: 1s\n  environment:\n");
            appendEnvironment(yaml, "    ");
            Files.writeString(folder.resolve("service/VERSION"), "1.0\n");
        }
        Files.writeString(folder.resolve("agent.yaml"), yaml.toString());
    }

    private void appendEnvironment(StringBuilder yaml, String indentation) {
        serviceEnvironment()
                .forEach((key, value) -> yaml.append(indentation)
                        .append(key)
                        .append(": '")
                        .append(value.replace("'", "''"))
                        .append("'\n"));
    }

    /** Gives the service what that release needs to run. */
    void writeSettings(String release) throws IOException {
        Files.writeString(folder.resolve("service/settings-" + release), "");
    }

    void startAgent() throws IOException {
        List<String> command = JavaProgram.command(
                "64m", "agent", "--config", folder.resolve("agent.yaml").toString());
        agent = java.util.Optional.of(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(agentLog().toFile()))
                .start());
    }

    /** Starts the service, and returns without waiting for it. */
    Process beginService() throws IOException {
        return script("start");
    }

    private Process script(String what) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("sh", script.toString(), what);
        builder.environment().putAll(serviceEnvironment());
        return builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private Map<String, String> serviceEnvironment() {
        Map<String, String> environment = new TreeMap<>();
        environment.put(
                "DEMO_JAVA",
                JavaProgram.command("32m").stream()
                        .map(word -> "'" + word.replace("'", "'\\''") + "'")
                        .collect(Collectors.joining(" ")));
        environment.put("DEMO_PORT", Integer.toString(servicePort));
        environment.put("DEMO_FOLDER", folder.resolve("service").toString());
        environment.put("DEMO_LOG", rollLog.toString());
        return environment;
    }

    boolean isAgentAlive() {
        return agent.filter(Process::isAlive).isPresent();
    }

    /** Asks the agent to end, without waiting. */
    void terminateAgent() {
        agent.ifPresent(Process::destroy);
    }

    /** Ends agent and service, whatever state they are in. */
    void stop() throws IOException, InterruptedException {
        if (agent.isPresent()) {
            agent.get().destroy();
            if (!agent.get().waitFor(AGENT_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                agent.get().destroyForcibly().waitFor();
            }
        }
        if (Files.isDirectory(folder.resolve("service"))) {
            script("stop").waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }
}
