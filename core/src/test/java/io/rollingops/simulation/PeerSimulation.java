// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerState;
import io.rollingops.testing.Agenda;
import io.rollingops.testing.HistoryChecker;
import io.rollingops.testing.HistoryEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * One run: two to six units on one store, a time of faults, then quiet. After every event of the history all invariants
 * are judged; at the end every request must have got its answer.
 */
final class PeerSimulation {
    private static final String APPLICATION = "app";
    private static final long MILLI = 1_000_000;
    private static final long TROUBLED = 40_000 * MILLI;
    private static final long QUIET_MAX = 400_000 * MILLI;
    private static final int STEPS_MAX = 200_000;

    private final long seed;
    private final Agenda agenda;
    private final SimulatedStore store;
    private final Optional<SimulatedEtcd> etcd;
    private final SimulatedUnit.Settings settings;
    private final List<SimulatedUnit> units = new ArrayList<>();
    private final HistoryChecker checker = new HistoryChecker();
    private final List<HistoryEvent> history = new ArrayList<>();
    private int steps;
    private int nextNumber;

    /**
     * What became of a run.
     *
     * @param seed which
     * @param violations what was found, nothing when all is well
     * @param history all events, in order
     * @param diary what happened behind them, when one seed is replayed
     */
    record Result(long seed, List<String> violations, List<HistoryEvent> history, List<String> diary) {
        boolean isClean() {
            return violations.isEmpty();
        }

        @Override
        public String toString() {
            return "seed " + seed + ": " + violations;
        }

        /** The end of the story, for a person, without what every living unit does all the time. */
        String story() {
            List<String> lines = diary.isEmpty()
                    ? history.stream().map(HistoryEvent::write).toList()
                    : diary.stream()
                            .filter(line -> !line.contains("KeepAlive["))
                            .toList();
            int from = Math.max(0, lines.size() - (diary.isEmpty() ? 60 : 200));
            return this + "\n" + String.join("\n", lines.subList(from, lines.size())) + "\n";
        }
    }

    private PeerSimulation(
            long seed, boolean longPauses, boolean holding, boolean withEtcd, Bug bug, boolean keepsDiary) {
        this.seed = seed;
        this.agenda = new Agenda(seed, keepsDiary);
        LeaseTerms terms = new LeaseTerms(Duration.ofSeconds(6), Duration.ofSeconds(1), Duration.ofMillis(250));
        boolean rough = agenda.chance(0.3);
        // shorter than the lease in the store, or longer: neither may hide that nobody looks at the other
        Duration etcdTtl = Duration.ofSeconds(agenda.chance(0.5) ? 3 : 9);
        LeaseTerms etcdTerms = new LeaseTerms(etcdTtl, Duration.ofSeconds(1), Duration.ofMillis(250));
        this.etcd = withEtcd
                ? Optional.of(new SimulatedEtcd(agenda, etcdTerms.ttl().toNanos(), this::happened))
                : Optional.empty();
        ClusterLossPolicy onLoss = agenda.chance(0.5) ? ClusterLossPolicy.DEGRADE : ClusterLossPolicy.BLOCK;
        this.settings = new SimulatedUnit.Settings(terms, holding, longPauses, rough, etcdTerms, onLoss, bug);
        this.store = new SimulatedStore(
                APPLICATION, agenda, bug, this::happened, snapshot -> units.forEach(unit -> unit.replicated(snapshot)));
    }

    /** Faults as the guarantees allow them, callbacks with and without {@code hold}. */
    static Result run(long seed, boolean withEtcd) {
        return run(seed, withEtcd, Bug.NONE);
    }

    static Result run(long seed, boolean withEtcd, Bug bug) {
        return new PeerSimulation(seed, false, holding(seed, bug), withEtcd, bug, false).run();
    }

    /** The same run once more, with a diary. */
    static Result replay(long seed, boolean withEtcd) {
        return new PeerSimulation(seed, false, holding(seed, Bug.NONE), withEtcd, Bug.NONE, true).run();
    }

    /** A process may also be paused for longer than its lease lives while its callback runs. */
    static Result runWithLongPauses(long seed, boolean holding) {
        return new PeerSimulation(seed, true, holding, false, Bug.NONE, false).run();
    }

    static Result replayWithLongPauses(long seed, boolean holding) {
        return new PeerSimulation(seed, true, holding, false, Bug.NONE, true).run();
    }

    private static boolean holding(long seed, Bug bug) {
        return bug == Bug.HOLD_IS_FREED || Math.floorMod(seed, 4) == 3;
    }

    private Result run() {
        int count = 2 + agenda.pick(5);
        for (int i = 0; i < count; i++) {
            addUnit();
        }
        agenda.in(agenda.between(1, 200) * MILLI, this::elect);
        scheduleRequests();
        scheduleFaults();
        etcd.ifPresent(this::scheduleEtcd);
        while (checker.isClean() && agenda.step(TROUBLED)) {
            limitSteps();
        }
        heal();
        while (checker.isClean() && !isDone() && agenda.step(TROUBLED + QUIET_MAX)) {
            limitSteps();
        }
        if (checker.isClean()) {
            checker.acceptQuietEnd();
        }
        return new Result(seed, checker.violations(), history, agenda.diary());
    }

    private void limitSteps() {
        if (++steps > STEPS_MAX) {
            throw new AssertionError("seed " + seed + " does not come to rest in " + STEPS_MAX + " steps");
        }
    }

    private void happened(HistoryEvent event) {
        agenda.note(event::write);
        history.add(event);
        checker.accept(event);
    }

    private void addUnit() {
        SimulatedUnit unit = new SimulatedUnit(
                new UnitName(APPLICATION, nextNumber++), agenda, store, etcd, settings, this::happened);
        units.add(unit);
        agenda.in(agenda.between(0, 300) * MILLI, unit::start);
    }

    private void elect() {
        List<SimulatedUnit> candidates =
                units.stream().filter(unit -> unit.isUp() && !unit.isGone()).toList();
        if (candidates.isEmpty()) {
            agenda.in(200 * MILLI, this::elect);
            return;
        }
        SimulatedUnit leader = candidates.get(agenda.pick(candidates.size()));
        store.elect(leader.name(), leader.clockRate());
    }

    private void loseLeader() {
        store.loseLeader();
        agenda.in(agenda.between(300, 1500) * MILLI, this::elect);
    }

    private void scheduleRequests() {
        int requests = 3 + agenda.pick(25);
        for (int i = 0; i < requests; i++) {
            agenda.in(agenda.between(300 * MILLI, TROUBLED), () -> {
                if (agenda.chance(0.2)) {
                    requestForAll();
                } else {
                    any().ifPresent(unit -> unit.request(new PeerCommand.Request(
                            agenda.chance(0.5) ? "restart" : "reload",
                            Json.object().put("n", agenda.pick(3)).build(),
                            retries())));
                }
            });
        }
    }

    private void requestForAll() {
        PeerState state = store.state();
        store.deliver(
                new Author.Operator("test"),
                new PeerCommand.RequestFor(
                        new TreeSet<>(state.members().keySet()), "restart", Json.Obj.EMPTY, retries()));
    }

    private OptionalInt retries() {
        return agenda.chance(0.3) ? OptionalInt.empty() : OptionalInt.of(agenda.pick(4));
    }

    private void scheduleFaults() {
        int faults = agenda.pick(12);
        for (int i = 0; i < faults; i++) {
            agenda.in(agenda.between(500 * MILLI, TROUBLED), this::fault);
        }
    }

    private void scheduleEtcd(SimulatedEtcd server) {
        int turns = agenda.pick(5);
        for (int i = 0; i < turns; i++) {
            agenda.in(agenda.between(500 * MILLI, TROUBLED), server::otherTurn);
        }
        int outages = agenda.pick(3);
        for (int i = 0; i < outages; i++) {
            agenda.in(agenda.between(500 * MILLI, TROUBLED), () -> {
                server.setDown(true);
                agenda.in(agenda.between(100, 20_000) * MILLI, () -> server.setDown(false));
            });
        }
        double unlucky = agenda.chance(0.3) ? 0.2 : 0;
        server.onGrant(owner -> {
            if (agenda.nowNanos() < TROUBLED && agenda.chance(unlucky)) {
                agenda.in(agenda.between(0, 20 * MILLI), () -> disturbHolder(server, owner));
            }
        });
        int cuts = agenda.pick(4);
        for (int i = 0; i < cuts; i++) {
            agenda.in(
                    agenda.between(500 * MILLI, TROUBLED),
                    () -> any().ifPresent(unit -> {
                        String owner = unit.name().toString();
                        server.cutOff(owner);
                        agenda.in(agenda.between(100, 20_000) * MILLI, () -> server.reconnect(owner));
                    }));
        }
    }

    /** The worst moment: a unit has just got the lock, and somebody else wants it. */
    private void disturbHolder(SimulatedEtcd server, String owner) {
        units.stream()
                .filter(unit -> !unit.isGone() && unit.name().toString().equals(owner))
                .forEach(unit -> {
                    server.otherTurn();
                    if (agenda.chance(0.5)) {
                        unit.pause(agenda.between(2_500, 12_000) * MILLI);
                    } else {
                        server.cutOff(owner);
                        agenda.in(agenda.between(7_000, 20_000) * MILLI, () -> server.reconnect(owner));
                    }
                });
    }

    private void fault() {
        switch (agenda.pick(10)) {
            case 0, 1 -> any().ifPresent(this::crashAndRestart);
            case 2, 3 ->
                any().ifPresent(unit -> {
                    unit.cutOff();
                    agenda.in(agenda.between(100, 15_000) * MILLI, unit::reconnect);
                });
            case 4, 5 -> any().ifPresent(unit -> unit.pause(agenda.between(50, 20_000) * MILLI));
            case 6 -> loseLeader();
            case 7 ->
                any().ifPresent(unit -> {
                    unit.stop();
                    agenda.in(agenda.between(2_000, 9_000) * MILLI, unit::start);
                });
            case 8 -> {
                if (nextNumber < 9) {
                    addUnit();
                }
            }
            default -> any().ifPresent(this::remove);
        }
    }

    private void crashAndRestart(SimulatedUnit unit) {
        boolean led = store.isLedBy(unit.name());
        unit.crash();
        if (led) {
            loseLeader();
        }
        agenda.in((agenda.chance(0.5) ? agenda.between(50, 500) : agenda.between(500, 12_000)) * MILLI, unit::start);
    }

    private void remove(SimulatedUnit unit) {
        if (units.stream().filter(other -> !other.isGone()).count() <= 2) {
            return;
        }
        boolean led = store.isLedBy(unit.name());
        unit.leaveForGood();
        if (led) {
            loseLeader();
        }
        agenda.in(agenda.between(10, 3_000) * MILLI, () -> removeFromStore(unit));
    }

    private void removeFromStore(SimulatedUnit unit) {
        PeerCommand command = new PeerCommand.Remove(unit.name());
        if (store.deliver(new Author.Operator("test"), command).isEmpty()) {
            agenda.in(500 * MILLI, () -> removeFromStore(unit));
        }
    }

    private void heal() {
        if (!store.hasLeader()) {
            agenda.in(1500 * MILLI, () -> {
                if (!store.hasLeader()) {
                    elect();
                }
            });
        }
        units.forEach(SimulatedUnit::reconnect);
        etcd.ifPresent(server -> {
            server.setDown(false);
            units.forEach(unit -> server.reconnect(unit.name().toString()));
        });
        startAll();
    }

    /** Whoever is down comes back, again and again: an orderly stop may still be on its way. */
    private void startAll() {
        units.forEach(SimulatedUnit::start);
        agenda.in(5_000 * MILLI, this::startAll);
    }

    /** Nothing is queued, nothing runs, and every unit is there. */
    private boolean isDone() {
        PeerState state = store.state();
        return agenda.nowNanos() > TROUBLED + 10_000 * MILLI
                && !state.grant().isOpen()
                && etcd.filter(SimulatedEtcd::isWantedByOther).isEmpty()
                && state.members().values().stream()
                        .allMatch(
                                member -> member.record().orElseThrow().queue().isEmpty());
    }

    private Optional<SimulatedUnit> any() {
        List<SimulatedUnit> present =
                units.stream().filter(unit -> !unit.isGone()).toList();
        return present.isEmpty() ? Optional.empty() : Optional.of(present.get(agenda.pick(present.size())));
    }
}
