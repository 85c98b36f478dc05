// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import io.rollingops.UnitName;
import io.rollingops.lease.LeaseWatch;
import io.rollingops.peer.Author;
import io.rollingops.peer.Grant;
import io.rollingops.peer.Member;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerEvent;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.PeerState;
import io.rollingops.peer.UnitLease;
import io.rollingops.testing.Agenda;
import io.rollingops.testing.HistoryEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The replicated store as its units meet it: one log, applied in order; no answers while there is no leader; a leader
 * that counts the leases by its own clock and starts them anew after each election.
 */
final class SimulatedStore {
    private record LeaseName(UnitName unit, String id) {}

    private final Agenda agenda;
    private final Bug bug;
    private final Consumer<HistoryEvent> history;
    private final Consumer<PeerSnapshot> replicate;
    private final LeaseWatch<LeaseName> watch = new LeaseWatch<>();
    private final List<PeerSnapshot> log = new ArrayList<>();

    private PeerState state;
    private Optional<UnitName> leader = Optional.empty();
    private double leaderClockRate = 1;
    private long term;
    private long nextCheckNanos = Long.MAX_VALUE;

    SimulatedStore(
            String application,
            Agenda agenda,
            Bug bug,
            Consumer<HistoryEvent> history,
            Consumer<PeerSnapshot> replicate) {
        this.state = PeerState.empty(application);
        this.agenda = agenda;
        this.bug = bug;
        this.history = history;
        this.replicate = replicate;
        log.add(state.snapshot());
    }

    PeerState state() {
        return state;
    }

    boolean hasLeader() {
        return leader.isPresent();
    }

    boolean isLedBy(UnitName unit) {
        return leader.equals(Optional.of(unit));
    }

    void loseLeader() {
        leader = Optional.empty();
    }

    void elect(UnitName unit, double clockRate) {
        leader = Optional.of(unit);
        leaderClockRate = clockRate;
        term++;
        watch.clear();
        lead(term);
    }

    /** The leader makes itself known; it may have to wait until it is a member. */
    private void lead(long inTerm) {
        if (leader.isPresent() && inTerm == term) {
            PeerReply reply = apply(new Author.Unit(leader.get()), new PeerCommand.Lead(term));
            if (reply instanceof PeerReply.Refused) {
                agenda.in(300_000_000, () -> lead(inTerm));
            }
        }
    }

    /** A copy of the store as it was some time ago. */
    PeerSnapshot copy(int changesAgo) {
        return log.get(Math.max(0, log.size() - 1 - changesAgo));
    }

    /** A command arrives; empty when nobody leads and it is lost. */
    Optional<PeerReply> deliver(Author author, PeerCommand command) {
        return leader.isPresent() ? Optional.of(apply(author, command)) : Optional.empty();
    }

    private PeerReply apply(Author author, PeerCommand command) {
        PeerState.Applied applied = applied(author, command);
        boolean changed = applied.state().revision() != state.revision();
        state = applied.state();
        agenda.note(() -> "store " + author + " " + command + " -> " + applied.reply());
        applied.events().forEach(event -> history.accept(told(event)));
        if (changed) {
            PeerSnapshot snapshot = state.snapshot();
            log.add(snapshot);
            countLeases();
            replicate.accept(snapshot);
        }
        return applied.reply();
    }

    private PeerState.Applied applied(Author author, PeerCommand command) {
        Instant at = Instant.ofEpochSecond(1_800_000_000, agenda.nowNanos() / 1000 * 1000);
        if (bug == Bug.REOPENING_DOES_NOT_RENEW
                && command instanceof PeerCommand.OpenLease open
                && author instanceof Author.Unit unit
                && lease(unit.name()).map(UnitLease::id).equals(Optional.of(open.leaseId()))) {
            return new PeerState.Applied(state, new PeerReply.Done(), List.of());
        }
        if (bug == Bug.OLD_LEASE_REOPENS
                && command instanceof PeerCommand.OpenLease open
                && author instanceof Author.Unit unit) {
            long next = Optional.ofNullable(state.members().get(unit.name()))
                            .map(Member::leases)
                            .orElse(0L)
                    + 1;
            return state.apply(
                    author,
                    at,
                    new PeerCommand.OpenLease(
                            open.leaseId(), Math.max(open.number(), next), open.ttl(), open.stillRunning()));
        }
        if (bug == Bug.NO_SLOT_CHECK
                && command instanceof PeerCommand.Finish finish
                && author instanceof Author.Unit unit) {
            return unchecked(unit, at, finish);
        }
        if (bug == Bug.EXPIRE_UNSEEN && command instanceof PeerCommand.Expire expire) {
            return lease(expire.unit())
                    .map(lease -> state.apply(
                            author, at, new PeerCommand.Expire(expire.unit(), lease.id(), lease.keepAlives())))
                    .orElseGet(() -> state.apply(author, at, command));
        }
        if (bug == Bug.HOLD_IS_FREED && command instanceof PeerCommand.Expire) {
            Grant grant = state.grant();
            return with(new Grant(grant.unit(), grant.epoch(), grant.phase(), false, grant.grantedAt()))
                    .apply(author, at, command);
        }
        return state.apply(author, at, command);
    }

    /** {@link Bug#NO_SLOT_CHECK}: as if the slot were the sender's; whose it really is stays as it was. */
    private PeerState.Applied unchecked(Author.Unit author, Instant at, PeerCommand.Finish finish) {
        Grant grant = state.grant();
        if (grant.isOpenFor(author.name(), finish.epoch())) {
            return state.apply(author, at, finish);
        }
        Grant forged =
                new Grant(Optional.of(author.name()), finish.epoch(), Grant.Phase.RUNNING, false, grant.grantedAt());
        PeerState.Applied applied = with(forged).apply(author, at, finish);
        PeerState before = state;
        state = applied.state();
        PeerState after = with(grant);
        state = before;
        List<PeerEvent> events = applied.events().stream()
                .filter(event -> !(event instanceof PeerEvent.Granted))
                .toList();
        return new PeerState.Applied(after, applied.reply(), events);
    }

    private PeerState with(Grant grant) {
        return new PeerState(
                state.application(),
                state.format(),
                state.revision(),
                grant,
                state.leadership(),
                state.members(),
                state.departed(),
                state.locks(),
                state.shared());
    }

    private Optional<UnitLease> lease(UnitName unit) {
        return Optional.ofNullable(state.members().get(unit)).flatMap(Member::lease);
    }

    private void countLeases() {
        if (leader.isEmpty()) {
            return;
        }
        long now = leaderNanos();
        Set<LeaseName> alive = new HashSet<>();
        state.members()
                .forEach((unit, member) -> member.lease().ifPresent(lease -> {
                    LeaseName name = new LeaseName(unit, lease.id());
                    alive.add(name);
                    Duration ttl = lease.ttl();
                    watch.seen(name, lease.keepAlives(), ttl, now);
                }));
        watch.retain(alive);
        OptionalLong next = watch.nextNanos();
        if (next.isPresent() && next.getAsLong() < nextCheckNanos) {
            nextCheckNanos = next.getAsLong();
            long checkedTerm = term;
            agenda.at(
                    (long) (nextCheckNanos / leaderClockRate) + agenda.between(1, 50_000_000),
                    () -> check(checkedTerm));
        }
    }

    private void check(long checkedTerm) {
        nextCheckNanos = Long.MAX_VALUE;
        if (leader.isEmpty()) {
            return;
        }
        if (checkedTerm == term) {
            watch.expired(leaderNanos()).forEach(expired -> {
                PeerCommand command = new PeerCommand.Expire(
                        expired.getKey().unit(), expired.getKey().id(), expired.getValue());
                Author author = new Author.Unit(leader.get());
                agenda.in(agenda.between(0, 100_000_000), () -> deliver(author, command));
            });
        }
        agenda.in(100_000_000, this::countLeases);
    }

    private long leaderNanos() {
        return (long) (agenda.nowNanos() * leaderClockRate);
    }

    private static final String NOT_RUN = "not-run";

    private HistoryEvent told(PeerEvent event) {
        String app = state.application();
        if (event instanceof PeerEvent.Requested requested) {
            return HistoryEvent.of(
                    HistoryEvent.Kind.REQUEST,
                    app,
                    requested.unit().toString(),
                    name(requested.unit(), requested.operation().value()));
        } else if (event instanceof PeerEvent.Granted granted) {
            return HistoryEvent.grant(app, granted.unit().toString(), granted.epoch());
        } else if (event instanceof PeerEvent.Answered answered) {
            return HistoryEvent.done(
                    app,
                    answered.unit().toString(),
                    Optional.of(
                            name(answered.unit(), answered.outcome().operation().value())),
                    answered.outcome().epoch(),
                    answered.outcome().kind().wire());
        } else if (event instanceof PeerEvent.GivenBack back) {
            return HistoryEvent.done(
                    app,
                    back.unit().toString(),
                    back.head().map(head -> name(back.unit(), head.value())),
                    back.epoch(),
                    NOT_RUN);
        } else if (event instanceof PeerEvent.LeaseEnded ended) {
            return HistoryEvent.of(HistoryEvent.Kind.EXPIRE, app, ended.unit().toString());
        } else if (event instanceof PeerEvent.Withdrawn withdrawn) {
            return HistoryEvent.of(
                    HistoryEvent.Kind.WITHDRAW,
                    app,
                    withdrawn.unit().toString(),
                    name(withdrawn.unit(), withdrawn.operation().value()));
        } else if (event instanceof PeerEvent.Removed removed) {
            return HistoryEvent.of(HistoryEvent.Kind.REMOVE, app, removed.unit().toString());
        }
        throw new AssertionError(event);
    }

    /** Operation ids are unique in their unit; a history wants them unique in the application. */
    static String name(UnitName unit, String operation) {
        return unit + " " + operation;
    }
}
