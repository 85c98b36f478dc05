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
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradePause;
import io.rollingops.upgrade.UpgradeRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** One application of the demo: its units, each with an agent and a service, and the operator's key. */
final class DemoApplication {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration ROLL_LIMIT = Duration.ofMinutes(2);

    private final String name;
    private final Path folder;
    private final List<DemoUnit> units;
    private final Consumer<String> tell;
    /** What was told last of each unit's upgrade, so that an old failure is not told again as if it were new. */
    private final Map<String, String> toldOfUpgrade = new HashMap<>();

    private DemoApplication(String name, Path folder, List<DemoUnit> units, Consumer<String> tell) {
        this.name = name;
        this.folder = folder;
        this.units = units;
        this.tell = tell;
    }

    /**
     * Makes keys, certificates and configurations. Nothing runs yet.
     *
     * @param etcd the section about etcd of the configurations, empty if there is none
     * @param upgradable whether the services can be upgraded
     * @param tell where to tell what happens
     */
    static DemoApplication prepare(
            Path parent,
            String name,
            int count,
            Path script,
            Path rollLog,
            String etcd,
            boolean upgradable,
            Consumer<String> tell)
            throws IOException {
        Path folder = parent.resolve(name);
        ApplicationFiles files =
                ApplicationFiles.create(folder, name, InstantSource.system().instant());
        files.writeOperator("operator", InstantSource.system().instant());
        List<Integer> ports = Ports.free(2 * count);
        List<RaftMember> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add(new RaftMember(new UnitName(name, i), "127.0.0.1", ports.get(i), true));
        }
        List<DemoUnit> units = new ArrayList<>();
        for (RaftMember member : members) {
            Path own = files.writeUnit(
                    member.unit(),
                    List.of(member.host()),
                    InstantSource.system().instant());
            DemoUnit unit =
                    new DemoUnit(member, ports.get(count + units.size()), own.toAbsolutePath(), script, rollLog);
            unit.writeConfiguration(members, etcd, upgradable);
            units.add(unit);
        }
        return new DemoApplication(name, folder, List.copyOf(units), tell);
    }

    String name() {
        return name;
    }

    List<DemoUnit> units() {
        return units;
    }

    /** Starts agents and services, without waiting; the processes end when the services are up. */
    List<Process> begin() throws IOException {
        List<Process> starting = new ArrayList<>();
        for (DemoUnit unit : units) {
            unit.startAgent();
            starting.add(unit.beginService());
        }
        return starting;
    }

    /** Waits until every agent has joined and its lease is open, and the group has a leader. */
    Json.Obj awaitAgents() throws InterruptedException {
        return await(report ->
                units(report).stream().filter(unit -> unit.bool("online")).count() == units.size()
                        && report.object("group").find("leader").isPresent());
    }

    /** Waits until every unit is processed by etcd. */
    void awaitEtcd() throws InterruptedException {
        for (DemoUnit unit : units) {
            String self = unit.name().toString();
            await(report -> units(report).stream()
                    .anyMatch(other -> other.string("unit").equals(self)
                            && other.string("backend").equals("etcd")));
        }
    }

    private Json.Obj await(Predicate<Json.Obj> wanted) throws InterruptedException {
        long endNanos = System.nanoTime() + START_LIMIT.toNanos();
        while (System.nanoTime() < endNanos) {
            for (DemoUnit unit : units) {
                if (!unit.isAgentAlive()) {
                    throw new RollingOpsException.Unavailable(
                            "the agent of " + unit.name() + " has ended; its log: " + unit.agentLog());
                }
            }
            try (ControlClient client = connect()) {
                client.send(Json.object().put("do", "watch").build());
                while (System.nanoTime() < endNanos) {
                    Json.Obj report = client.receive();
                    if (wanted.test(report)) {
                        return report;
                    }
                }
            } catch (ControlClient.NoAgent e) {
                TimeUnit.MILLISECONDS.sleep(50); // its socket is not there yet
            }
        }
        throw new RollingOpsException.Unavailable("the agents of " + name + " did not come so far within "
                + Durations.text(START_LIMIT) + "; see their logs in " + folder);
    }

    /** Asks every unit for a restart. */
    void request() {
        Set<UnitName> names = units.stream().map(DemoUnit::name).collect(Collectors.toCollection(TreeSet::new));
        try (ControlClient client = connect()) {
            OperatorClient.open(folder.resolve("operator"), InstantSource.system())
                    .send(client, new PeerCommand.RequestFor(names, "restart", Json.Obj.EMPTY, OptionalInt.of(0)));
        }
    }

    /**
     * Tells every turn as it comes, until all units have had so many.
     *
     * @param onTurn called after each turn
     */
    void follow(int turns, Runnable onTurn) {
        long endNanos = System.nanoTime() + ROLL_LIMIT.toNanos();
        Map<String, String> told = new HashMap<>();
        try (ControlClient client = connect()) {
            client.send(Json.object().put("do", "watch").build());
            boolean done = false;
            while (!done) {
                Json.Obj report = client.receive();
                done = true;
                for (Json.Obj unit : units(report)) {
                    String state = state(unit, turns);
                    if (!state.equals(told.put(unit.string("unit"), state)) && !state.equals("waiting")) {
                        tell.accept(unit.string("unit") + "  " + state);
                        if (state.startsWith("done")) {
                            onTurn.run();
                        }
                    }
                    done &= unit.array("queue").isEmpty()
                            && unit.array("outcomes").size() >= turns;
                }
                if (System.nanoTime() > endNanos) {
                    throw new RollingOpsException.Indeterminate("the roll did not end within "
                            + Durations.text(ROLL_LIMIT) + "; see the logs in " + folder + " (demo --keep keeps them)");
                }
            }
        }
    }

    /** Waits until every agent has said which release it has. */
    void awaitReleases() {
        followUpgrade(
                report -> units(report).stream()
                        .allMatch(unit -> unit.find("installed").isPresent()),
                what -> {});
    }

    /** The order in which the units would be upgraded. */
    List<DemoUnit> upgradeOrder(String release) {
        try (ControlClient client = connect()) {
            Json.Obj answer = client.call(Json.object()
                    .put("do", "upgrade-rehearse")
                    .put("request", new UpgradeRequest("rehearsal", start(release)).write())
                    .put("ask", true)
                    .build());
            String message = answer.string("message");
            tell.accept("  " + message);
            return units.stream()
                    .sorted(Comparator.comparingInt(
                            unit -> message.indexOf(unit.name().toString())))
                    .toList();
        }
    }

    static UpgradeCommand.Check start(String release) {
        return new UpgradeCommand.Check(Optional.of(new Release(release)), new UpgradePause.Never(), Optional.empty());
    }

    /** Orders something of an upgrade, as an operator does. */
    void order(UpgradeCommand command) {
        UpgradeRequest request = new UpgradeRequest(UUID.randomUUID().toString(), command);
        try (ControlClient client = connect()) {
            OperatorClient.open(folder.resolve("operator"), InstantSource.system())
                    .send(client, new PeerCommand.WriteOrder(Map.of(), Map.of(UpgradeRequest.KEY, request.write())));
            Json.Obj answer = client.call(Json.object()
                    .put("do", "upgrade-answer")
                    .put("id", request.id())
                    .put("timeout_ms", START_LIMIT.toMillis())
                    .build());
            if (answer.find("message").isEmpty() || answer.find("remedy").isPresent()) {
                throw new RollingOpsException.Refused("the order was not carried out: " + answer);
            }
            tell.accept("  " + answer.string("message"));
        }
    }

    /** Tells how the upgrade goes, until it is so far; the last report. */
    Json.Obj followUpgrade(Predicate<Json.Obj> wanted) {
        return followUpgrade(wanted, tell);
    }

    private Json.Obj followUpgrade(Predicate<Json.Obj> wanted, Consumer<String> to) {
        long endNanos = System.nanoTime() + ROLL_LIMIT.toNanos();
        try (ControlClient changes = connect();
                ControlClient client = connect()) {
            changes.send(Json.object().put("do", "watch").build());
            while (System.nanoTime() < endNanos) {
                changes.receive();
                Json.Obj report =
                        client.call(Json.object().put("do", "upgrade-status").build());
                for (Json.Obj unit : units(report)) {
                    String state = upgradeState(unit);
                    if (!state.equals(toldOfUpgrade.put(unit.string("unit"), state)) && !state.startsWith("idle")) {
                        to.accept(unit.string("unit") + "  " + state);
                    }
                }
                if (wanted.test(report)) {
                    return report;
                }
            }
        }
        throw new RollingOpsException.Indeterminate("the upgrade did not come so far within "
                + Durations.text(ROLL_LIMIT) + "; see the logs in " + folder + " (demo --keep keeps them)");
    }

    private static String upgradeState(Json.Obj unit) {
        String state = unit.string("state");
        return unit.find("problem").isPresent()
                ? state + ": " + unit.object("problem").string("message") + " ("
                        + unit.object("problem").string("cause") + ")"
                : state;
    }

    private ControlClient connect() {
        return ControlClient.connect(units.get(0).socket());
    }

    private static List<Json.Obj> units(Json.Obj report) {
        return report.array("units").stream().map(unit -> (Json.Obj) unit).toList();
    }

    private static String state(Json.Obj unit, int turns) {
        List<Json> outcomes = unit.array("outcomes");
        if (unit.array("queue").isEmpty() && outcomes.size() >= turns) {
            Json.Obj last = (Json.Obj) outcomes.get(outcomes.size() - 1);
            String note = last.string("note");
            return "done: " + last.string("outcome") + (note.isEmpty() ? "" : " (" + note + ")");
        }
        return unit.string("state").equals("running")
                ? "restarting its service" + (unit.string("backend").equals("etcd") ? " under the lock in etcd" : "")
                : "waiting";
    }
}
