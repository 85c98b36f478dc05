// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.Operation;
import io.rollingops.RollingOpsException;
import io.rollingops.etcd.ActionResult;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import io.rollingops.etcd.Watch;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.etcd.WatchListener;
import io.rollingops.lease.LeaseTrust;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.ClusterLock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The lock in etcd, for one unit: carries out what {@link LockProtocol} decides, one call at a time; keeps the lease
 * alive, notices when it can no longer be relied upon (rules L1, L3, E5), and whether etcd can be reached.
 *
 * <p><b>Threads.</b> Safe for all threads. It works on the executor that it was given, which must run one task at a time.
 */
public final class EtcdClusterLock implements ClusterLock, AutoCloseable {
    private static final Duration TRY_AGAIN = Duration.ofMillis(250);
    private static final Duration TRY_REFUSED_AGAIN = Duration.ofSeconds(5);
    private static final Duration PROBE_EVERY = Duration.ofSeconds(1);

    /** Runs something later; may be late, never early. */
    @FunctionalInterface
    public interface Timers {
        void after(Duration delay, Runnable task);
    }

    private final EtcdClient etcd;
    private final LockSettings settings;
    private final LockProtocol protocol;
    private final LockCalls calls;
    private final LockKeys keys;
    private final HostClock clock;
    private final Executor executor;
    private final Timers timers;
    private final Consumer<LockEvent> story;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final Map<Bytes, Watch> watches = new HashMap<>();

    private volatile LockLocal local = LockLocal.NEW;
    private Optional<LeaseTrust> trust = Optional.empty();
    private Optional<LeaseId> forsaken = Optional.empty();
    private boolean calling;
    private boolean renewing;
    private boolean yielding;
    private boolean toldOfDouble;
    private boolean toldOfMissingRight;
    private volatile boolean closed;
    private volatile Reachability reachability;
    private State told = new State(Reach.UNKNOWN, Hold.NONE, OptionalLong.empty(), Cleanliness.UNKNOWN);
    private long lastRenewal;
    private long checkedNanos;
    private Instant checkedWall;

    /**
     * A lock that has not been wanted yet. Nothing happens before {@link #start}.
     *
     * @param executor runs one task at a time, in order; what runs there does not wait
     * @param story hears what a person may want to know
     */
    public EtcdClusterLock(
            EtcdClient etcd,
            LockKeys keys,
            LockSettings settings,
            HostClock clock,
            Executor executor,
            Timers timers,
            Consumer<LockEvent> story) {
        this.etcd = etcd;
        this.keys = keys;
        this.settings = settings;
        this.protocol = new LockProtocol(keys);
        this.calls = new LockCalls(keys);
        this.clock = clock;
        this.executor = executor;
        this.timers = timers;
        this.story = story;
        this.checkedNanos = now();
        this.checkedWall = clock.calendar().instant();
        this.reachability = Reachability.unknown(checkedNanos);
    }

    /** Begins: gets a lease and removes what an earlier process of this unit has left. Returns at once. */
    public EtcdClusterLock start() {
        execute(this::advance);
        tick();
        return this;
    }

    @Override
    public synchronized State state() {
        Hold hold = local.hold();
        if (hold == Hold.HELD && trust.filter(known -> known.isTrusted(now())).isEmpty()) {
            hold = Hold.LOST; // nobody has looked at the clock yet
        }
        OptionalLong token =
                hold == Hold.HELD ? OptionalLong.of(local.lock().orElseThrow().number()) : OptionalLong.empty();
        return new State(reachability.reach(), hold, token, local.cleanliness());
    }

    /** Why etcd cannot be used at the moment; empty while it can. */
    public Optional<String> trouble() {
        return reachability.trouble();
    }

    /** For how long etcd has been within reach, or out of it. */
    public Duration sinceReachChanged() {
        return Duration.ofNanos(now() - reachability.changedAt());
    }

    /** How much longer the lock or the ticket can be relied upon without another answer; empty without a lease. */
    public synchronized Optional<Duration> trusted() {
        return trust.map(known -> Duration.ofNanos(known.deadlineNanos() - now()));
    }

    public LockKeys keys() {
        return keys;
    }

    @Override
    public void want(Operation operation) {
        set(now -> now.wanting(operation));
        execute(this::advance);
    }

    @Override
    public void finished(Operation operation) {
        set(now -> now.finishedWith(operation));
    }

    @Override
    public void drop() {
        set(LockLocal::dropped);
        execute(() -> {
            abandonForsaken();
            advance();
        });
    }

    @Override
    public void clean() {
        set(LockLocal::cleaning);
        execute(this::advance);
    }

    @Override
    public Runnable onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Ends the lease, so that others need not wait for its end; gives up after the client's limit. */
    @Override
    public void close() {
        Optional<LeaseId> lease;
        synchronized (this) {
            closed = true;
            lease = local.lease();
            local = local.dropped().leaseEnded();
            trust = Optional.empty();
            watches.values().forEach(Watch::close);
            watches.clear();
        }
        try {
            lease.ifPresent(id -> etcd.revoke(id).join());
        } catch (CompletionException e) {
            story.accept(new LockEvent.CallFailed("the lease in etcd ends by itself: " + reason(e)));
        }
    }

    /** For people who look for a mistake. */
    @Override
    public synchronized String toString() {
        return keys.owner() + " " + reachability.reach() + (calling ? ", a call is under way, " : ", ") + local;
    }

    private synchronized void set(UnaryOperator<LockLocal> change) {
        local = change.apply(local);
    }

    /** On the executor: the next step, unless one is under way. */
    private void advance() {
        LockStep step;
        synchronized (this) {
            if (closed || calling) {
                return;
            }
            step = protocol.next(local);
            calling = !(step instanceof LockStep.Rest);
        }
        carryOut(step); // before anything that is not in a hurry
        unfollow();
    }

    private void carryOut(LockStep step) {
        if (step instanceof LockStep.GrantLease) {
            grantLease();
        } else if (step instanceof LockStep.OpenSession open) {
            openSession(open.lease(), open.privately(), calls.openSession(open.lease(), open.privately()));
        } else if (step instanceof LockStep.OpenSessionAndTake open) {
            openSession(
                    open.lease(),
                    open.privately(),
                    calls.openSessionAndTake(open.lease(), open.privately(), open.shown()));
        } else if (step instanceof LockStep.RemoveLeftovers remove) {
            removeLeftovers(remove.session());
        } else if (step instanceof LockStep.TakeOrEnqueue take) {
            write(calls.takeOrEnqueue(take.session(), take.shown()), take.session(), this::tookOrEnqueued);
        } else if (step instanceof LockStep.Look look) {
            look(look);
        } else if (step instanceof LockStep.Follow follow) {
            follow(follow.keys());
        } else if (step instanceof LockStep.PassOver pass) {
            passOver(pass);
        } else if (step instanceof LockStep.TakeInTurn take) {
            write(
                    calls.takeInTurn(take.session(), take.ticket(), take.shown()),
                    take.session(),
                    outcome -> tookInTurn(outcome, take.ticket()));
        } else if (step instanceof LockStep.Release release) {
            write(
                    calls.release(release.session(), release.lock(), release.shown()),
                    release.session(),
                    outcome -> change(LockLocal::released));
        } else if (step instanceof LockStep.Withdraw withdraw) {
            write(
                    calls.withdraw(withdraw.session(), withdraw.ticket()),
                    withdraw.session(),
                    outcome -> change(LockLocal::withdrawn));
        } else if (step instanceof LockStep.Clean clean) {
            write(calls.clean(clean.session()), clean.session(), outcome -> change(LockLocal::cleaned));
        } else if (step instanceof LockStep.Rest) {
            letPollerGoFirst();
        }
    }

    private void grantLease() {
        long sentNanos = now();
        if (!local.isLost()) {
            abandonForsaken();
        }
        call(etcd.grantLease(settings.lease().ttl()), granted -> leaseGranted(granted, sentNanos));
    }

    /**
     * It ends by itself in any case; like this others need not wait so long. But not before what ran under a lock that was
     * lost has stopped: the lock hangs on that lease, and the time to stop is counted from it (rule L1).
     */
    private void abandonForsaken() {
        forsaken.ifPresent(lease -> {
            CompletableFuture<?> unused = etcd.revoke(lease);
        });
        forsaken = Optional.empty();
    }

    private void leaseGranted(GrantedLease granted, long sentNanos) {
        synchronized (this) {
            trust = Optional.of(new LeaseTrust(settings.lease(), sentNanos));
            lastRenewal = sentNanos;
            local = local.leaseGranted(granted.id());
        }
    }

    /** What hangs on our lease is ours, whatever was answered before; the owner's name proves nothing (rule E2). */
    private void openSession(LeaseId lease, boolean privately, Transaction open) {
        CompletableFuture<Optional<TransactionOutcome>> opened = etcd.commit(open)
                .thenApply(Optional::of)
                .exceptionallyCompose(failure -> privateKeyRefused(failure, privately));
        call(opened, outcome -> {
            if (!local.lease().equals(Optional.of(lease))) {
                return;
            }
            if (outcome.isEmpty()) {
                change(LockLocal::privateKeyRefused);
            } else {
                sessionOpened(lease, outcome.get());
            }
        });
    }

    /** No answer if etcd says no, perhaps only to the private key; other failures stay failures. */
    private static CompletableFuture<Optional<TransactionOutcome>> privateKeyRefused(
            Throwable failure, boolean privately) {
        return privately && reasonOf(failure) instanceof RollingOpsException.Refused
                ? CompletableFuture.completedFuture(Optional.empty())
                : CompletableFuture.failedFuture(reasonOf(failure));
    }

    private void sessionOpened(LeaseId lease, TransactionOutcome outcome) {
        if (outcome instanceof TransactionOutcome.LeaseGone) {
            loseLease("etcd does not know it any more");
            return;
        }
        if (local.withoutPrivateKey() && !toldOfMissingRight) {
            toldOfMissingRight = true;
            keys.privateSession().ifPresent(key -> story.accept(new LockEvent.NoPrivateKey(key.toString())));
        }
        Revision at = outcome.fold(
                TransactionOutcome.Applied::revision, TransactionOutcome.Declined::revision, gone -> Revision.NONE);
        Session session = new Session(lease, at);
        List<Listing> found = found(outcome);
        change(now -> found.isEmpty()
                ? now.sessionOpenedWithLock(session, at)
                : now.sessionOpened(session, createdUnder(found.get(0), lease), createdUnder(found.get(1), lease)));
    }

    private void removeLeftovers(Session session) {
        call(etcd.commit(calls.lookForLeftovers()), outcome -> {
            List<Listing> found = found(outcome);
            List<Transaction> removals = new ArrayList<>();
            List<String> removed = new ArrayList<>();
            found.get(0)
                    .first()
                    .filter(lock -> lock.value().equals(keys.lockValue()) && isAlien(lock, session))
                    .ifPresent(lock -> {
                        removals.add(calls.removeLeftoverLock(session, lock));
                        removed.add(lock.key().toString());
                    });
            found.get(1).first().filter(ticket -> isAlien(ticket, session)).ifPresent(ticket -> {
                removals.add(calls.removeLeftoverTicket(session, ticket));
                removed.add(ticket.key().toString());
            });
            if (!found.get(2).entries().isEmpty()) {
                removals.add(calls.clean(session));
                found.get(2).entries().forEach(entry -> removed.add(entry.key().toString()));
            }
            if (removals.isEmpty()) {
                change(LockLocal::leftoversGone);
            } else {
                story.accept(new LockEvent.LeftoversRemoved(removed));
                call(etcd.commit(removals.get(0)), done -> {}); // and look again
            }
        });
    }

    private static boolean isAlien(KeyValue entry, Session session) {
        return !entry.lease().equals(Optional.of(session.lease()));
    }

    private void tookOrEnqueued(TransactionOutcome outcome) {
        if (outcome instanceof TransactionOutcome.Applied applied) {
            change(now -> now.taken(applied.revision(), applied.revision()));
        } else if (outcome instanceof TransactionOutcome.Declined declined
                && declined.results().get(1) instanceof ActionResult.Decided second
                && second.outcome() instanceof TransactionOutcome.Applied enqueued) {
            List<Listing> found = listings(enqueued.results());
            Revision ticket = enqueued.revision();
            Place place = calls.placeOfNew(ticket, found.get(0), found.get(1));
            change(now -> now.enqueued(ticket).looked(place, ticket));
        } else {
            change(LockLocal::inDoubt); // there is a ticket with our name, though none that we know
        }
    }

    private void tookInTurn(TransactionOutcome outcome, Revision ticket) {
        if (outcome instanceof TransactionOutcome.Applied applied) {
            change(now -> now.taken(applied.revision(), ticket));
        } else if (outcome instanceof TransactionOutcome.Declined declined) {
            List<Listing> found = listings(declined.results());
            Place place = local.place() instanceof Place.GivenSoon soon
                    ? soon.afterAttempt()
                    : new Place.First(found.get(2).first().isEmpty());
            change(now -> found.get(1).first().isEmpty() ? now.ticketGone() : now.looked(place, declined.revision()));
        }
    }

    private void look(LockStep.Look step) {
        Revision ticket = step.ticket();
        Transaction look =
                step.forPollers() ? calls.lookForPollers(ticket, step.source()) : calls.look(ticket, step.source());
        call(etcd.commit(look), outcome -> {
            List<Listing> found = found(outcome);
            Revision at = found.get(1).revision();
            Place place = new WaitingLine(found.get(1).entries())
                    .placeOf(ticket, found.get(0).first().isEmpty());
            if (place instanceof Place.Unknown && at.compareTo(local.asOf()) >= 0) {
                change(LockLocal::ticketGone);
                return;
            }
            change(now -> now.looked(place, at));
            if (step.forPollers() && !ticket.isAfter(at)) {
                Optional<String> poller =
                        found.size() > 2 ? calls.poller(found.get(2), found.get(3), ticket) : Optional.empty();
                change(now -> now.foundPoller(poller));
            }
        });
    }

    private void follow(List<Bytes> keys) {
        Map<Bytes, CompletableFuture<Watch>> opening = new HashMap<>();
        keys.forEach(key -> opening.put(key, etcd.watch(KeyRange.key(key), new Follower(key), executor)));
        CompletableFuture<Void> opened =
                CompletableFuture.allOf(opening.values().toArray(CompletableFuture[]::new));
        CompletableFuture<?> unused = opened.whenComplete((done, failure) -> execute(() -> keep(opening)));
        call(opened, done -> {});
    }

    /** Those that could not be opened are asked for again. */
    private void keep(Map<Bytes, CompletableFuture<Watch>> opening) {
        synchronized (this) {
            List<Bytes> open = new ArrayList<>();
            Revision since = Revision.NONE;
            for (Map.Entry<Bytes, CompletableFuture<Watch>> each : opening.entrySet()) {
                if (!each.getValue().isCompletedExceptionally()) {
                    Watch watch = each.getValue().join();
                    watches.put(each.getKey(), watch);
                    open.add(each.getKey());
                    since = watch.createdAt().isAfter(since) ? watch.createdAt() : since;
                }
            }
            local = local.followed(open, since);
        }
    }

    /** Closes the watches that are not needed any more. */
    private void unfollow() {
        List<Watch> idle = new ArrayList<>();
        synchronized (this) {
            List<Bytes> needed = protocol.follows(local);
            for (Bytes key : local.followed()) {
                if (!needed.contains(key)) {
                    local = local.unfollowed(key);
                    Optional.ofNullable(watches.remove(key)).ifPresent(idle::add);
                }
            }
        }
        idle.forEach(Watch::close);
    }

    private void letPollerGoFirst() {
        synchronized (this) {
            if (yielding || !local.letsPollerGoFirst()) {
                return;
            }
            yielding = true;
        }
        Optional<LockLocal.Poller> poller = local.poller();
        timers.after(
                settings.pollerPatience(),
                () -> execute(() -> {
                    synchronized (this) {
                        yielding = false;
                    }
                    if (local.letsPollerGoFirst() && local.poller().equals(poller)) {
                        change(LockLocal::pollerHadHisChance);
                    }
                    advance();
                }));
    }

    /** The note has a lease of its own: it goes away by itself, and the poller gets another chance. */
    private void passOver(LockStep.PassOver pass) {
        story.accept(new LockEvent.PollerPassedOver(pass.owner()));
        CompletableFuture<TransactionOutcome> noted = etcd.grantLease(settings.pollerAgain())
                .thenCompose(granted -> etcd.commit(calls.passOver(pass.session(), pass.owner(), granted.id())));
        call(noted, outcome -> change(LockLocal::passedOver));
    }

    // The lease.

    private void tick() {
        Duration next = settings.lease().checkEvery();
        synchronized (this) {
            if (closed) {
                return;
            }
        }
        timers.after(next, this::tick);
        execute(this::check);
    }

    private void check() {
        long nanos = now();
        Optional<String> reason = reasonToStop(nanos);
        reason.ifPresent(this::loseLease);
        judgeReach(nanos);
        long sinceRenewal = nanos - lastRenewal;
        boolean isDue = sinceRenewal >= settings.lease().renewEvery().toNanos();
        boolean isSilent =
                sinceRenewal >= PROBE_EVERY.toNanos() && nanos - reachability.lastAnswer() >= PROBE_EVERY.toNanos();
        boolean isWaitedFor = reachability.troubledSince().isPresent()
                || reachability.reach() != Reach.SETTLED
                || local.wish().isPresent();
        if (isDue || (isSilent && isWaitedFor)) {
            renew(isDue ? this::lookAgain : () -> {});
        }
        advance();
    }

    private Optional<String> reasonToStop(long nanos) {
        Instant wall = clock.calendar().instant();
        long jump = Duration.between(checkedWall, wall)
                .minusNanos(nanos - checkedNanos)
                .abs()
                .toNanos();
        checkedWall = wall;
        checkedNanos = nanos;
        if (trust.isEmpty()) {
            return Optional.empty();
        }
        if (!trust.get().isTrusted(nanos)) {
            return Optional.of("no renewal was answered for "
                    + Duration.ofNanos(nanos - trust.get().sentNanos()).toMillis() + " ms");
        }
        return jump > settings.lease().checkEvery().toNanos() && local.hold() == Hold.HELD
                ? Optional.of(
                        "the wall clock jumped by " + Duration.ofNanos(jump).toMillis()
                                + " ms; the machine may have been suspended without the other clock noticing")
                : Optional.empty();
    }

    private void renew(Runnable then) {
        Optional<LeaseId> lease = local.lease();
        if (lease.isEmpty() || renewing) {
            return;
        }
        renewing = true;
        long sentNanos = now();
        lastRenewal = sentNanos;
        CompletableFuture<?> unused = etcd.keepAlive(lease.get())
                .whenComplete((left, failure) -> execute(() -> {
                    renewing = false;
                    if (failure != null) {
                        failed(failure);
                    } else if (!local.lease().equals(lease)) {
                        answered();
                    } else if (left.isPresent()) {
                        synchronized (this) {
                            trust = trust.map(known -> known.renewed(sentNanos));
                        }
                        renewed();
                        verifyLock();
                        then.run();
                    } else {
                        answered();
                        loseLease("etcd does not know it any more");
                    }
                    advance();
                }));
    }

    /**
     * A waiter looks where he stands whenever his lease was due. He is told of every change; but a server up to 3.5.14 drops
     * the news of a deletion when its history is compacted just there while a watch is reconnecting.
     */
    private void lookAgain() {
        if (local.ticket().isPresent()) {
            change(now -> now.moved(now.asOf()));
        }
    }

    /** Everybody may renew a lease; that proves nothing about a step that is refused. */
    private void renewed() {
        reached(reachability.answeredInPart(now(), settings.settledAfter()));
    }

    /** Rule E5: a lock whose key is gone is lost, even if the lease is not. */
    private void verifyLock() {
        Optional<Revision> held = local.lock();
        if (local.hold() != Hold.HELD) {
            return;
        }
        CompletableFuture<?> unused = etcd.read(Query.key(keys.lock()))
                .thenAccept(found -> execute(() -> {
                    boolean isThere = found.first().map(KeyValue::created).equals(held);
                    if (!isThere && local.lock().equals(held) && local.hold() == Hold.HELD) {
                        loseLease("somebody else deleted the lock's key");
                        advance();
                    }
                }));
    }

    private @Nullable Void loseLease(String reason) {
        story.accept(new LockEvent.LeaseLost(reason));
        forsaken = local.lease();
        synchronized (this) {
            trust = Optional.empty();
        }
        change(LockLocal::leaseEnded);
        return null;
    }

    // Calls.

    /**
     * A guarded write: not answered means in doubt, and so does a session key that is not as we left it. In doubt the session
     * is opened anew, which reads what is ours: what hangs on our lease, and nothing else (rule E2).
     */
    private void write(Transaction transaction, Session session, Consumer<TransactionOutcome> then) {
        call(etcd.commit(transaction), outcome -> {
            if (!local.session().equals(Optional.of(session))) {
                return; // the lease was given up in between, and all that hangs on it
            }
            if (outcome instanceof TransactionOutcome.LeaseGone) {
                loseLease("etcd does not know it any more");
            } else if (outcome instanceof TransactionOutcome.Declined declined && !isOurs(declined, session)) {
                tellOfDouble(declined, session);
                change(LockLocal::inDoubt);
            } else {
                then.accept(outcome);
            }
        });
    }

    /** Every guarded write reads the session key first when it is declined. */
    private static boolean isOurs(TransactionOutcome.Declined declined, Session session) {
        List<Listing> found = listings(declined.results());
        return !found.isEmpty()
                && found.get(0)
                        .first()
                        .filter(entry -> entry.modified().equals(session.written()))
                        .isPresent();
    }

    /** Our own process has only one lease at a time: whoever wrote the key under another one has our name. */
    private void tellOfDouble(TransactionOutcome.Declined declined, Session session) {
        boolean isDouble = listings(declined.results()).stream()
                .findFirst()
                .flatMap(Listing::first)
                .filter(entry -> isAlien(entry, session))
                .isPresent();
        if (isDouble && !toldOfDouble) {
            toldOfDouble = true;
            story.accept(new LockEvent.HasDouble(keys.owner()));
        }
    }

    /** The next step is taken when the answer, and what follows from it, is there; or after a while when it fails. */
    private <T> void call(CompletableFuture<T> answer, Consumer<T> then) {
        synchronized (this) {
            calling = true;
        }
        CompletableFuture<?> unused = answer.whenComplete((value, failure) -> execute(() -> {
            if (failure == null) {
                answered();
                synchronized (this) {
                    calling = false;
                }
                then.accept(value);
                advance();
            } else {
                failed(failure);
                timers.after(
                        pauseAfter(failure),
                        () -> execute(() -> {
                            synchronized (this) {
                                calling = false;
                            }
                            advance();
                        }));
            }
        }));
    }

    private Duration pauseAfter(Throwable failure) {
        if (reasonOf(failure) instanceof RollingOpsException.Refused) {
            return TRY_REFUSED_AGAIN;
        }
        return reachability.reach() == Reach.AWAY ? PROBE_EVERY : TRY_AGAIN;
    }

    private void answered() {
        reached(reachability.answered(now(), settings.settledAfter()));
    }

    private void failed(Throwable failure) {
        Throwable reason = reasonOf(failure);
        String why = String.valueOf(reason.getMessage());
        if (reachability.trouble().isEmpty()) {
            story.accept(new LockEvent.CallFailed(why)); // the next ones are no news until one is answered
        }
        if (reason instanceof RollingOpsException.Indeterminate) {
            change(LockLocal::inDoubt);
        } else if (reason instanceof RollingOpsException.InvalidRequest) {
            change(LockLocal::tooLarge);
        }
        long nanos = now();
        reached(reachability
                .failed(why, reason instanceof RollingOpsException.Refused, nanos)
                .judged(nanos, settings.awayAfter()));
    }

    private void judgeReach(long nanos) {
        reached(reachability.judged(nanos, settings.awayAfter()));
    }

    private void reached(Reachability now) {
        Reach before = reachability.reach();
        synchronized (this) {
            reachability = now;
            if (now.reach() == Reach.AWAY && before != Reach.AWAY) {
                local = local.cleanlinessUnknown();
            }
        }
        if (now.reach() == before) {
            return;
        }
        if (now.reach() == Reach.AWAY || before == Reach.AWAY) {
            story.accept(new LockEvent.ReachChanged(now.reach() != Reach.AWAY));
        }
        tellIfChanged();
    }

    private void change(UnaryOperator<LockLocal> change) {
        set(change);
        tellIfChanged();
    }

    /** What is told changes by itself, too: a lock is lost when its time is over, before anybody notices. */
    private void tellIfChanged() {
        boolean isNews;
        synchronized (this) {
            State now = state();
            isNews = !now.equals(told);
            told = now;
        }
        if (isNews) {
            listeners.forEach(Runnable::run);
        }
    }

    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            synchronized (this) {
                closed = true; // the host is closing
            }
        }
    }

    private long now() {
        return clock.boot().getAsLong();
    }

    private static Optional<Revision> createdUnder(Listing found, LeaseId lease) {
        return found.first()
                .filter(entry -> entry.lease().equals(Optional.of(lease)))
                .map(KeyValue::created);
    }

    private static List<Listing> found(TransactionOutcome outcome) {
        return outcome.fold(
                applied -> listings(applied.results()), declined -> listings(declined.results()), gone -> List.of());
    }

    private static List<Listing> listings(List<ActionResult> results) {
        return results.stream()
                .filter(ActionResult.Found.class::isInstance)
                .map(result -> ((ActionResult.Found) result).listing())
                .toList();
    }

    private static Throwable reasonOf(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private static String reason(Throwable failure) {
        return String.valueOf(reasonOf(failure).getMessage());
    }

    /** Hears of one key. */
    private final class Follower implements WatchListener {
        private final Bytes key;

        Follower(Bytes key) {
            this.key = key;
        }

        @Override
        public void changed(List<WatchEvent> events) {
            WatchEvent last = events.get(events.size() - 1);
            if (key.equals(keys.lock())) {
                change(now -> now.lockChanged(last instanceof WatchEvent.Deleted, last.revision()));
            } else {
                change(now -> ofPredecessor(now, events));
            }
            advance();
        }

        /** The first end of his ticket counts: what he writes after that is another one, and behind ours. */
        private LockLocal ofPredecessor(LockLocal now, List<WatchEvent> events) {
            for (WatchEvent event : events) {
                if (event instanceof WatchEvent.Deleted) {
                    return now.predecessorGone(event.revision());
                }
            }
            WatchEvent last = events.get(events.size() - 1);
            boolean isSameTicket = last instanceof WatchEvent.Written written
                    && written.entry().version() > 1;
            return isSameTicket ? now.predecessorHolds(last.revision()) : now.moved(last.revision());
        }

        @Override
        public void relisted(Listing listing) {
            change(now -> now.moved(listing.revision()));
            advance();
        }

        @Override
        public void ended(RollingOpsException reason) {
            failed(reason);
            synchronized (EtcdClusterLock.this) {
                watches.remove(key);
                local = local.unfollowed(key);
            }
            advance();
        }
    }
}
