// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.ApplicationFiles;
import io.rollingops.agent.config.Durations;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.agent.control.OperatorClient;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.raft.RaftMember;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Three agents and three services as real processes on this machine, one rolling restart, and what it looked like from
 * outside. Everything lives in a folder of its own and is ended and removed by {@link #close}, also on Ctrl-C.
 */
public final class Demo implements AutoCloseable {
    private static final int UNITS = 3;
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration ROLL_LIMIT = Duration.ofMinutes(2);
    private static final Duration AFTERWARDS = Duration.ofMillis(300);

    private final PrintWriter out;
    private final Path folder;
    private final boolean keep;
    private final List<DemoUnit> units;
    private final Path rollLog;
    private final long beginNanos = System.nanoTime();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread onExit;

    private Demo(PrintWriter out, Path folder, boolean keep, List<DemoUnit> units, Path rollLog) {
        this.out = out;
        this.folder = folder;
        this.keep = keep;
        this.units = units;
        this.rollLog = rollLog;
        this.onExit = new Thread(this::cleanUp, "demo-clean-up");
        Runtime.getRuntime().addShutdownHook(onExit);
    }

    /** Makes the folder with keys, certificates and configurations. Nothing runs yet. */
    public static Demo prepare(PrintWriter out, boolean keep) throws IOException {
        Path folder = Files.createTempDirectory("rollingops-demo-");
        Path script = folder.resolve("service.sh");
        try (InputStream in = Demo.class.getResourceAsStream("service.sh")) {
            Files.write(script, Objects.requireNonNull(in, "service.sh").readAllBytes());
        }
        Path rollLog = folder.resolve("roll.log");
        ApplicationFiles files = ApplicationFiles.create(
                folder.resolve("web"), "web", InstantSource.system().instant());
        files.writeOperator("operator", InstantSource.system().instant());
        List<Integer> ports = freePorts(2 * UNITS);
        List<RaftMember> members = new ArrayList<>();
        for (int i = 0; i < UNITS; i++) {
            members.add(new RaftMember(new UnitName("web", i), "127.0.0.1", ports.get(i), true));
        }
        List<DemoUnit> units = new ArrayList<>();
        for (RaftMember member : members) {
            Path own = files.writeUnit(
                    member.unit(),
                    List.of(member.host()),
                    InstantSource.system().instant());
            DemoUnit unit =
                    new DemoUnit(member, ports.get(UNITS + units.size()), own.toAbsolutePath(), script, rollLog);
            unit.writeConfiguration(members);
            units.add(unit);
        }
        return new Demo(out, folder, keep, units, rollLog);
    }

    /** Rolls once, and tells whether it was as it must be. */
    public boolean roll() throws IOException, InterruptedException {
        out.println("Three agents, web/0 to web/2: each a process with its own data, and a member of one Raft group.");
        out.println("Each looks after a small web service. Nothing else is needed. Files: " + folder);
        out.println();
        start();
        List<Prober> probers = new ArrayList<>();
        units.forEach(unit -> probers.add(new Prober(unit.name(), unit.servicePort())));
        Map<UnitName, String> before = instances(probers);
        try (ControlClient client = ControlClient.connect(units.get(0).socket())) {
            tell("asking for a restart of every unit: rollingops request restart --all");
            OperatorClient.open(folder.resolve("web/operator"), InstantSource.system())
                    .send(client, new PeerCommand.RequestFor(names(), "restart", Json.Obj.EMPTY, OptionalInt.of(0)));
            follow(client);
        }
        TimeUnit.MILLISECONDS.sleep(AFTERWARDS.toMillis()); // so that the last service is seen to answer again
        Map<UnitName, String> after = instances(probers);
        for (Prober prober : probers) {
            prober.stop();
        }
        return summary(new Measured(RollLog.read(rollLog), probers, before, after));
    }

    private void start() throws IOException, InterruptedException {
        tell("starting three services and three agents");
        List<Process> starting = new ArrayList<>();
        for (DemoUnit unit : units) {
            unit.startAgent();
            starting.add(unit.beginService());
        }
        for (Process service : starting) {
            if (!service.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS) || service.exitValue() != 0) {
                throw new RollingOpsException.Unavailable("a service of the demo did not start; see " + folder);
            }
        }
        Json.Obj report = awaitAgents();
        tell("all agents are up, " + report.object("group").string("leader") + " leads the group");
    }

    /** Waits until every agent has joined and its lease is open. */
    private Json.Obj awaitAgents() throws InterruptedException {
        long endNanos = System.nanoTime() + START_LIMIT.toNanos();
        while (System.nanoTime() < endNanos) {
            for (DemoUnit unit : units) {
                if (!unit.isAgentAlive()) {
                    throw new RollingOpsException.Unavailable(
                            "the agent of " + unit.name() + " has ended; its log: " + unit.agentLog());
                }
            }
            try (ControlClient client = ControlClient.connect(units.get(0).socket())) {
                client.send(Json.object().put("do", "watch").build());
                while (true) {
                    Json.Obj report = client.receive();
                    long online = report.array("units").stream()
                            .filter(unit -> ((Json.Obj) unit).bool("online"))
                            .count();
                    if (online == UNITS && report.object("group").find("leader").isPresent()) {
                        return report;
                    }
                }
            } catch (ControlClient.NoAgent e) {
                TimeUnit.MILLISECONDS.sleep(50); // its socket is not there yet
            }
        }
        throw new RollingOpsException.Unavailable("the agents did not find together; see their logs in " + folder);
    }

    /** Tells every turn as it comes, until all units have had theirs. */
    private void follow(ControlClient client) throws IOException {
        long endNanos = System.nanoTime() + ROLL_LIMIT.toNanos();
        Map<String, String> told = new HashMap<>();
        client.send(Json.object().put("do", "watch").build());
        boolean done = false;
        while (!done) {
            Json.Obj report = client.receive();
            done = true;
            for (Json item : report.array("units")) {
                Json.Obj unit = (Json.Obj) item;
                String state = state(unit);
                if (!state.equals(told.put(unit.string("unit"), state)) && !state.equals("waiting")) {
                    tell(unit.string("unit") + "  " + state);
                }
                done &= unit.array("queue").isEmpty() && !unit.array("outcomes").isEmpty();
            }
            if (System.nanoTime() > endNanos) {
                throw new RollingOpsException.Indeterminate("the roll did not end within " + Durations.text(ROLL_LIMIT)
                        + "; see the logs in " + folder + " (demo --keep keeps them)");
            }
        }
    }

    private static String state(Json.Obj unit) {
        List<Json> outcomes = unit.array("outcomes");
        if (unit.array("queue").isEmpty() && !outcomes.isEmpty()) {
            Json.Obj last = (Json.Obj) outcomes.get(outcomes.size() - 1);
            String note = last.string("note");
            return "done: " + last.string("outcome") + (note.isEmpty() ? "" : " (" + note + ")");
        }
        return unit.string("state").equals("running") ? "restarting its service" : "waiting";
    }

    private boolean summary(Measured measured) {
        out.println();
        out.println("Measured from outside, " + measured.probes() + " probes:");
        RollLog log = measured.log();
        out.println(
                "  order        " + log.turns().stream().map(RollLog.Turn::unit).collect(Collectors.joining(", ")));
        measured.outages()
                .forEach(outage ->
                        out.println("  down         " + outage.unit() + "  " + Durations.text(outage.length())));
        for (int i = 1; i < log.turns().size(); i++) {
            out.println("  hand-over    " + log.turns().get(i - 1).unit() + " to "
                    + log.turns().get(i).unit() + "  " + Durations.text(log.handOver(i)));
        }
        out.println("  down at once "
                + (measured.mostDownAtOnce() <= 1
                        ? "never more than one of "
                        : "UP TO " + measured.mostDownAtOnce() + " of ")
                + UNITS);
        List<String> problems = measured.problems();
        problems.forEach(problem -> out.println("  PROBLEM      " + problem));
        out.println();
        out.println(
                problems.isEmpty() ? "Good: one after the other, all of them, and nobody twice." : "That was wrong.");
        out.flush();
        return problems.isEmpty();
    }

    private Set<UnitName> names() {
        return units.stream().map(DemoUnit::name).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Map<UnitName, String> instances(List<Prober> probers) throws InterruptedException {
        Map<UnitName, String> instances = new HashMap<>();
        for (Prober prober : probers) {
            instances.put(prober.unit(), prober.awaitInstance(START_LIMIT));
        }
        return instances;
    }

    private void tell(String what) {
        double seconds = (System.nanoTime() - beginNanos) / 1e9;
        out.println(String.format(java.util.Locale.ROOT, "%6.2f s  %s", seconds, what));
        out.flush();
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                sockets.add(socket);
                ports.add(socket.getLocalPort());
            }
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
        return ports;
    }

    @Override
    public void close() {
        cleanUp();
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook did it.
        }
    }

    private void cleanUp() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        units.forEach(DemoUnit::terminateAgent);
        for (DemoUnit unit : units) {
            try {
                unit.stop();
            } catch (IOException e) {
                out.println("could not end " + unit.name() + ": " + e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (keep) {
            out.println("Kept " + folder);
        } else {
            delete();
        }
        out.flush();
    }

    private void delete() {
        try (Stream<Path> inside = Files.walk(folder)) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            out.println("could not remove " + folder + ": " + e);
        }
    }
}
