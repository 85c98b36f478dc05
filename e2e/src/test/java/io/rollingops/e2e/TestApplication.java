// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.OperationId;
import io.rollingops.UnitName;
import io.rollingops.agent.config.ApplicationFiles;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.agent.control.OperatorClient;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.testkit.net.ReservedPort;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * Three agents of the application {@code web} as processes on loopback, with mutual TLS. Two callbacks: {@code work}, and
 * {@code held}, which keeps its slot; both run {@code work.sh}. For one thread.
 */
final class TestApplication implements AutoCloseable {
    static final int UNITS = 3;
    /** How long a test waits for what must happen, on a machine that is slow. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path folder;
    private final String name;
    private final CallbackLog log;
    private final List<ReservedPort> ports = new ArrayList<>();
    private final List<AgentProcess> agents = new ArrayList<>();
    private final List<Map.Entry<String, String>> acknowledged = new ArrayList<>();
    private final List<Cli> commands = new ArrayList<>();
    private long acknowledgedRevision;

    private TestApplication(Path folder, String name) {
        this.folder = folder;
        this.name = name;
        this.log = new CallbackLog(folder.resolve("callbacks.log"));
    }

    /** Starts three agents whose leases live that long, and returns when all of them can be granted something. */
    static TestApplication start(Path folder, Duration lease) throws IOException, InterruptedException {
        return start(folder, "web", UNITS, lease, number -> "");
    }

    /** The same, with release 1.0 of a workload that {@code upgrade.sh} replaces; its files are in {@code state-NUMBER}. */
    static TestApplication startUpgradable(Path folder, Duration lease) throws IOException, InterruptedException {
        Path script = folder.resolve("upgrade.sh");
        try (InputStream in = TestApplication.class.getResourceAsStream("upgrade.sh")) {
            Files.write(script, Objects.requireNonNull(in, "upgrade.sh").readAllBytes());
        }
        for (int i = 0; i < UNITS; i++) {
            Path state = Files.createDirectory(folder.resolve("state-" + i));
            Files.writeString(state.resolve("VERSION"), "1.0\n");
        }
        return start(folder, "web", UNITS, lease, number -> """
                upgrade:
                  version-file: %2$s/state-%3$d/VERSION
                  check: [sh, %1$s, check]
                  command: [sh, %1$s, upgrade]
                  health-check: [sh, %1$s, health]
                  instructions: see the runbook
                  timeout: 1m
                  look-every: 1s
                  environment: {E2E_LOG: %2$s/callbacks.log, E2E_STATE: %2$s/state-%3$d, E2E_SHARED: %2$s}
                """.formatted(script, folder, number));
    }

    /**
     * The same with another name, fewer units and more settings. Applications in one folder write to one log.
     *
     * @param more by the number of a unit, what to add to its configuration
     */
    static TestApplication start(Path folder, String name, int units, Duration lease, IntFunction<String> more)
            throws IOException, InterruptedException {
        return start(folder, name, units, lease, Duration.ofMillis(500), more);
    }

    /**
     * The same, with the time that callbacks have to stop.
     *
     * @param stopWithin half of it passes between SIGTERM and SIGKILL
     */
    static TestApplication start(
            Path folder, String name, int units, Duration lease, Duration stopWithin, IntFunction<String> more)
            throws IOException, InterruptedException {
        Program.complete();
        TestApplication application = new TestApplication(folder, name);
        try {
            application.prepare(units, lease, stopWithin, more);
            for (AgentProcess agent : application.agents) {
                agent.start();
            }
            application.awaitOnline(units);
            return application;
        } catch (IOException | RuntimeException | Error e) {
            application.close();
            throw e;
        }
    }

    private void prepare(int units, Duration lease, Duration stopWithin, IntFunction<String> more) throws IOException {
        Path script = folder.resolve("work.sh");
        try (InputStream in = TestApplication.class.getResourceAsStream("work.sh")) {
            Files.write(script, Objects.requireNonNull(in, "work.sh").readAllBytes());
        }
        ApplicationFiles files = ApplicationFiles.create(
                folder.resolve(name), name, InstantSource.system().instant());
        files.writeOperator("operator", InstantSource.system().instant());
        StringBuilder members = new StringBuilder();
        int number = 0;
        while (number < units) {
            ReservedPort port = ReservedPort.take();
            ports.add(port);
            members.append("  - {unit: %s/%d, address: '127.0.0.1:%d'}\n".formatted(name, number++, port.number()));
        }
        for (int i = 0; i < units; i++) {
            UnitName unit = new UnitName(name, i);
            Path own = files.writeUnit(
                    unit, List.of("127.0.0.1"), InstantSource.system().instant());
            Files.writeString(own.resolve("agent.yaml"), """
                    unit: %s
                    data-directory: data
                    members:
                    %sidentity: {certificate: unit.pem, key: unit.key, authority: authority.pem}
                    tls: {certificate: tls.pem, key: tls.key, authority: authority.pem}
                    lease: %dms
                    stop-within: %dms
                    check-every: 100ms
                    retry-pause: {first: 100ms, longest: 1s}
                    callbacks:
                      work: {command: [sh, %s], timeout: 2m, environment: {E2E_LOG: %s}}
                      held: {command: [sh, %s], timeout: 2m, hold: true, environment: {E2E_LOG: %s}}
                    %s""".formatted(
                            unit,
                            members,
                            lease.toMillis(),
                            stopWithin.toMillis(),
                            script,
                            log.file(),
                            script,
                            log.file(),
                            more.apply(i)));
            agents.add(new AgentProcess(unit, own));
        }
    }

    AgentProcess agent(int number) {
        return agents.get(number);
    }

    /** The agent whose member leads the group now, as the others see it. */
    AgentProcess leader() {
        Json.Obj status =
                awaitStatus(seen -> seen.object("group").find("leader").isPresent());
        return agent(UnitName.parse(status.object("group").string("leader")).number());
    }

    CallbackLog log() {
        return log;
    }

    /** A file of the test; for gates. */
    Path file(String name) {
        return folder.resolve(name);
    }

    /** Opens a gate that callbacks wait for. */
    void open(Path gate) throws IOException {
        Files.writeString(gate, "");
    }

    /** Queues an operation for those units in one step, as the operator, and remembers that it must not be lost. */
    void request(String callback, Map<String, ?> arguments, int... units) {
        Set<UnitName> names = new TreeSet<>();
        Arrays.stream(units).forEach(number -> names.add(new UnitName(name, number)));
        PeerReply reply = ask(client -> {
            PeerReply queued = OperatorClient.open(folder.resolve(name).resolve("operator"), InstantSource.system())
                    .send(
                            client,
                            new PeerCommand.RequestFor(names, callback, Json.ofMap(arguments), OptionalInt.empty()));
            acknowledgedRevision = status(client).integer("revision");
            return queued;
        });
        ((PeerReply.Queued) reply)
                .operations()
                .forEach((UnitName unit, OperationId operation) ->
                        acknowledged.add(Map.entry(unit.toString(), operation.value())));
    }

    /** What an agent that answers says of the whole. */
    Json.Obj status() {
        return ask(TestApplication::status);
    }

    private static Json.Obj status(ControlClient client) {
        return client.call(Json.object().put("do", "status").build());
    }

    /** What an agent that answers says of the upgrade. */
    Json.Obj upgrade() {
        return ask(
                client -> client.call(Json.object().put("do", "upgrade-status").build()));
    }

    Json.Obj awaitUpgrade(Predicate<Json.Obj> wanted) {
        return await().atMost(PATIENCE).ignoreExceptions().until(this::upgrade, wanted);
    }

    Json.Obj awaitStatus(Predicate<Json.Obj> wanted) {
        return await().atMost(PATIENCE).ignoreExceptions().until(this::status, wanted);
    }

    void awaitOnline(int units) {
        awaitStatus(seen -> seen.object("group").find("leader").isPresent()
                && units(seen).stream().filter(unit -> unit.bool("online")).count() == units);
    }

    /** Waits until all units are processed by that backend. */
    void awaitBackend(String backend) {
        awaitStatus(seen ->
                units(seen).stream().allMatch(unit -> unit.string("backend").equals(backend)));
    }

    /** Waits until nothing is queued anywhere; an agent that has just started may not have seen all requests yet. */
    Json.Obj awaitQuiet() {
        return awaitStatus(seen -> seen.integer("revision") >= acknowledgedRevision
                && units(seen).stream().allMatch(unit -> unit.array("queue").isEmpty()));
    }

    void awaitBegun(String unit) {
        awaitThat(() -> log.hasBegun(unit));
    }

    void awaitThat(Callable<Boolean> condition) {
        await().atMost(PATIENCE).until(condition);
    }

    static List<Json.Obj> units(Json.Obj status) {
        return status.array("units").stream().map(item -> (Json.Obj) item).toList();
    }

    /** Waits until all is done, and judges the whole history. */
    List<String> violations() throws IOException {
        Json.Obj status = awaitQuiet();
        return History.violations(name, log.lines(), status, acknowledged);
    }

    void assertHistoryIsClean() throws IOException {
        assertThat(violations())
                .as("the history: %s", log.select(line -> !line.what().equals("lives")))
                .isEmpty();
    }

    /** Begins to run the command line against one agent, with the operator's key. */
    Cli begin(int agent, String... arguments) throws IOException {
        return begin(agent, Map.of(), arguments);
    }

    Cli begin(int agent, Map<String, String> environment, String... arguments) throws IOException {
        Map<String, String> all = new HashMap<>();
        all.put("ROLLINGOPS_SOCKET", agents.get(agent).socket().toString());
        all.put("ROLLINGOPS_OPERATOR", folder.resolve(name).resolve("operator").toString());
        all.putAll(environment);
        Cli command = Cli.start(folder, all, Program.command(arguments));
        commands.add(command);
        return command;
    }

    private <T> T ask(Function<ControlClient, T> question) {
        for (AgentProcess agent : agents) {
            if (agent.isAwake() && Files.exists(agent.socket())) {
                try (ControlClient client = ControlClient.connect(agent.socket())) {
                    return question.apply(client);
                } catch (ControlClient.NoAgent e) {
                    // It has not opened its socket yet, or is going: ask another.
                }
            }
        }
        throw new IllegalStateException("no agent answers");
    }

    @Override
    public void close() {
        commands.forEach(Cli::kill);
        agents.forEach(AgentProcess::kill);
        ports.forEach(ReservedPort::close);
    }
}
