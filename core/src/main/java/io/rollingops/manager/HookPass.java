// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.Journal;
import io.rollingops.spi.PeerStore;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Carries out what {@link UnitProtocol} decides in a process that lives for one event: asks for the next step, takes it on
 * the calling thread and asks again, until there is nothing to do. For stores of databags, where a grant has no lease: it
 * stays open until it is answered, however often the process dies in between.
 *
 * <p>A result is in the journal before it goes into the store, and stays there: whether the store has it is known only
 * when a later process sees the grant answered. Until then each process records it again instead of running the callback
 * a second time (rule C1).
 */
public final class HookPass {
    /** No single event leads to more steps than these; more would be a circle. */
    private static final int STEPS_MAX = 64;

    private static final Duration SUBMIT_LIMIT = Duration.ofSeconds(5);

    private final PeerStore store;
    private final ClusterLock cluster;
    private final Callbacks callbacks;
    private final Journal journal;
    private final Rules rules;
    private final UnitProtocol protocol;
    private final Consumer<UnitEvent> story;

    private UnitLocal local;
    private Optional<CallbackRun> run = Optional.empty();
    private Optional<Duration> pauseFor = Optional.empty();
    private boolean answered;

    /**
     * What a pass has led to.
     *
     * @param answered whether a grant was answered, so that the next one can be made
     * @param pauseFor how long the unit waits until it wants grants again, if it waits
     * @param resting why there is nothing more to do
     */
    public record Result(boolean answered, Optional<Duration> pauseFor, UnitStep.Why resting) {}

    /**
     * How a unit behaves.
     *
     * @param onClusterLoss what it does while the cluster-wide lock cannot be had
     * @param pause how long it waits after a failed attempt
     * @param pausing whether it waits since an earlier process, before it tries again
     * @param stopping is given each callback that was told to stop since its lock is lost, as the question whether it
     *     has ended, on a thread that must not wait; ends the process if it does not in time (rule L4)
     */
    public record Rules(
            ClusterLossPolicy onClusterLoss, RetryPause pause, boolean pausing, Consumer<BooleanSupplier> stopping) {}

    /**
     * A pass of one unit.
     *
     * @param cluster may be told as lost while a callback runs, on a thread of its own
     * @param callbacks by id
     * @param story hears what happens, on the calling thread or, when the cluster-wide lock is lost, on the lock's
     */
    public HookPass(
            PeerStore store,
            ClusterLock cluster,
            Map<String, Callback> callbacks,
            Journal journal,
            Rules rules,
            Consumer<UnitEvent> story) {
        this.store = store;
        this.cluster = cluster;
        this.callbacks = new Callbacks(callbacks, Set.of());
        this.journal = journal;
        this.rules = rules;
        this.protocol = new UnitProtocol(store.self(), Duration.ZERO, id -> true, rules.onClusterLoss());
        this.story = story;
        this.local = new UnitLocal("hook", false, 0, false, 0, Optional.empty(), rules.pausing(), false, false);
    }

    /** Takes all steps that can be taken now. To be called once. */
    public Result run() {
        PeerSnapshot seen = store.snapshot();
        local = new UnitLocal(
                local.process(),
                false,
                0,
                false,
                0,
                unrecorded(seen).map(ended -> ended),
                local.pausing(),
                false,
                false);
        for (int steps = 0; steps < STEPS_MAX; steps++) {
            UnitStep step = protocol.next(store.snapshot(), local, cluster.state());
            if (step instanceof UnitStep.Rest rest) {
                return new Result(answered, pauseFor, rest.why());
            }
            take(step);
        }
        throw new IllegalStateException("a pass of " + store.self() + " goes in a circle: " + local);
    }

    private void take(UnitStep step) {
        if (step instanceof UnitStep.Send send) {
            send(send.command());
        } else if (step instanceof UnitStep.Run begin) {
            begin(begin.epoch(), begin.operation(), begin.clusterToken());
        } else if (step instanceof UnitStep.WantCluster want) {
            story.accept(new UnitEvent.WaitsForCluster(want.operation().id()));
            cluster.want(want.operation());
        } else if (step instanceof UnitStep.DropCluster) {
            cluster.drop();
            local = local.lockGivenBack();
        } else if (step instanceof UnitStep.CleanCluster) {
            cluster.clean();
        } else {
            throw new AssertionError(step);
        }
    }

    private void send(PeerCommand.ByUnit command) {
        local = local.sending(command);
        Optional<Operation> head = store.snapshot()
                .record(store.self())
                .flatMap(record -> record.queue().head());
        PeerReply reply = store.submit(command, SUBMIT_LIMIT).reply();
        boolean pausedBefore = local.pausing();
        local = local.replied(command, reply, 0);
        if (local.pausing() && !pausedBefore) {
            pauseFor = Optional.of(rules.pause()
                    .after(run.map(now -> now.operation().attempt() + 1).orElse(1)));
        }
        boolean refused = reply instanceof PeerReply.Refused;
        if (command instanceof PeerCommand.Finish finish) {
            finished(finish.operation(), finish.epoch(), reply, head, finish.result());
        } else if (command instanceof PeerCommand.Drop drop) {
            finished(drop.operation(), drop.epoch(), reply, head, OperationResult.RELEASE);
        } else if (command instanceof PeerCommand.NotRun notRun) {
            answered |= !refused;
            story.accept(new UnitEvent.GaveBack(notRun.epoch()));
        } else if (command instanceof PeerCommand.SetBackend set && !refused) {
            story.accept(new UnitEvent.Switched(set.backend()));
        } else if (reply instanceof PeerReply.Refused no && !(command instanceof PeerCommand.Start)) {
            throw new IllegalStateException(
                    "the databag of " + store.self() + " refuses " + command + ": " + no.message());
        }
    }

    /** What is shown in etcd of an operation that is dropped is what the original would show there. */
    private void finished(
            OperationId operation, long epoch, PeerReply reply, Optional<Operation> head, OperationResult shown) {
        if (reply instanceof PeerReply.Refused no) {
            story.accept(new UnitEvent.NotRecorded(operation, epoch, no.message()));
            forget();
            return;
        }
        answered = true;
        story.accept(new UnitEvent.Recorded(operation, epoch));
        head.filter(found -> found.id().equals(operation)).ifPresent(found -> cluster.finished(found.completed(shown)));
    }

    private void begin(long epoch, Operation operation, OptionalLong clusterToken) {
        local = local.began(epoch, operation);
        story.accept(new UnitEvent.Began(operation, epoch));
        CallbackRun now = new CallbackRun(operation, new FencingToken(epoch, clusterToken), rules.pause());
        run = Optional.of(now);
        Ending ending = call(now);
        story.accept(new UnitEvent.Ended(operation.id(), epoch, ending));
        if (ending instanceof Ending.Answered result) {
            note(new Journal.Entry(operation.id(), epoch, Optional.of(result.result()), result.note()));
        }
        local = local.ended(ending);
    }

    private Ending call(CallbackRun now) {
        Runnable unfollow = cluster.onChange(() -> clusterChanged(now));
        try {
            clusterChanged(now); // it may have been lost in this very moment
            return callbacks.call(now.operation(), now);
        } finally {
            unfollow.run();
        }
    }

    private void clusterChanged(CallbackRun now) {
        boolean isLost = cluster.state().hold() == ClusterLock.Hold.LOST;
        if (!isLost || !now.isClustered() || now.hasEnded() || !now.loseClusterToken()) {
            return;
        }
        story.accept(new UnitEvent.ClusterLost(now.operation().id(), rules.onClusterLoss()));
        if (rules.onClusterLoss() == ClusterLossPolicy.BLOCK) {
            now.cancel("the cluster-wide lock is lost");
            rules.stopping().accept(now::hasEnded);
        }
    }

    /** A result of an earlier process, unless the store shows that it has it or that it does not count any more. */
    private Optional<Attempt.Ended> unrecorded(PeerSnapshot seen) {
        Optional<Journal.Entry> entry;
        try {
            entry = journal.read().filter(written -> written.result().isPresent());
        } catch (IOException e) {
            story.accept(new UnitEvent.JournalFailed("the journal cannot be read: " + e.getMessage()));
            return Optional.empty();
        }
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        long done = seen.record(store.self()).map(UnitRecord::doneEpoch).orElse(0L);
        if (done >= entry.get().epoch()) {
            forget();
            return Optional.empty();
        }
        return Optional.of(new Attempt.Ended(
                entry.get().epoch(),
                entry.get().operation(),
                new Ending.Answered(
                        entry.get().result().orElseThrow(), entry.get().note(), false)));
    }

    private void note(Journal.Entry entry) {
        try {
            journal.write(entry);
        } catch (IOException e) {
            story.accept(new UnitEvent.JournalFailed("the result of operation " + entry.operation()
                    + " is not in the journal; it runs again if this hook fails: " + e.getMessage()));
        }
    }

    private void forget() {
        try {
            journal.clear();
        } catch (IOException e) {
            story.accept(new UnitEvent.JournalFailed("the journal cannot be cleared: " + e.getMessage()));
        }
    }
}
