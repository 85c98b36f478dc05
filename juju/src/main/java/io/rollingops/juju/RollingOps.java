// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.Operation;
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
import io.rollingops.manager.Callback;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.Explanation;
import io.rollingops.manager.HookPass;
import io.rollingops.manager.SyncLock;
import io.rollingops.manager.UnitEvent;
import io.rollingops.peer.Databags;
import io.rollingops.peer.LeaderTurn;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.SyncLockBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

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

    private static final String DYING = "dying";
    private static final long HALT_LOOKS_NANOS = 50_000_000;

    /** For so long after it was asked for, an answer about the leadership is relied upon. */
    private static final Duration LEADERSHIP_TRUSTED = Duration.ofSeconds(10);

    private static final Set<RelationPhase> OBSERVED_PHASES =
            EnumSet.of(RelationPhase.CREATED, RelationPhase.CHANGED, RelationPhase.DEPARTED);

    private final HookRuntime runtime;
    private final RollingOpsSettings settings;
    private final UnitFolder folder;
    private final Optional<EtcdRelation> etcd;

    private boolean looked;
    private Optional<Peers> peers = Optional.empty();
    private Optional<Operation> running = Optional.empty();
    private Optional<UnitWorker> worker = Optional.empty();

    /**
     * The peer relation, and whether this unit leads.
     *
     * @param askedNanos when that was asked
     */
    private record Peers(RelationId relation, JujuPeerStore store, boolean leads, long askedNanos) {}

    RollingOps(HookRuntime runtime, RollingOpsSettings settings, UnitFolder folder) {
        this.runtime = runtime;
        this.settings = settings;
        this.folder = folder;
        this.etcd = settings.etcd().map(found -> new EtcdRelation(runtime, found, settings.peerRelation(), folder));
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
        JujuPeerStore store = peers().orElseThrow(
                        () -> new RollingOpsException.NotReady("No " + settings.peerRelation() + " peer relation yet."))
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
                && (record.get().backend() == ProcessingBackend.PEER
                        || worker().filter(UnitWorker::holdsLock).isPresent());
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
     * The units whose databags are of another protocol, this one left out: they run the original library. They get no grant until they are upgraded, and lose nothing. A charm does well to name them in
     * its status.
     */
    public Set<UnitName> unitsToUpgrade() {
        return peers().map(now -> {
                    now.store().readOthers(others(now.relation()));
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
                    now.store().readOthers(others(now.relation()));
                    PeerSnapshot seen = now.store().snapshot();
                    boolean waitsForEtcd = seen.isGrantedTo(self())
                            && seen.record(self())
                                    .filter(record -> record.backend() == ProcessingBackend.ETCD)
                                    .isPresent();
                    return worker().filter(found -> waitsForEtcd)
                            .flatMap(UnitWorker::explain)
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
        if (running.isPresent()) {
            throw new RollingOpsException.InvalidRequest(
                    "a callback holds the lock already; asking for another one would keep it while it waits");
        }
        long askedNanos = runtime.clock().boot().getAsLong();
        Optional<SyncLock> shared = worker().flatMap(found -> found.sync(timeout));
        if (shared.isPresent()) {
            return shared.get();
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
        Peers now = peers().filter(Peers::leads)
                .orElseThrow(() -> new RollingOpsException.Refused(
                        self() + " does not lead " + self().application() + "; ask its leader"));
        runtime.data()
                .writeApplication(
                        now.relation(), LeaderTurn.forceRelease(now.store().databags(), unit, epoch));
        log(Level.WARNING, "grant taken by force unit=" + unit + " epoch=" + epoch);
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
        if ((isObserved() || etcd.filter(EtcdRelation::isObserved).isPresent()) && event() != Lifecycle.REMOVE) {
            peers();
        }
    }

    /** Knowing it later only saves waiting, so a full disk is no reason to fail. */
    private void remember(UnitName departed) {
        try {
            folder.departed(departed);
        } catch (UncheckedIOException e) {
            log(Level.WARNING, String.valueOf(e.getMessage()));
        }
    }

    /** After the handlers have returned: takes this unit's steps, or those of a leader. */
    void advance(Hook hook) {
        etcd.ifPresent(EtcdRelation::forgetBroken);
        if (folder.isLeaving()) {
            return;
        }
        if (peers.isEmpty()) {
            advanceEtcd(hook, false);
            return;
        }
        try {
            boolean ran = false;
            if (isObserved()) {
                peers.get().store().adopt();
                stopOriginalWorker(peers.get());
                ran = pass(peers.get(), hook);
            }
            boolean wroteForEtcd = advanceEtcd(hook, !ran);
            if (peers.get().leads() && !folder.isLeaving()) {
                lead(peers.get(), wroteForEtcd);
            }
        } catch (RollingOpsException.Corrupt e) {
            log(Level.ERROR, String.valueOf(e.getMessage()));
        }
    }

    /** After everything has been handed to Juju. */
    void end() {
        if (settings.etcd().isPresent()) {
            endWithWorker();
        }
        if (event() == Lifecycle.REMOVE) {
            folder.delete();
        }
    }

    /** The worker decides from what this hook leaves behind whether another one is needed, and when. */
    private void endWithWorker() {
        if (worker.filter(found -> !found.isNeeded()).isPresent()) {
            worker = Optional.empty(); // this hook may have got the unit its access to etcd, or have taken it
        }
        UnitWorker now = worker().orElseThrow();
        if (folder.isLeaving() || event() == Lifecycle.REMOVE || !now.isNeeded()) {
            now.stop();
        } else if (peers.isPresent()
                && (isObserved() || etcd.filter(EtcdRelation::isObserved).isPresent())) {
            now.leave(new HookTraces(
                    runtime.data().unit(peers.get().relation(), self()),
                    runtime.data().application(peers.get().relation(), self().application()),
                    folder.isPausing(runtime.clock(), settings.pause().longest()),
                    now.finished()));
        }
    }

    /** In any case at the end of the process. */
    void close() {
        worker.ifPresent(UnitWorker::close);
    }

    /** The unit's worker; nothing in a charm without etcd. */
    private Optional<UnitWorker> worker() {
        if (worker.isEmpty()) {
            worker = settings.etcd()
                    .map(found -> UnitWorker.of(runtime, found, folder, text -> log(Level.WARNING, text)));
        }
        return worker;
    }

    /** A refused commit must not take the result of a callback along, so the leader writes nothing else beside one. */
    private boolean advanceEtcd(Hook hook, boolean mayLead) {
        Optional<EtcdRelation.Peers> now = peers.map(found -> new EtcdRelation.Peers(
                found.relation(), found.leads(), runtime.data().application(found.relation(), self().application())));
        boolean isNeeded = etcd.isPresent() && (isObserved() || etcd.get().isObserved());
        return isNeeded && etcd.get().advance(hook, now, mayLead);
    }

    private boolean isObserved() {
        return rollHooks(settings).contains(event().hookName()) && !(event() instanceof CharmEvent.OnAction);
    }

    /** Callbacks run in few hooks only: those that tell of a grant, and the one that mends what was missed. */
    private boolean runsCallbacks() {
        return event().hookName().equals(RelationPhase.CHANGED.hook(settings.peerRelation()))
                || event().hookName().equals(GRANTED_HOOK)
                || event().hookName().equals(ETCD_FAILED_HOOK)
                || event() == Lifecycle.UPDATE_STATUS;
    }

    /** Whether it changed anything that others rely on. */
    private boolean pass(Peers now, Hook hook) {
        if (!runsCallbacks() || (now.store().snapshot().isGrantedTo(self()) && isDying())) {
            return false;
        }
        Map<String, String> before = runtime.data().unit(now.relation(), self());
        HookPass.Result result = new HookPass(
                        now.store(),
                        worker().map(UnitWorker::lock).orElseGet(ClusterLock::none),
                        callbacks(hook),
                        folder,
                        new HookPass.Rules(
                                settings.etcd().map(EtcdSettings::onLoss).orElse(ClusterLossPolicy.DEGRADE),
                                settings.pause(),
                                folder.isPausing(
                                        runtime.clock(), settings.pause().longest()),
                                this::haltUnlessEnded),
                        this::tell)
                .run();
        result.pauseFor().ifPresent(pause -> {
            folder.pause(runtime.clock(), pause);
            runtime.waker().wake(pause);
        });
        return !runtime.data().unit(now.relation(), self()).equals(before);
    }

    /**
     * A callback that does not stop although its lock is lost, with the hook's whole process (rule L4). Nothing has been
     * written to databags then, so the next hook finds the grant open.
     */
    private void haltUnlessEnded(BooleanSupplier hasEnded) {
        Duration within = settings.etcd().orElseThrow().stopWithin();
        Thread judge = new Thread(
                () -> {
                    long deadline = System.nanoTime() + within.toNanos();
                    while (!hasEnded.getAsBoolean() && System.nanoTime() - deadline < 0) {
                        LockSupport.parkNanos(HALT_LOOKS_NANOS);
                    }
                    if (!hasEnded.getAsBoolean()) {
                        Runtime.getRuntime().halt(1);
                    }
                },
                "rollingops-halt");
        judge.setDaemon(true);
        judge.start();
    }

    private void stopOriginalWorker(Peers now) {
        String number = runtime.data().unit(now.relation(), self()).getOrDefault(OriginalWorker.KEY, "");
        if (!number.isEmpty()) {
            if (OriginalWorker.stop(number, self())) {
                log(Level.INFO, "stopped the worker of the original library, process " + number);
            }
            runtime.data().writeUnit(now.relation(), Map.of(OriginalWorker.KEY, ""));
        }
    }

    private Map<String, Callback> callbacks(Hook hook) {
        Map<String, Callback> callbacks = new TreeMap<>();
        settings.callbacks().forEach((id, callback) -> callbacks.put(id, context -> callback.run(hook, context)));
        return callbacks;
    }

    /**
     * Whether this unit is being removed and has no hook yet that says so. The others may have been told already, and
     * what is dispatched through {@code juju-exec} comes before the unit's own departure (rule U1).
     */
    private boolean isDying() {
        boolean dying = runtime.commands()
                .ask(Query.goalUnits())
                .getOrDefault(self(), DYING)
                .equals(DYING);
        if (dying) {
            folder.leave();
        }
        return dying;
    }

    private void lead(Peers now, boolean wroteForEtcd) {
        boolean changedOwn = runtime.data().changesOwn(now.relation());
        if (isObserved() && !runtime.data().hasChanges() && !wroteForEtcd) {
            schedule(now);
        } else if (isObserved() || changedOwn || wroteForEtcd) {
            runtime.waker().wake(Duration.ZERO); // a hook that grants writes nothing else
        }
    }

    private void schedule(Peers now) {
        List<UnitName> others = others(now.relation());
        now.store().readOthers(others);
        Databags bags = now.store().databags();
        Optional<UnitName> grantee = bags.lastGrantee();
        if (grantee.isPresent() && !bags.units().containsKey(grantee.get()) && !hasLeft(grantee.get())) {
            log(Level.INFO, "no grant: nothing is known of unit=" + grantee.get() + " that was granted last");
            return;
        }
        Optional<LeaderTurn.Turn> turn =
                LeaderTurn.next(bags, runtime.clock().calendar().instant());
        if (turn.isEmpty()) {
            return;
        }
        boolean tooLate = runtime.clock().boot().getAsLong() - now.askedNanos() > LEADERSHIP_TRUSTED.toNanos();
        if (tooLate) {
            runtime.waker().wake(Duration.ZERO);
            return;
        }
        runtime.data().writeApplication(now.relation(), turn.get().changes());
        turn.get().granted().ifPresent(unit -> {
            log(
                    Level.INFO,
                    "granted unit=" + unit + " epoch=" + turn.get().changes().get("grant_epoch"));
            if (unit.equals(self()) && !isWokenByWorker(now)) {
                runtime.waker().wake(Duration.ZERO);
            }
        });
    }

    /** A worker that is told of the grant takes the lock, and then has the next hook dispatched. */
    private boolean isWokenByWorker(Peers now) {
        boolean onEtcd = now.store()
                .snapshot()
                .record(self())
                .filter(record -> record.backend() == ProcessingBackend.ETCD)
                .isPresent();
        return onEtcd && worker().filter(UnitWorker::isHeard).isPresent();
    }

    /**
     * Whether a unit that is not listed is gone for good, and not one that has come and is not known here yet: Juju tells
     * so in this hook or has told so, or the model does not mean to have it.
     */
    private boolean hasLeft(UnitName unit) {
        if (event() instanceof CharmEvent.OnRelation change
                && change.phase() == RelationPhase.DEPARTED
                && change.departing().equals(Optional.of(unit))) {
            return true;
        }
        NavigableMap<UnitName, String> meant = runtime.commands().ask(Query.goalUnits());
        return !meant.containsKey(unit)
                || (meant.getOrDefault(unit, "").equals(DYING)
                        && folder.departed().contains(unit));
    }

    private List<UnitName> others(RelationId relation) {
        return runtime.commands().ask(Query.relationUnits(relation));
    }

    private OperationQueue queue(UnitName unit) {
        if (peers().isEmpty()) {
            return OperationQueue.EMPTY;
        }
        JujuPeerStore store = peers().get().store();
        if (!unit.equals(self())) {
            List<UnitName> others = others(peers().get().relation());
            if (!others.contains(unit)) {
                throw new IllegalArgumentException(
                        unit + " does not belong to the peer relation; its units are " + others + " and " + self());
            }
            store.readOthers(List.of(unit));
        }
        return store.snapshot().record(unit).map(UnitRecord::queue).orElse(OperationQueue.EMPTY);
    }

    private Optional<Peers> peers() {
        if (!looked) {
            looked = true;
            peers = find();
        }
        return peers;
    }

    private Optional<Peers> find() {
        boolean atPeers = event() instanceof CharmEvent.OnRelation change
                && change.relation().endpoint().equals(settings.peerRelation());
        etcd.flatMap(EtcdRelation::endpoint)
                .ifPresent(endpoint ->
                        runtime.data().list(atPeers ? List.of(endpoint) : List.of(settings.peerRelation(), endpoint)));
        Optional<RelationId> relation = event() instanceof CharmEvent.OnRelation change && atPeers
                ? Optional.of(change.relation())
                : runtime.data().relations(settings.peerRelation()).stream().findFirst();
        if (relation.isEmpty()) {
            return Optional.empty();
        }
        long askedNanos = runtime.clock().boot().getAsLong();
        Query<Boolean> leads = Query.isLeader();
        Query<NavigableMap<String, String>> application =
                Query.applicationDatabag(relation.get(), self().application());
        Query<NavigableMap<String, String>> own = Query.unitDatabag(relation.get(), self());
        HookCommands.Answers answers = runtime.commands().ask(List.of(leads, application, own));
        runtime.data().haveRead(relation.get(), answers.to(own), answers.to(application));
        JujuPeerStore store = new JujuPeerStore(
                self(), runtime.data(), relation.get(), runtime.clock().calendar(), this::headBegun);
        return Optional.of(new Peers(relation.get(), store, answers.to(leads), askedNanos));
    }

    private boolean headBegun() {
        try {
            return running.isPresent()
                    || folder.read().filter(entry -> entry.result().isPresent()).isPresent();
        } catch (IOException e) {
            return true; // then nothing is merged, which is never wrong
        }
    }

    private void tell(UnitEvent event) {
        if (event instanceof UnitEvent.Began began) {
            running = Optional.of(began.operation());
            log(Level.INFO, "begin operation=" + began.operation().id() + " epoch=" + began.epoch());
        } else if (event instanceof UnitEvent.Ended ended) {
            running = Optional.empty();
            log(Level.INFO, "end operation=" + ended.operation() + " epoch=" + ended.epoch() + " " + ended.ending());
        } else if (event instanceof UnitEvent.NotRecorded lost) {
            log(
                    Level.WARNING,
                    "not recorded operation=" + lost.operation() + " epoch=" + lost.epoch() + ": " + lost.reason());
        } else if (event instanceof UnitEvent.ClusterLost lost) {
            log(Level.WARNING, "the lock in etcd is lost operation=" + lost.operation() + " policy=" + lost.policy());
        } else if (event instanceof UnitEvent.GaveBack back) {
            log(Level.INFO, "given back epoch=" + back.epoch());
        } else if (event instanceof UnitEvent.Switched to) {
            log(Level.INFO, "backend=" + to.to().wire());
        } else if (event instanceof UnitEvent.JournalFailed failed) {
            log(Level.WARNING, failed.reason());
        }
    }

    private void log(Level level, String message) {
        runtime.commands().log(level, "rollingops: " + message);
    }

    private CharmEvent event() {
        return runtime.context().event();
    }

    private UnitName self() {
        return runtime.context().unit();
    }
}
