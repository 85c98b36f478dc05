// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.OperationId;
import io.rollingops.OperationQueue;
import io.rollingops.ProcessingBackend;
import io.rollingops.RollingOpsException;
import io.rollingops.RollingOpsState;
import io.rollingops.RollingOpsStatus;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.HookCommands.Level;
import io.rollingops.manager.Explanation;
import io.rollingops.manager.SyncLock;
import io.rollingops.peer.LeaderTurn;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.SyncLockBackend;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * Rolling operations in a charm: what a handler calls, and what happens when all handlers of a hook have returned.
 *
 * <p>One hook does one of two things, never both. A unit whose grant was there when the hook began runs the head of its
 * queue and answers. A leader decides who is next, and then its hook writes nothing else: when the leadership was lost in
 * the meantime, Juju refuses the whole hook (rules X1, G3). Juju tells a unit nothing of its own writes, so where the
 * leader's own unit is concerned a small detached process has the next hook dispatched.
 */
public final class RollingOps {
    /** The hook that a unit has dispatched for itself. */
    public static final String GRANTED_HOOK = "rollingops_lock_granted";

    /** The hook that a unit's worker has dispatched when etcd is away. */
    public static final String ETCD_FAILED_HOOK = "rollingops_etcd_failed";

    private static final Set<RelationPhase> OBSERVED_PHASES =
            EnumSet.of(RelationPhase.CREATED, RelationPhase.CHANGED, RelationPhase.DEPARTED);

    private final HookRuntime runtime;
    private final RollingOpsSettings settings;
    private final UnitFolder folder;
    private final SharedLock shared;
    private final UnitTurn turn;
    private final Granting granting;

    private boolean looked;
    private Optional<HookPeers> peers = Optional.empty();

    RollingOps(HookRuntime runtime, RollingOpsSettings settings, UnitFolder folder) {
        this.runtime = runtime;
        this.settings = settings;
        this.folder = folder;
        this.shared = new SharedLock(runtime, settings, folder);
        this.turn = new UnitTurn(runtime, settings, folder, shared);
        this.granting = new Granting(runtime, folder, shared);
    }

    /** The hooks that rolling operations need besides actions. */
    static Set<String> observedHooks(RollingOpsSettings settings) {
        Set<String> hooks = new LinkedHashSet<>(rollHooks(settings));
        settings.etcd().ifPresent(etcd -> hooks.addAll(EtcdRelation.observedHooks(etcd)));
        return hooks;
    }

    /** The hooks in which units roll. */
    private static Set<String> rollHooks(RollingOpsSettings settings) {
        Set<String> hooks = new LinkedHashSet<>();
        OBSERVED_PHASES.forEach(phase -> hooks.add(phase.hook(settings.peerRelation())));
        hooks.addAll(List.of(
                Lifecycle.LEADER_ELECTED.hookName(),
                Lifecycle.UPDATE_STATUS.hookName(),
                Lifecycle.UPGRADE_CHARM.hookName(),
                Lifecycle.REMOVE.hookName(),
                GRANTED_HOOK));
        settings.etcd().ifPresent(etcd -> hooks.add(ETCD_FAILED_HOOK));
        return hooks;
    }

    /**
     * Queues an operation for this unit without arguments and without a limit on retries.
     *
     * @see #requestAsyncLock(String, Json.Obj, OptionalInt)
     */
    public OperationId requestAsyncLock(String callbackId) {
        return requestAsyncLock(callbackId, Json.Obj.EMPTY, OptionalInt.empty());
    }

    /**
     * Queues an operation for this unit, after its arguments were turned into JSON.
     *
     * @see #requestAsyncLock(String, Json.Obj, OptionalInt)
     */
    public OperationId requestAsyncLock(String callbackId, Map<String, ?> arguments, OptionalInt maxRetry) {
        try {
            return requestAsyncLock(callbackId, Json.ofMap(arguments), maxRetry);
        } catch (JsonException e) {
            throw new RollingOpsException.InvalidRequest("Failed to create the lock request: " + e.getMessage(), e);
        }
    }

    /**
     * Queues an operation for this unit. The request exists when the hook has succeeded; {@link #state} and {@link
     * #isWaiting()} know of it at once. A request for the same work as the last one in the queue is merged into it,
     * unless that one has begun.
     *
     * @param callbackId one of the registered callbacks
     * @param arguments what it is called with
     * @param maxRetry how often it may be tried again; empty for without limit, 0 for a single attempt
     * @return the operation that will do the work, the new one or the one that it was merged into
     * @throws RollingOpsException.InvalidRequest when it can never run: unknown callback, negative limit, too large
     * @throws RollingOpsException.NotReady when there is no peer relation yet
     * @throws RollingOpsException.Refused when the queue is full, or this unit is about to be removed
     * @throws RollingOpsException.Corrupt when the unit's databag cannot be understood
     */
    public OperationId requestAsyncLock(String callbackId, Json.Obj arguments, OptionalInt maxRetry) {
        if (!settings.callbacks().containsKey(callbackId)) {
            throw new RollingOpsException.InvalidRequest(
                    "Unknown callback_id: " + callbackId + "; registered are " + settings.callbackIds());
        }
        if (folder.isLeaving()) {
            throw new RollingOpsException.Refused(self() + " is being removed; it begins nothing any more");
        }
        JujuPeerStore store = peers().orElseThrow(() -> new RollingOpsException.NotReady(
                        "No " + settings.peerRelation() + " peer relation yet; it comes with "
                                + RelationPhase.CREATED.hook(settings.peerRelation()) + ", ask again then"))
                .store();
        store.adopt();
        PeerReply reply = store.submit(new PeerCommand.Request(callbackId, arguments, maxRetry), Duration.ZERO)
                .reply();
        if (reply instanceof PeerReply.Queued queued) {
            return Optional.ofNullable(queued.operations().get(self())).orElseThrow();
        }
        PeerReply.Refused refused = (PeerReply.Refused) reply;
        if (store.snapshot().record(self()).isEmpty()) {
            throw new RollingOpsException.Corrupt(refused.message());
        }
        throw refused.reason() == PeerReply.Reason.INVALID
                ? new RollingOpsException.InvalidRequest("Failed to create the lock request: " + refused.message())
                : new RollingOpsException.Refused(refused.message());
    }

    /** What this unit is doing. Changes nothing. */
    public RollingOpsState state() {
        Optional<PeerSnapshot> seen = peers().map(now -> now.store().snapshot());
        Optional<UnitRecord> record = seen.flatMap(now -> now.record(self()));
        if (record.isEmpty()) {
            return new RollingOpsState(RollingOpsStatus.NOT_READY, ProcessingBackend.PEER, OperationQueue.EMPTY);
        }
        OperationQueue queue = record.get().queue();
        boolean isGranted = seen.orElseThrow().isGrantedTo(self())
                && (record.get().backend() == ProcessingBackend.PEER || shared.isHeld());
        RollingOpsStatus status = isGranted
                ? RollingOpsStatus.GRANTED
                : queue.isEmpty() ? RollingOpsStatus.IDLE : RollingOpsStatus.WAITING;
        return new RollingOpsState(status, record.get().backend(), queue);
    }

    /** Whether this unit has work queued, or at it. */
    public boolean isWaiting() {
        return isWaiting(self());
    }

    /**
     * Whether a unit has work queued, or at it; false while there is no peer relation.
     *
     * @throws IllegalArgumentException when the unit does not belong to the peer relation
     */
    public boolean isWaiting(UnitName unit) {
        return !queue(unit).isEmpty();
    }

    /** Whether this unit has an operation of that callback queued, or at it. */
    public boolean isWaitingCallback(String callbackId) {
        return isWaitingCallback(callbackId, self());
    }

    /**
     * Whether a unit has an operation of that callback queued, or at it; false while there is no peer relation.
     *
     * @throws IllegalArgumentException when the unit does not belong to the peer relation
     */
    public boolean isWaitingCallback(String callbackId, UnitName unit) {
        return queue(unit).contains(callbackId);
    }

    /**
     * The units whose databags are of another protocol, this one left out: they run the original library. They get
     * no grant until they are upgraded, and lose nothing. A charm does well to name them in its status.
     */
    public Set<UnitName> unitsToUpgrade() {
        return peers().map(now -> {
                    now.store().readOthers(now.others(runtime.commands()));
                    Set<UnitName> units =
                            new TreeSet<>(LeaderTurn.unitsToUpgrade(now.store().databags()));
                    units.remove(self());
                    return units;
                })
                .orElseGet(Set::of);
    }

    /** What this unit waits for or does, in words for a person, and what that person can do. */
    public Explanation explain() {
        return peers().map(now -> {
                    now.store().readOthers(now.others(runtime.commands()));
                    PeerSnapshot seen = now.store().snapshot();
                    boolean waitsForEtcd = seen.isGrantedTo(self())
                            && seen.record(self())
                                    .filter(record -> record.backend() == ProcessingBackend.ETCD)
                                    .isPresent();
                    return (waitsForEtcd ? shared.explain() : Optional.<Explanation>empty())
                            .orElseGet(() -> Explanation.of(seen, self()));
                })
                .orElseGet(() -> new Explanation("there is no " + settings.peerRelation() + " peer relation yet", ""));
    }

    /**
     * Blocks until a lock is held, and returns it for a try-with-resources statement. The hook, and with it every other
     * hook of this machine, waits meanwhile.
     *
     * <p>With etcd it is the lock that the applications share: it excludes callbacks that run under that lock, and none
     * that runs on the peers. Without etcd, or while that is away, it is the one that the charm has registered, which
     * excludes nothing but itself.
     *
     * @param backendId one of the registered synchronous locks, for when etcd cannot be asked
     * @throws RollingOpsException.LockTimeout when it is not held after the given time
     * @throws RollingOpsException.InvalidRequest for an unknown id, and inside a callback
     */
    public SyncLock acquireSyncLock(String backendId, Duration timeout) throws InterruptedException {
        if (turn.isRunning()) {
            throw new RollingOpsException.InvalidRequest(
                    "a callback holds the lock already; asking for another one would keep it while it waits");
        }
        long askedNanos = runtime.clock().boot().getAsLong();
        Optional<SyncLock> inEtcd = shared.sync(timeout);
        if (inEtcd.isPresent()) {
            return inEtcd.get();
        }
        SyncLockBackend backend = settings.syncLocks().get(backendId);
        if (backend == null) {
            throw new RollingOpsException.InvalidRequest("Unknown synchronous lock: " + backendId + "; registered are "
                    + new TreeSet<>(settings.syncLocks().keySet())
                    + (settings.etcd().isPresent() ? ", and etcd cannot be asked for one at the moment" : ""));
        }
        Duration spent = Duration.ofNanos(runtime.clock().boot().getAsLong() - askedNanos);
        return SyncLock.acquire(backend, spent.compareTo(timeout) < 0 ? timeout.minus(spent) : Duration.ZERO);
    }

    /**
     * Takes a grant from a unit that does not answer, on an operator's word that its callback is not running there: for a
     * machine that is lost for good and not removed yet. To be called on the leader, in an action that does nothing else.
     *
     * @param epoch of the grant, as the operator has seen it
     * @throws RollingOpsException.Refused when this unit does not lead, or that grant is not open
     */
    public void forceRelease(UnitName unit, long epoch) {
        HookPeers now = peers().filter(HookPeers::leads)
                .orElseThrow(() -> new RollingOpsException.Refused(
                        self() + " does not lead " + self().application() + "; ask its leader"));
        runtime.data()
                .writeApplication(
                        now.relation(), LeaderTurn.forceRelease(now.store().databags(), unit, epoch));
        runtime.log(Level.WARNING, "grant taken by force unit=" + unit + " epoch=" + epoch);
    }

    /** Before any handler runs: what the hook itself tells, and the leadership before all databags (rule G3). */
    void begin() {
        if (event() instanceof CharmEvent.OnRelation change && change.phase() == RelationPhase.DEPARTED) {
            if (change.departing().equals(Optional.of(self()))) {
                folder.leave();
            } else if (change.relation().endpoint().equals(settings.peerRelation())) {
                change.remoteUnit().ifPresent(this::remember);
            }
        }
        if (isConcerned() && event() != Lifecycle.REMOVE) {
            peers();
        }
    }

    /** Knowing it later only saves waiting, so a full disk is no reason to fail. */
    private void remember(UnitName departed) {
        try {
            folder.departed(departed);
        } catch (UncheckedIOException e) {
            runtime.log(Level.WARNING, String.valueOf(e.getMessage()));
        }
    }

    /** After the handlers have returned: takes this unit's steps, or those of a leader. */
    void advance(Hook hook) {
        shared.forgetBroken();
        if (folder.isLeaving()) {
            return;
        }
        if (peers.isEmpty()) {
            followEtcd(hook, false);
            return;
        }
        try {
            boolean ran = false;
            if (isObserved()) {
                peers.get().store().adopt();
                turn.stopOriginalWorker(peers.get());
                ran = turn.pass(peers.get(), hook);
            }
            boolean wroteForEtcd = followEtcd(hook, !ran);
            if (waitsForNobody(peers.get())) {
                runtime.waker().wake(Duration.ZERO);
            }
            if (peers.get().leads() && !folder.isLeaving()) {
                granting.lead(peers.get(), isObserved(), wroteForEtcd);
            }
        } catch (RollingOpsException.Corrupt e) {
            runtime.log(Level.ERROR, String.valueOf(e.getMessage()));
        }
    }

    /** After everything has been handed to Juju. */
    void end() {
        shared.end(peers.filter(now -> isConcerned()), folder.isLeaving() || event() == Lifecycle.REMOVE);
        if (event() == Lifecycle.REMOVE) {
            folder.delete();
        }
    }

    /** In any case at the end of the process. */
    void close() {
        shared.close();
    }

    /**
     * Whether this hook ends with a grant for a unit that waits for the lock in etcd and has no worker any more: then
     * nobody would dispatch the hook in which it goes on over its peers.
     */
    private boolean waitsForNobody(HookPeers now) {
        PeerSnapshot seen = now.store().snapshot();
        return !turn.runsCallbacks()
                && seen.isGrantedTo(self())
                && seen.record(self())
                        .filter(record -> record.backend() == ProcessingBackend.ETCD)
                        .isPresent()
                && !shared.hasAccess();
    }

    private boolean followEtcd(Hook hook, boolean mayLead) {
        return isConcerned() && shared.follow(hook, peers, mayLead);
    }

    /** Whether the present hook is one of rolling operations, or of the relation to etcd. */
    private boolean isConcerned() {
        return isObserved() || shared.isObserved();
    }

    private boolean isObserved() {
        return rollHooks(settings).contains(event().hookName()) && !(event() instanceof CharmEvent.OnAction);
    }

    private OperationQueue queue(UnitName unit) {
        if (peers().isEmpty()) {
            return OperationQueue.EMPTY;
        }
        JujuPeerStore store = peers().get().store();
        if (!unit.equals(self())) {
            List<UnitName> others = peers().get().others(runtime.commands());
            if (!others.contains(unit)) {
                throw new IllegalArgumentException(
                        unit + " does not belong to the peer relation; its units are " + others + " and " + self());
            }
            store.readOthers(List.of(unit));
        }
        return store.snapshot().record(unit).map(UnitRecord::queue).orElse(OperationQueue.EMPTY);
    }

    private Optional<HookPeers> peers() {
        if (!looked) {
            looked = true;
            peers = HookPeers.find(runtime, settings.peerRelation(), shared.endpoint(), turn::headBegun);
        }
        return peers;
    }

    private CharmEvent event() {
        return runtime.event();
    }

    private UnitName self() {
        return runtime.self();
    }
}
