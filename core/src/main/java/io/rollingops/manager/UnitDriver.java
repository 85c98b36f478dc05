// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.manager.UnitStep.Why;
import io.rollingops.peer.Member;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitLease;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.Journal;
import io.rollingops.spi.PeerStore;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Carries out what {@link UnitProtocol} decides, for a long-lived process: asks for the next step, takes it, asks again,
 * until there is nothing to do; and once more whenever something changed. All of it happens on the host's serial
 * executor, except that a callback is stopped on the thread that notices that its lock is lost.
 */
final class UnitDriver {
    /** How long one command may wait for its answer before the unit looks again. */
    private static final Duration SUBMIT_LIMIT = Duration.ofSeconds(5);

    private static final Duration RETRY_AFTER = Duration.ofMillis(300);
    private static final Duration REFUSED_RETRY_AFTER = Duration.ofSeconds(5);

    private final PeerStore store;
    private final ClusterLock cluster;
    private final UnitProtocol protocol;
    private final Callbacks callbacks;
    private final Host host;
    private final Journal journal;
    private final LeaseKeeper lease;
    private final UnitSettings settings;
    private final Consumer<UnitEvent> story;
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Set<LockSignal> guarded = ConcurrentHashMap.newKeySet();

    /* Of the serial executor alone. */
    private UnitLocal local;
    private int attempts;
    private Optional<Operation> begun = Optional.empty();
    private Doubles doubles;

    /* Written by the serial executor, read by whoever notices that the lock is lost. */
    private volatile Optional<CallbackRun> running = Optional.empty();
    private volatile Why resting = Why.CATCHING_UP;

    UnitDriver(
            PeerStore store,
            ClusterLock cluster,
            Callbacks callbacks,
            Host host,
            Journal journal,
            UnitSettings settings,
            Consumer<UnitEvent> story) {
        this.store = store;
        this.cluster = cluster;
        this.callbacks = callbacks;
        this.host = host;
        this.journal = journal;
        this.settings = settings;
        this.story = story;
        this.protocol =
                new UnitProtocol(store.self(), settings.lease().ttl(), callbacks::holds, settings.onClusterLoss());
        this.lease = new LeaseKeeper(store, settings.lease(), host.clock(), host.timers(), this::leaseLost);
        this.local = UnitLocal.begin(settings.process(), Optional.empty());
        this.doubles = new Doubles(settings.process(), Optional.empty());
    }

    /** Begins, and from then on follows the store. Returns at once. */
    void start() {
        post(begun -> UnitLocal.begin(settings.process(), unrecorded()));
        store.onChange(this::wake);
        cluster.onChange(this::clusterChanged);
    }

    /** Stops what runs and gives everything up; {@link UnitEvent.Stopped} tells when that is done. */
    void stop() {
        String reason = "the unit's process is stopping";
        running.ifPresent(run -> cancel(run, reason));
        guarded.forEach(signal -> signal.lose(reason));
        post(now -> {
            running.ifPresent(run -> cancel(run, reason)); // one may have begun in between
            return now.stop();
        });
    }

    /**
     * Has a signal told when the unit's lease is lost, for work outside callbacks.
     *
     * @return ends that; to be called when the work has ended
     */
    Runnable guard(LockSignal signal) {
        guarded.add(signal);
        lease.watch();
        if (!lease.isTrusted()) {
            signal.lose("the unit has no lease that can be relied upon");
        }
        return () -> {
            if (guarded.remove(signal)) {
                lease.stopWatching();
            }
        };
    }

    /** Why there is nothing to do at the moment; for status displays. */
    Why resting() {
        return resting;
    }

    /** Whether the callback that runs now runs on that thread. */
    boolean isRunningOn(Thread thread) {
        return running.filter(run -> run.isOn(thread)).isPresent();
    }

    /** Something changed: look again. Many calls may be answered by one look. */
    void wake() {
        if (woken.compareAndSet(false, true)) {
            execute(() -> {
                woken.set(false);
                lookAndAct();
            });
        }
    }

    private void post(UnaryOperator<UnitLocal> change) {
        execute(() -> {
            local = change.apply(local);
            lookAndAct();
        });
    }

    private void execute(Runnable task) {
        try {
            host.serial().execute(task);
        } catch (RejectedExecutionException e) {
            story.accept(new UnitEvent.Stopped()); // the host is closing; nothing will run any more
        }
    }

    private void lookAndAct() {
        try {
            advance();
        } catch (RuntimeException e) {
            story.accept(new UnitEvent.Failed(e));
            later(REFUSED_RETRY_AFTER);
        }
    }

    private void advance() {
        boolean more = true;
        while (more) {
            PeerSnapshot seen = store.snapshot();
            if (doubles.isBeatenBy(leaseOfThisUnit(seen))) {
                goAway();
                return;
            }
            UnitStep step = protocol.next(seen, local, cluster.state());
            if (step instanceof UnitStep.Send send) {
                if (send.command() instanceof PeerCommand.OpenLease) {
                    doubles = doubles.opening(leaseOfThisUnit(seen));
                }
                more = send(send.command());
            } else if (step instanceof UnitStep.Run run) {
                begin(run.epoch(), run.operation(), run.clusterToken());
            } else if (step instanceof UnitStep.WantCluster want) {
                story.accept(new UnitEvent.WaitsForCluster(want.operation().id()));
                cluster.want(want.operation());
            } else if (step instanceof UnitStep.DropCluster) {
                cluster.drop();
                local = local.lockGivenBack();
            } else if (step instanceof UnitStep.CleanCluster) {
                cluster.clean();
            } else if (step instanceof UnitStep.Rest rest) {
                rest(rest.why());
                more = false;
            }
        }
    }

    private Optional<String> leaseOfThisUnit(PeerSnapshot seen) {
        return Optional.ofNullable(seen.members().get(store.self()))
                .flatMap(Member::lease)
                .map(UnitLease::id);
    }

    /** Two that take the lease from each other would end each other's callbacks for ever. */
    private void goAway() {
        if (resting == Why.DOUBLE) {
            return;
        }
        rest(Why.DOUBLE);
        host.halt()
                .accept("another process of " + store.self() + " was running when this one began, and goes on;"
                        + " one process for each unit: stop the other one first, or give this one keys of its own");
    }

    private void rest(Why why) {
        boolean hasJustStopped = why == Why.STOPPED && resting != Why.STOPPED;
        resting = why;
        if (hasJustStopped) {
            story.accept(new UnitEvent.Stopped());
        }
    }

    private boolean send(PeerCommand.ByUnit command) {
        Optional<Attempt> attempt = local.attempt();
        local = local.sending(command);
        long sentNanos = host.clock().bootNanos();
        PeerStore.Answer answer;
        try {
            answer = store.submit(command, SUBMIT_LIMIT);
        } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
            story.accept(new UnitEvent.StoreUnavailable(command, String.valueOf(e.getMessage())));
            later(RETRY_AFTER);
            return false;
        }
        boolean pausedBefore = local.pausing();
        local = local.replied(command, answer.reply(), answer.revision());
        if (local.pausing() && !pausedBefore) {
            schedule(pauseAfter(command), () -> post(UnitLocal::paused));
        }
        return settle(command, answer.reply(), attempt, sentNanos);
    }

    /** What could not even begin is never tried in a circle, also where failed attempts are. */
    private Duration pauseAfter(PeerCommand command) {
        Duration configured = settings.pause().after(attempts);
        return command instanceof PeerCommand.NotRun && configured.compareTo(RETRY_AFTER) < 0
                ? RETRY_AFTER
                : configured;
    }

    /** What the process itself has to do about a reply; false when it is to wait before it goes on. */
    private boolean settle(PeerCommand command, PeerReply reply, Optional<Attempt> attempt, long sentNanos) {
        Optional<String> refusal =
                reply instanceof PeerReply.Refused refused ? Optional.of(refused.message()) : Optional.empty();
        if (command instanceof PeerCommand.OpenLease open && refusal.isEmpty()) {
            lease.opened(open.leaseId(), sentNanos);
            story.accept(new UnitEvent.LeaseOpened(open.leaseId()));
        } else if (command instanceof PeerCommand.CloseLease) {
            lease.closed();
        } else if (command instanceof PeerCommand.SetBackend set && refusal.isEmpty()) {
            story.accept(new UnitEvent.Switched(set.backend()));
        } else if (command instanceof PeerCommand.Finish finish) {
            finished(finish.operation(), finish.epoch(), finish.result(), refusal);
        } else if (command instanceof PeerCommand.Drop drop) {
            finished(drop.operation(), drop.epoch(), OperationResult.RELEASE, refusal); // etcd knows no "dropped"
        } else if (command instanceof PeerCommand.NotRun notRun) {
            attempt.filter(now -> now instanceof Attempt.Ended).ifPresent(ended -> forget());
            story.accept(new UnitEvent.GaveBack(notRun.epoch()));
        } else if (refusal.isPresent() && !(command instanceof PeerCommand.Start)) {
            story.accept(new UnitEvent.StoreRefused(command, refusal.get()));
            later(REFUSED_RETRY_AFTER);
            return command instanceof PeerCommand.OpenLease;
        }
        return true;
    }

    private void finished(OperationId operation, long epoch, OperationResult result, Optional<String> refusal) {
        forget();
        if (refusal.isEmpty()) {
            begun.filter(now -> now.id().equals(operation)).ifPresent(now -> cluster.finished(now.completed(result)));
        }
        story.accept(refusal.<UnitEvent>map(reason -> new UnitEvent.NotRecorded(operation, epoch, reason))
                .orElse(new UnitEvent.Recorded(operation, epoch)));
    }

    private void begin(long epoch, Operation operation, OptionalLong clusterToken) {
        if (!lease.isTrusted()) {
            if (lease.isHeld()) { // else it was lost just now, and whoever saw that tells why
                story.accept(new UnitEvent.LeaseLost(
                        "it could not be relied upon when operation " + operation.id() + " was about to begin"));
            }
            local = local.leaseLost();
            return;
        }
        try {
            journal.write(new Journal.Entry(operation.id(), epoch, Optional.empty(), ""));
        } catch (IOException e) {
            story.accept(new UnitEvent.JournalFailed("the journal cannot be written, so operation " + operation.id()
                    + " is not begun: " + e.getMessage()));
            local = local.began(epoch, operation).ended(new Ending.Interrupted(true));
            return;
        }
        local = local.began(epoch, operation);
        begun = Optional.of(operation);
        story.accept(new UnitEvent.Began(operation, epoch));
        attempts = operation.attempt() + 1;
        CallbackRun run = new CallbackRun(operation, new FencingToken(epoch, clusterToken), settings.pause());
        running = Optional.of(run);
        lease.watch();
        clusterChanged(); // it may have been lost in this very moment
        try {
            host.callbacks().execute(() -> {
                Ending ending = callbacks.call(operation, run);
                execute(() -> ended(operation, epoch, ending));
            });
        } catch (RejectedExecutionException e) {
            ended(operation, epoch, new Ending.Interrupted(true));
        }
    }

    private void ended(Operation operation, long epoch, Ending ending) {
        running = Optional.empty();
        lease.stopWatching();
        story.accept(new UnitEvent.Ended(operation.id(), epoch, ending));
        if (ending instanceof Ending.Answered answered) {
            try {
                journal.write(
                        new Journal.Entry(operation.id(), epoch, Optional.of(answered.result()), answered.note()));
            } catch (IOException e) {
                story.accept(new UnitEvent.JournalFailed("the result of operation " + operation.id()
                        + " is not in the journal, it goes to the store all the same: " + e.getMessage()));
            }
        }
        local = local.ended(ending);
        lookAndAct();
    }

    /** On a thread of the cluster-wide lock: it must not wait for the serial executor, which may be waiting for the store. */
    private void clusterChanged() {
        if (cluster.state().hold() == ClusterLock.Hold.LOST) {
            running.filter(CallbackRun::isClustered)
                    .filter(CallbackRun::loseClusterToken)
                    .ifPresent(this::clusterLost);
        }
        wake();
    }

    private void clusterLost(CallbackRun run) {
        story.accept(new UnitEvent.ClusterLost(run.operation().id(), settings.onClusterLoss()));
        if (settings.onClusterLoss() == ClusterLossPolicy.BLOCK) {
            cancel(run, "the cluster-wide lock is lost");
        }
    }

    /**
     * On the thread that noticed; it must not wait for the serial executor, which may be waiting for the store. What is to
     * be decided is queued first, so that the end of the callback is looked at with the lease known as lost.
     */
    private void leaseLost(String reason) {
        post(now -> {
            cancelUnlessHeld(reason); // one may have begun in between
            story.accept(new UnitEvent.LeaseLost(reason));
            return now.leaseLost();
        });
        cancelUnlessHeld(reason);
        guarded.forEach(signal -> signal.lose(reason));
    }

    private void cancelUnlessHeld(String reason) {
        running.filter(run -> !callbacks.holds(run.operation().callbackId())).ifPresent(run -> cancel(run, reason));
    }

    private void cancel(CallbackRun run, String reason) {
        if (run.hasEnded()) {
            return;
        }
        run.cancel(reason);
        Duration within = settings.lease().stopWithin();
        schedule(within, () -> {
            if (!run.hasEnded()) {
                host.halt()
                        .accept("operation " + run.operation().id() + " did not stop within " + within.toMillis()
                                + " ms after it was told to (" + reason + ")");
            }
        });
    }

    /** A result that an earlier process had written down; the store judges whether it still counts. */
    private Optional<Attempt.Ended> unrecorded() {
        try {
            return journal.read()
                    .filter(entry -> entry.result().isPresent())
                    .map(entry -> new Attempt.Ended(
                            entry.epoch(),
                            entry.operation(),
                            new Ending.Answered(entry.result().get(), entry.note(), false)));
        } catch (IOException e) {
            story.accept(new UnitEvent.JournalFailed("the journal cannot be read: " + e.getMessage()));
            return Optional.empty();
        }
    }

    private void forget() {
        try {
            journal.clear();
        } catch (IOException e) {
            story.accept(new UnitEvent.JournalFailed("the journal cannot be cleared: " + e.getMessage()));
        }
    }

    private void later(Duration delay) {
        schedule(delay, this::wake);
    }

    private void schedule(Duration delay, Runnable action) {
        try {
            Future<?> unused = host.timers().schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            story.accept(new UnitEvent.Stopped()); // the host is closing; nothing will run any more
        }
    }
}
