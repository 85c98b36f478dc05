// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import io.rollingops.Operation;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.lease.LeaseTrust;
import io.rollingops.spi.ClusterLock;
import io.rollingops.testing.Agenda;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * One process's end of the lock in {@link SimulatedEtcd}, over a network that delays, loses and repeats: what the product's
 * adapter promises, in short.
 */
final class SimulatedClusterLock implements ClusterLock {
    private static final long MILLI = 1_000_000;
    private static final long AWAY_AFTER = 2_500 * MILLI;
    private static final long SETTLED_AFTER = 6_000 * MILLI;
    private static final long PROBE_EVERY = 700 * MILLI;

    private final String owner;
    private final String process;
    private final SimulatedEtcd etcd;
    private final Agenda agenda;
    private final LeaseTerms terms;
    private final LongSupplier clock;
    private final Consumer<Runnable> inProcess;
    private final boolean roughNetwork;
    private final boolean trustsFromAnswer;
    private final List<Runnable> listeners = new ArrayList<>();

    private Reach reach = Reach.AWAY;
    private Hold hold = Hold.NONE;
    private OptionalLong token = OptionalLong.empty();
    private Cleanliness cleanliness = Cleanliness.UNKNOWN;
    private OptionalLong lease = OptionalLong.empty();
    private Optional<LeaseTrust> trust = Optional.empty();
    private long lastAnswer;
    private long reachableSince;
    private long wish;
    private boolean unanswered;

    /**
     * The lock of one process.
     *
     * @param process tells it apart from earlier processes of the same unit
     * @param clock the unit's own clock
     * @param inProcess runs something as the process: later while it is paused, never once it is dead; its part in etcd
     *     lives on for a while
     */
    SimulatedClusterLock(
            String owner,
            String process,
            SimulatedEtcd etcd,
            Agenda agenda,
            LeaseTerms terms,
            LongSupplier clock,
            Consumer<Runnable> inProcess,
            boolean roughNetwork,
            boolean trustsFromAnswer) {
        this.owner = owner;
        this.process = process;
        this.etcd = etcd;
        this.agenda = agenda;
        this.terms = terms;
        this.clock = clock;
        this.inProcess = inProcess;
        this.roughNetwork = roughNetwork;
        this.trustsFromAnswer = trustsFromAnswer;
        this.lastAnswer = agenda.nowNanos();
        removeStale();
        probe();
    }

    @Override
    public State state() {
        return new State(reach, hold, token, cleanliness);
    }

    /** Whether work that begins now under the lock could still be stopped in time. */
    boolean isTrusted() {
        return hold == Hold.HELD
                && trust.filter(known -> known.isTrusted(clock.getAsLong())).isPresent();
    }

    /** How far the lease is relied upon, if there is one. */
    Optional<LeaseTrust> trust() {
        return trust;
    }

    @Override
    public void want(Operation operation) {
        if (hold == Hold.NONE) {
            hold = Hold.WAITING;
            ask(++wish);
        }
    }

    @Override
    public void drop() {
        if (unanswered) {
            abandonLease(); // what was asked for may arrive after the release
        } else {
            release(wishName(wish));
        }
        wish++;
        hold = Hold.NONE;
        token = OptionalLong.empty();
    }

    @Override
    public void clean() {
        cleanliness = Cleanliness.CLEANING;
        call(
                () -> {},
                () -> {
                    cleanliness = Cleanliness.CLEAN;
                    changed();
                },
                () -> {
                    cleanliness = Cleanliness.UNKNOWN;
                    changed();
                });
    }

    @Override
    public Runnable onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    private void ask(long mine) {
        if (mine != wish || hold != Hold.WAITING) {
            return;
        }
        if (lease.isEmpty()) {
            long sentAt = clock.getAsLong();
            long[] granted = new long[1];
            call(
                    () -> granted[0] = etcd.grantLease(),
                    () -> {
                        if (lease.isPresent()) {
                            revoke(granted[0]); // two were asked for, and one is enough
                        } else {
                            lease = OptionalLong.of(granted[0]);
                            trust = Optional.of(new LeaseTrust(terms, countedFrom(sentAt)));
                            watchDeadline();
                            keepAliveLater(granted[0]);
                        }
                        ask(mine);
                    },
                    () -> ask(mine));
            return;
        }
        long under = lease.getAsLong();
        unanswered = true;
        call(
                () -> etcd.want(owner, under, wishName(mine), () -> tell(mine, under)),
                () -> wanted(mine, under),
                () -> ask(mine));
    }

    private void wanted(long mine, long under) {
        if (mine == wish) {
            unanswered = false;
        }
        look(mine, under);
    }

    /** A release reached us: the lock may be ours. */
    private void tell(long mine, long under) {
        later(agenda.between(1, 5) * MILLI, () -> look(mine, under));
    }

    /** Reads the key back: it is ours if and only if it hangs on our lease. */
    private void look(long mine, long under) {
        if (mine != wish || hold != Hold.WAITING || !lease.equals(OptionalLong.of(under))) {
            return;
        }
        OptionalLong[] held = new OptionalLong[1];
        call(
                () -> held[0] = etcd.heldFor(wishName(mine)),
                () -> {
                    boolean ours = mine == wish && hold == Hold.WAITING && held[0].isPresent();
                    if (!ours) {
                        return;
                    }
                    if (trust.filter(known -> known.isTrusted(clock.getAsLong()))
                            .isPresent()) {
                        hold = Hold.HELD;
                        token = held[0];
                        changed();
                    } else {
                        later(100 * MILLI, () -> look(mine, under)); // the lease is being renewed, or lost
                    }
                },
                () -> look(mine, under));
    }

    /** Ends the lease, and with it all that hangs on it now or would hang on it later. */
    private void abandonLease() {
        unanswered = false;
        lease.ifPresent(this::revoke);
        lease = OptionalLong.empty();
        trust = Optional.empty();
    }

    private void revoke(long given) {
        call(() -> etcd.revoke(given), () -> {}, () -> revoke(given));
    }

    private void release(String given) {
        call(() -> etcd.release(given), () -> {}, () -> release(given));
    }

    private String wishName(long number) {
        return process + "-" + number;
    }

    private void removeStale() {
        call(() -> etcd.removeStale(owner, process), () -> {}, this::removeStale);
    }

    private void keepAliveLater(long under) {
        later(terms.renewEvery().toNanos(), () -> keepAlive(under));
    }

    private void keepAlive(long under) {
        if (!lease.equals(OptionalLong.of(under))) {
            return;
        }
        long sentAt = clock.getAsLong();
        boolean[] lives = new boolean[1];
        call(
                () -> lives[0] = etcd.keepAlive(under),
                () -> {
                    if (!lease.equals(OptionalLong.of(under))) {
                        return;
                    }
                    if (lives[0]) {
                        trust = trust.map(known -> known.renewed(countedFrom(sentAt)));
                        watchDeadline();
                    } else {
                        loseLease();
                    }
                },
                () -> {});
        keepAliveLater(under);
    }

    private long countedFrom(long sentAt) {
        return trustsFromAnswer ? clock.getAsLong() : sentAt;
    }

    private void watchDeadline() {
        long wait = trust.orElseThrow().deadlineNanos() - clock.getAsLong();
        long notice = agenda.between(1, terms.checkEvery().toNanos() / 2);
        later(Math.max(0, wait) + notice, this::checkDeadline);
    }

    private void checkDeadline() {
        if (trust.isEmpty()) {
            return;
        }
        if (!trust.get().isTrusted(clock.getAsLong())) {
            loseLease();
        } else if (trust.get().deadlineNanos() - clock.getAsLong()
                < terms.checkEvery().toNanos()) {
            watchDeadline(); // this clock is slow
        }
    }

    void loseLease() {
        lease = OptionalLong.empty();
        trust = Optional.empty();
        if (hold == Hold.HELD) {
            hold = Hold.LOST;
            token = OptionalLong.empty();
            changed();
        } else if (hold == Hold.WAITING) {
            ask(++wish);
        }
    }

    private void probe() {
        call(() -> {}, () -> {}, () -> {});
        later(PROBE_EVERY, this::probe);
        if (agenda.nowNanos() - lastAnswer > AWAY_AFTER) {
            set(Reach.AWAY);
        }
    }

    /** One call: what it does in etcd, and what its answer, or none, does here. */
    private void call(Runnable there, Runnable answered, Runnable unanswered) {
        long there1 = delay();
        boolean lost = agenda.chance(0.02);
        agenda.in(there1, () -> {
            boolean arrives = etcd.isReachedBy(owner);
            if (arrives) {
                there.run();
            }
            boolean answers = arrives && !lost;
            later(answers ? delay() : 400 * MILLI, () -> {
                if (answers && etcd.isReachedBy(owner)) {
                    heard();
                    answered.run();
                } else {
                    later(agenda.between(50, 200) * MILLI, unanswered);
                }
            });
        });
    }

    private void heard() {
        lastAnswer = agenda.nowNanos();
        if (reach == Reach.AWAY) {
            reachableSince = lastAnswer;
            set(Reach.REACHABLE);
        } else if (reach == Reach.REACHABLE && lastAnswer - reachableSince > SETTLED_AFTER) {
            set(Reach.SETTLED);
        }
    }

    private void set(Reach now) {
        if (reach != now) {
            reach = now;
            if (now == Reach.AWAY) {
                cleanliness = Cleanliness.UNKNOWN;
            }
            changed();
        }
    }

    private void later(long nanos, Runnable what) {
        agenda.in(nanos, () -> inProcess.accept(what));
    }

    private long delay() {
        return agenda.chance(roughNetwork ? 0.3 : 0.03)
                ? agenda.between(10, roughNetwork ? 1_200 : 350) * MILLI
                : agenda.between(1, 3) * MILLI;
    }

    private void changed() {
        List.copyOf(listeners).forEach(Runnable::run);
    }
}
