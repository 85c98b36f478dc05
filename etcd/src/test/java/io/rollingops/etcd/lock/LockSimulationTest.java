// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.UnitName;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.json.Json;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.ClusterLock;
import io.rollingops.testing.Agenda;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The lock over a simulated etcd that loses answers, lets changes arrive late, is cut off from some, and over processes
 * that stand still and die, and work that goes on for as long as it may after the lock was lost. Whoever fails here prints
 * the command that runs that seed again alone, with its story.
 */
class LockSimulationTest {
    private static final long SEEDS = Long.getLong("rollingops.seeds", 5_000);
    private static final long MILLI = 1_000_000;
    private static final long TROUBLED = 60_000 * MILLI;
    private static final long QUIET = 400_000 * MILLI;
    private static final LockSettings SETTINGS = new LockSettings(
            new LeaseTerms(Duration.ofSeconds(6), Duration.ofSeconds(1), Duration.ofMillis(250)),
            Duration.ofSeconds(3),
            Duration.ofSeconds(5),
            Duration.ofSeconds(4),
            Duration.ofSeconds(60));

    @Test
    void whatever_fails_nobody_holds_it_at_once_with_another_and_everybody_gets_his_turns() {
        Optional<Long> one = Optional.ofNullable(Long.getLong("rollingops.seed"));
        LongStream seeds = one.map(LongStream::of).orElseGet(() -> LongStream.range(0, SEEDS));
        List<String> broken = seeds.parallel()
                .mapToObj(seed -> new Run(seed, guard -> false, one.isPresent()).play())
                .filter(story -> !story.isEmpty())
                .limit(3)
                .toList();
        assertThat(broken).isEmpty();
    }

    /** Without the guard of the session, a change that arrives late takes the lock for somebody who does not know. */
    @Test
    void a_change_that_arrives_late_does_harm_if_the_session_is_not_guarded() {
        Predicate<Guard> sessions = guard -> guard instanceof Guard.OnModified;
        assertThat(anyDoesHarm(3_000, sessions)).isTrue();
    }

    /** Nobody is woken but the one whose turn it is. */
    @Test
    void what_a_release_costs_does_not_grow_with_the_number_of_those_who_wait() {
        assertThat(messagesPerTurn(40)).isLessThan(1.3 * messagesPerTurn(8));
    }

    /** Before the first renewal of a lease, since those have nothing to do with releases. */
    private static double messagesPerTurn(int count) {
        Agenda agenda = new Agenda(count, false);
        SimulatedStore store = new SimulatedStore(agenda, guard -> false);
        List<Contender> contenders = new ArrayList<>();
        List<String> order = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Contender contender = new Contender(agenda, store, i, 0, LockSettings.DEFAULT, order::add);
            contenders.add(contender);
            contender.start();
            agenda.in((100 + i) * MILLI, () -> contender.wants(100));
        }
        while (agenda.step(1_000 * MILLI)) {}
        long before = contenders.stream().mapToLong(Contender::messages).sum();
        int turns = order.size();
        while (agenda.step(9_000 * MILLI)) {}
        long after = contenders.stream().mapToLong(Contender::messages).sum();
        return (after - before) / (double) (order.size() - turns);
    }

    @Test
    void who_wants_a_free_lock_from_the_beginning_has_it_with_a_lease_and_one_transaction() {
        Agenda agenda = new Agenda(1, false);
        SimulatedStore store = new SimulatedStore(agenda, guard -> false);
        Contender contender = new Contender(agenda, store, 0, 0, SETTINGS, order -> {});
        contender.wants(1);
        contender.start();
        while (!contender.holds() && agenda.step(1_000 * MILLI)) {}
        assertThat(contender.holds()).isTrue();
        assertThat(contender.messages()).isEqualTo(2);
    }

    /** Only that one looks whether the lock is free: to take it after the end of a ticket without that would split it. */
    @Test
    void to_trust_the_end_of_a_ticket_without_the_guard_of_the_free_lock_does_harm() {
        Predicate<Guard> absences = guard -> guard instanceof Guard.OnVersion version && version.version() == 0;
        assertThat(anyDoesHarm(300, absences)).isTrue();
    }

    /** Stops at the first seed that shows it. */
    private static boolean anyDoesHarm(long seeds, Predicate<Guard> ignored) {
        return LongStream.range(0, seeds)
                .parallel()
                .anyMatch(seed -> !new Run(seed, ignored, false).play().isEmpty());
    }

    @Test
    void the_lock_goes_round_in_the_order_in_which_it_was_asked_for() {
        Agenda agenda = new Agenda(1, false);
        SimulatedStore store = new SimulatedStore(agenda, guard -> false);
        List<String> asked = new ArrayList<>();
        store.observers.add(tickets(asked));
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            Contender contender = new Contender(agenda, store, i, 0, SETTINGS, order::add);
            contender.start();
            agenda.in((1_000 + 7L * i) * MILLI, () -> contender.wants(2));
        }
        while (agenda.step(30_000 * MILLI)) {}
        assertThat(order).hasSize(18).isEqualTo(asked);
    }

    @Test
    void somebody_who_leaves_the_line_changes_the_order_of_nobody_else() {
        for (int seed = 0; seed < 200; seed++) {
            Agenda agenda = new Agenda(seed, false);
            SimulatedStore store = new SimulatedStore(agenda, guard -> false);
            List<String> asked = new ArrayList<>();
            store.observers.add(tickets(asked));
            List<String> order = new ArrayList<>();
            List<String> left = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                Contender contender = new Contender(agenda, store, i, 0, SETTINGS, order::add);
                contender.start();
                agenda.in((1_000 + i) * MILLI, () -> contender.wants(1));
                if (i % 3 == 1) {
                    agenda.in((1_010 + agenda.between(0, 60)) * MILLI, () -> contender.leaveLine(left::add));
                }
            }
            while (agenda.step(30_000 * MILLI)) {}
            asked.removeAll(left);
            assertThat(order).as("seed %d, without %s", seed, left).isEqualTo(asked);
        }
    }

    /** Writes down who gets a ticket. */
    private static SimulatedStore.Observer tickets(List<String> owners) {
        return new SimulatedStore.Observer(
                LockKeys.of("c", "00000000", new UnitName("app", 0)).tickets(), (revision, events) -> {
                    for (WatchEvent event : events) {
                        if (event instanceof WatchEvent.Written written
                                && written.entry().version() == 1) {
                            String owner = written.entry().value().toString();
                            owners.add("app/" + owner.substring(owner.lastIndexOf('-') + 1));
                        }
                    }
                });
    }

    /** One run: some processes, a time of faults, then quiet. */
    private static final class Run {
        private final long seed;
        private final Agenda agenda;
        private final SimulatedStore store;
        private final List<Contender> contenders = new ArrayList<>();
        private final List<String> violations = new ArrayList<>();
        private int next;

        Run(long seed, Predicate<Guard> ignored, boolean keepsDiary) {
            this.seed = seed;
            this.agenda = new Agenda(seed, keepsDiary);
            this.store = new SimulatedStore(agenda, ignored);
        }

        String play() {
            int count = 2 + agenda.pick(4);
            for (int i = 0; i < count; i++) {
                add(i);
            }
            int faults = agenda.pick(12);
            for (int i = 0; i < faults; i++) {
                agenda.in(agenda.between(1_000, 60_000) * MILLI, this::fault);
            }
            while (violations.isEmpty() && agenda.step(TROUBLED)) {
                judge();
            }
            contenders.forEach(Contender::heal);
            while (violations.isEmpty() && !isDone() && agenda.step(TROUBLED + QUIET)) {
                judge();
            }
            if (violations.isEmpty()) {
                contenders.stream()
                        .filter(contender -> !contender.isDone())
                        .forEach(contender -> violations.add(contender + " still waits: " + contender.lock));
            }
            return violations.isEmpty()
                    ? ""
                    : "seed " + seed + ": " + violations
                            + "; again: mvn test -pl etcd -am -Dtest=LockSimulationTest -Drollingops.seed=" + seed
                            + " -Dsurefire.failIfNoSpecifiedTests=false\n"
                            + String.join("\n", agenda.diary());
        }

        private void add(int unit) {
            double faults = agenda.chance(0.5) ? 0.1 : 0.01;
            Contender contender = new Contender(
                    agenda, store, unit, faults, SETTINGS, name -> agenda.note(() -> name + " has the lock"));
            contenders.add(contender);
            int turns = 1 + agenda.pick(6);
            if (agenda.chance(0.2)) {
                contender.wants(turns); // while it opens its session
            } else {
                agenda.in(agenda.between(0, 20_000) * MILLI, () -> contender.wants(turns));
            }
            contender.start();
            next = Math.max(next, unit + 1);
        }

        private void fault() {
            if (contenders.isEmpty()) {
                return; // all of them are dead for the moment
            }
            Contender contender = contenders.get(agenda.pick(contenders.size()));
            switch (agenda.pick(4)) {
                case 0 -> contender.pause(agenda.between(10, 15_000) * MILLI);
                case 1 -> {
                    contender.cutOff(true);
                    agenda.in(agenda.between(10, 20_000) * MILLI, () -> contender.cutOff(false));
                }
                case 2 -> {
                    contender.die();
                    contenders.remove(contender);
                    agenda.in(agenda.between(10, 9_000) * MILLI, () -> add(contender.unit));
                }
                default -> {
                    // Roles in etcd see to it that nobody ends a lease under a lock that is held.
                    if (contenders.stream().noneMatch(Contender::works)) {
                        store.revoke(new LeaseId(1 + agenda.pick(contenders.size() * 2)));
                    }
                }
            }
        }

        private boolean isDone() {
            return agenda.nowNanos() > TROUBLED && contenders.stream().allMatch(Contender::isDone);
        }

        private void judge() {
            List<Contender> holders =
                    contenders.stream().filter(Contender::works).toList();
            if (holders.size() > 1) {
                violations.add("held by "
                        + holders.stream().map(holder -> holder.lock).toList()
                        + " while the store says "
                        + store.entry(holders.get(0).lock.keys().lock()));
            }
        }
    }

    /** A process that wants the lock again and again. */
    private static final class Contender {
        private final Agenda agenda;
        private final SimulatedClient client;
        private final EtcdClusterLock lock;
        private final Consumer<String> onHeld;
        private final int unit;
        private final double rate;
        private long pausedUntil;
        private boolean dead;
        private int turnsLeft;
        private boolean wanting;
        private long turn;
        private boolean working;
        private boolean stopping;
        private long work;

        Contender(
                Agenda agenda,
                SimulatedStore store,
                int unit,
                double faults,
                LockSettings settings,
                Consumer<String> onHeld) {
            this.agenda = agenda;
            this.unit = unit;
            this.onHeld = onHeld;
            this.rate = 1 + (agenda.between(0, 18) - 9) / 1000.0;
            this.client = new SimulatedClient(store, agenda, faults);
            UnitName name = new UnitName("app" + unit % 3, unit); // some of one application, some of others
            this.lock = new EtcdClusterLock(
                    client,
                    LockKeys.of("c", "00000000", name),
                    settings,
                    new HostClock(this::clock, () -> Instant.EPOCH.plusNanos(clock())),
                    this::inProcess,
                    (delay, task) -> agenda.in((long) (delay.toNanos() / rate) + 1, () -> inProcess(task)),
                    event -> agenda.note(() -> name + ": " + event.text()));
            lock.onChange(() -> inProcess(this::act));
        }

        void start() {
            lock.start();
        }

        /** Does not want it any more, if it still waits. */
        void leaveLine(Consumer<String> told) {
            inProcess(() -> {
                if (wanting && lock.state().hold() == ClusterLock.Hold.WAITING) {
                    told.accept(toString());
                    turnsLeft = 0;
                    end();
                }
            });
        }

        void wants(int turns) {
            turnsLeft = turns;
            inProcess(this::act);
        }

        private void act() {
            ClusterLock.State now = lock.state();
            if (turnsLeft > 0 && !wanting) {
                wanting = true;
                lock.want(Operation.requested(
                        "restart",
                        Json.Obj.EMPTY,
                        OptionalInt.empty(),
                        Instant.ofEpochSecond(1_800_000_000).plusNanos(agenda.nowNanos())));
            } else if (wanting && now.hold() == ClusterLock.Hold.LOST) {
                stopWork();
            } else if (wanting && now.hold() == ClusterLock.Hold.HELD && turn == 0) {
                onHeld.accept("app/" + unit);
                working = true;
                long mine = ++turn;
                agenda.in(
                        agenda.between(1, client.messages() % 7 == 0 ? 4_000 : 30) * MILLI,
                        () -> inProcess(() -> {
                            if (turn == mine) {
                                turnsLeft--;
                                end();
                            }
                        }));
            }
        }

        /** It takes as long as rule L1 allows, and the lock is not given up before. */
        private void stopWork() {
            if (!working) {
                end();
            } else if (!stopping) {
                stopping = true;
                long mine = work;
                agenda.in(SETTINGS.lease().stopWithin().toNanos(), () -> {
                    if (working && work == mine) {
                        working = false;
                        inProcess(this::stopped);
                    }
                });
            }
        }

        private void stopped() {
            if (wanting && stopping) {
                end();
            }
        }

        private void end() {
            turn = 0;
            working = false;
            stopping = false;
            work++;
            wanting = false;
            lock.drop();
            inProcess(this::act);
        }

        boolean holds() {
            return !dead && lock.state().hold() == ClusterLock.Hold.HELD;
        }

        /** Whether something runs under the lock, or could begin. */
        boolean works() {
            return !dead && (working || holds());
        }

        boolean isDone() {
            return turnsLeft == 0;
        }

        long messages() {
            return client.messages();
        }

        /** While something runs, at most until P/2 after the moment at which it must be told to stop. */
        void pause(long nanos) {
            long most = nanos;
            if (working) {
                Duration left =
                        lock.trusted().filter(trusted -> !trusted.isNegative()).orElse(Duration.ZERO);
                most = (long) (left.toNanos() / rate)
                        + SETTINGS.lease().checkEvery().toNanos() / 2;
            }
            pausedUntil = Math.max(pausedUntil, agenda.nowNanos() + Math.min(nanos, most));
            agenda.note(() -> this + " stands still");
        }

        void cutOff(boolean isCutOff) {
            client.cutOff(isCutOff);
            agenda.note(() -> this + (isCutOff ? " is cut off" : " is reconnected"));
        }

        void die() {
            dead = true;
            client.die();
            agenda.note(() -> this + " dies");
        }

        void heal() {
            client.cutOff(false);
        }

        private void inProcess(Runnable task) {
            if (dead) {
                return;
            }
            if (agenda.nowNanos() < pausedUntil) {
                agenda.at(pausedUntil, () -> inProcess(task));
                return;
            }
            agenda.in(0, () -> {
                if (!dead && agenda.nowNanos() >= pausedUntil) {
                    task.run();
                } else {
                    inProcess(task);
                }
            });
        }

        private long clock() {
            return (long) (agenda.nowNanos() * rate);
        }

        @Override
        public String toString() {
            return "app/" + unit;
        }
    }
}
