// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import io.rollingops.testing.Agenda;
import io.rollingops.testing.HistoryEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What the units need of etcd: leases that expire by its own clock, and one lock under a lease that goes to who asked
 * first. It may be cut off from some units or from all. Another application takes the lock now and then.
 */
final class SimulatedEtcd {
    private static final String OTHER = "other";
    private static final long MILLI = 1_000_000;

    /** One wish for the lock, or its holder. */
    private record Place(String owner, long lease, String wish, Runnable granted) {}

    private final Agenda agenda;
    private final long ttlNanos;
    private final Consumer<HistoryEvent> history;
    private final Map<Long, Long> leases = new HashMap<>();
    private final List<Place> waiting = new ArrayList<>();
    private final Set<String> cutOff = new HashSet<>();
    private Optional<Place> holder = Optional.empty();
    private long revision;
    private long heldSince;
    private long lastLease;
    private boolean down;
    private int otherTurns;
    private boolean otherRuns;
    private Consumer<String> onGrant = owner -> {};

    SimulatedEtcd(Agenda agenda, long ttlNanos, Consumer<HistoryEvent> history) {
        this.agenda = agenda;
        this.ttlNanos = ttlNanos;
        this.history = history;
    }

    /** Tells of every owner that gets the lock. */
    void onGrant(Consumer<String> listener) {
        onGrant = listener;
    }

    boolean isReachedBy(String owner) {
        return !down && !cutOff.contains(owner);
    }

    void setDown(boolean isDown) {
        agenda.note(() -> "etcd is " + (isDown ? "down" : "up"));
        down = isDown;
    }

    void cutOff(String owner) {
        agenda.note(() -> owner + " is cut off from etcd");
        cutOff.add(owner);
    }

    void reconnect(String owner) {
        cutOff.remove(owner);
    }

    long grantLease() {
        long lease = ++lastLease;
        leases.put(lease, agenda.nowNanos() + ttlNanos);
        expireLater(lease);
        return lease;
    }

    /** Whether there was such a lease, which lives on now. */
    boolean keepAlive(long lease) {
        if (!leases.containsKey(lease)) {
            return false;
        }
        leases.put(lease, agenda.nowNanos() + ttlNanos);
        expireLater(lease);
        return true;
    }

    /** Ends a lease, and all that hangs on it. */
    void revoke(long lease) {
        leases.remove(lease);
        remove(place -> place.lease() == lease);
    }

    /** Wants the lock under that lease; harmless when it is wanted already. The caller hears when it has it. */
    void want(String owner, long lease, String wish, Runnable granted) {
        boolean known = waiting.stream().anyMatch(place -> place.wish().equals(wish))
                || holder.filter(place -> place.wish().equals(wish)).isPresent();
        if (leases.containsKey(lease) && !known) {
            waiting.add(new Place(owner, lease, wish, granted));
            handOn();
        }
    }

    /** The token, if that wish was granted and its lease lives. */
    OptionalLong heldFor(String wish) {
        return holder.filter(place -> place.wish().equals(wish)).isPresent()
                ? OptionalLong.of(heldSince)
                : OptionalLong.empty();
    }

    /** Ends one wish, and no later one of the same owner. */
    void release(String wish) {
        remove(place -> place.wish().equals(wish));
    }

    /** A new process of that owner removes what earlier ones held, also when this arrives late. */
    void removeStale(String owner, String process) {
        remove(place -> place.owner().equals(owner) && !place.wish().startsWith(process + "-"));
    }

    private void remove(Predicate<Place> which) {
        waiting.removeIf(which);
        if (holder.filter(which).isPresent()) {
            holder = Optional.empty();
            handOn();
        }
    }

    private void handOn() {
        if (holder.isEmpty() && !waiting.isEmpty()) {
            Place next = waiting.remove(0);
            holder = Optional.of(next);
            heldSince = ++revision;
            agenda.note(() -> "etcd gives the lock to " + next.owner() + ", token " + heldSince);
            next.granted().run();
            onGrant.accept(next.owner());
        }
    }

    private void expireLater(long lease) {
        agenda.at(leases.getOrDefault(lease, 0L) + agenda.between(1, 200 * MILLI), () -> {
            if (leases.containsKey(lease) && agenda.nowNanos() > leases.get(lease)) {
                revoke(lease);
            }
        });
    }

    boolean isWantedByOther() {
        return otherRuns;
    }

    /** The other application takes its turn: a callback under the lock, which ends before its lease can. */
    void otherTurn() {
        if (otherRuns) {
            return;
        }
        otherRuns = true;
        long lease = grantLease();
        int turn = ++otherTurns;
        String op = "op" + turn;
        history.accept(HistoryEvent.of(HistoryEvent.Kind.REQUEST, OTHER, "other/0", op));
        want(OTHER, lease, op, () -> {
            history.accept(HistoryEvent.grant(OTHER, "other/0", turn));
            history.accept(HistoryEvent.begin(OTHER, "other/0", op, turn, Optional.of(heldSince)));
            agenda.in(agenda.between(0, ttlNanos / 2), () -> {
                history.accept(HistoryEvent.of(HistoryEvent.Kind.END, OTHER, "other/0"));
                history.accept(HistoryEvent.done(OTHER, "other/0", Optional.of(op), turn, "released"));
                leases.remove(lease);
                release(op);
                otherRuns = false;
            });
        });
        stayAlive(lease);
    }

    private void stayAlive(long lease) {
        agenda.in(ttlNanos / 6, () -> {
            if (keepAlive(lease)) {
                stayAlive(lease);
            }
        });
    }
}
