// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.OperationId;
import io.rollingops.OperationQueue;
import io.rollingops.ProcessingBackend;
import io.rollingops.RollingOpsException;
import io.rollingops.RollingOpsState;
import io.rollingops.RollingOpsStatus;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.peer.Grant;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.CatchUp;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.Journal;
import io.rollingops.spi.PeerStore;
import io.rollingops.spi.SyncLockBackend;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * What a user of the library calls: asks for operations, follows their state, takes synchronous locks. It runs the
 * registered callbacks of one unit, one at a time and only while the unit has the application's grant.
 *
 * <pre>{@code
 * RollingOpsManager manager = RollingOpsManager.builder(store, host)
 *         .callback("restart", context -> restart() ? OperationResult.RELEASE : OperationResult.RETRY_RELEASE)
 *         .start();
 * manager.requestAsyncLock("restart");
 * }</pre>
 *
 * <p>All methods may be called from any thread, also from inside a callback (but for {@link #acquireSyncLock}).
 */
public final class RollingOpsManager {
    /** The id of the synchronous lock that a replicated store has itself. */
    public static final String NATIVE_SYNC_LOCK = "native";

    /** The lease of a unit's process, unless the builder is told otherwise: trusted for 23.4 s after a renewal. */
    public static final LeaseTerms DEFAULT_LEASE =
            new LeaseTerms(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(1));

    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(10);
    /** How long a request that is durable waits to be seen here. */
    private static final Duration SEEN_LIMIT = Duration.ofSeconds(5);

    private final PeerStore store;
    private final ClusterLock cluster;
    private final Callbacks callbacks;
    private final Map<String, SyncLockBackend> syncLocks;
    private final CatchUp catchUp;
    private final NativeSyncLock nativeSyncLock;
    private final NamedSyncLock namedSyncLock;
    private final UnitDriver driver;

    private RollingOpsManager(Builder builder) {
        this.store = builder.store;
        this.cluster = builder.cluster;
        this.syncLocks = Map.copyOf(builder.syncLocks);
        this.catchUp = new CatchUp(store, builder.host.clock().boot());
        this.nativeSyncLock = new NativeSyncLock(
                store, builder::nextTicket, builder.host.clock().boot());
        Map<String, Callback> all = new TreeMap<>(builder.callbacks);
        all.put(NativeSyncLock.CALLBACK, nativeSyncLock::hand);
        this.callbacks = new Callbacks(all, builder.holding);
        this.driver = new UnitDriver(
                store,
                builder.cluster,
                callbacks,
                builder.host,
                builder.journal,
                new UnitSettings(builder.process, builder.lease, builder.pause, builder.onClusterLoss),
                builder.story);
        this.namedSyncLock = new NamedSyncLock(store, builder::nextTicket, driver::guard, builder.host.clock());
    }

    /**
     * Begins to build a manager.
     *
     * @param store the unit's peer store
     * @param host what the program lends it
     * @param process names this process, different for every start of the unit on any machine, for example a random UUID
     */
    public static Builder builder(PeerStore store, Host host, String process) {
        return new Builder(store, host, process);
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
     * Queues an operation for this unit. When it returns, the request is durable, and {@link #state} and {@link
     * #isWaiting} know of it. A request for the same work as the last one in the queue is merged into it, unless that one
     * has begun.
     *
     * @param callbackId one of the registered callbacks
     * @param arguments what it is called with
     * @param maxRetry how often it may be tried again; empty for without limit, 0 for a single attempt
     * @return the operation that will do the work, the new one or the one that it was merged into
     * @throws RollingOpsException.InvalidRequest when it can never run: unknown callback, negative limit, too large
     * @throws RollingOpsException.NotReady when the unit is not yet a member of the peer store
     * @throws RollingOpsException.Refused when the queue is full
     * @throws RollingOpsException.Unavailable when the store cannot be reached; nothing was queued
     * @throws RollingOpsException.Indeterminate when it may have been queued; asking again is harmless while it waits
     */
    public OperationId requestAsyncLock(String callbackId, Json.Obj arguments, OptionalInt maxRetry) {
        if (!callbacks.contains(callbackId) || callbackId.startsWith(Callbacks.RESERVED_PREFIX)) {
            throw new RollingOpsException.InvalidRequest(
                    "Unknown callback_id: " + callbackId + "; registered are " + registered());
        }
        if (!store.snapshot().members().containsKey(store.self())) {
            throw new RollingOpsException.NotReady(
                    store.self() + " is not a member of the peer store yet; ask again when it is");
        }
        PeerStore.Answer answer = store.submit(new PeerCommand.Request(callbackId, arguments, maxRetry), REQUEST_LIMIT);
        PeerReply reply = answer.reply();
        if (reply instanceof PeerReply.Queued queued) {
            awaitSeen(answer.revision());
            return Optional.ofNullable(queued.operations().get(store.self())).orElseThrow();
        }
        PeerReply.Refused refused = (PeerReply.Refused) reply;
        throw refused.reason() == PeerReply.Reason.INVALID
                ? new RollingOpsException.InvalidRequest("Failed to create the lock request: " + refused.message())
                : new RollingOpsException.Refused(refused.message());
    }

    /**
     * Takes an operation of this unit out of its queue; one that runs is not touched.
     *
     * @throws RollingOpsException.Refused when it runs, or is not in the queue (any more)
     * @throws RollingOpsException.Unavailable when the store cannot be reached; nothing was withdrawn
     * @throws RollingOpsException.Indeterminate when it may have been withdrawn
     */
    public void withdraw(OperationId operation) {
        PeerStore.Answer answer = store.submit(new PeerCommand.Withdraw(operation), REQUEST_LIMIT);
        if (answer.reply() instanceof PeerReply.Refused refused) {
            throw new RollingOpsException.Refused(refused.message());
        }
        awaitSeen(answer.revision());
    }

    /**
     * What this unit is doing. Changes nothing and does not block. A unit that has its application's grant and waits for the
     * lock that applications share is waiting, not granted.
     */
    public RollingOpsState state() {
        PeerSnapshot seen = store.snapshot();
        Optional<UnitRecord> record = seen.record(store.self());
        if (record.isEmpty()) {
            return new RollingOpsState(RollingOpsStatus.NOT_READY, ProcessingBackend.PEER, OperationQueue.EMPTY);
        }
        OperationQueue queue = record.get().queue();
        RollingOpsStatus status = seen.isGrantedTo(store.self()) && !waitsForClusterLock(seen, record.get())
                ? RollingOpsStatus.GRANTED
                : queue.isEmpty() ? RollingOpsStatus.IDLE : RollingOpsStatus.WAITING;
        return new RollingOpsState(status, record.get().backend(), queue);
    }

    private boolean waitsForClusterLock(PeerSnapshot seen, UnitRecord record) {
        return seen.grant().phase() == Grant.Phase.GRANTED
                && record.backend() == ProcessingBackend.ETCD
                && cluster.state().hold() != ClusterLock.Hold.HELD;
    }

    /** Whether this unit has work queued, or at it. */
    public boolean isWaiting() {
        return isWaiting(store.self());
    }

    /**
     * Whether a unit has work queued, or at it.
     *
     * @throws IllegalArgumentException when the unit is not a member
     */
    public boolean isWaiting(UnitName unit) {
        return !queue(unit).isEmpty();
    }

    /** Whether this unit has an operation of that callback queued, or at it. */
    public boolean isWaitingCallback(String callbackId) {
        return isWaitingCallback(callbackId, store.self());
    }

    /**
     * Whether a unit has an operation of that callback queued, or at it.
     *
     * @throws IllegalArgumentException when the unit is not a member
     */
    public boolean isWaitingCallback(String callbackId, UnitName unit) {
        return queue(unit).contains(callbackId);
    }

    /**
     * Blocks until a lock is held, and returns it for a try-with-resources statement. The lock with the id {@link
     * #NATIVE_SYNC_LOCK} is the application's own grant and excludes every callback of the application, under a lock that
     * applications share theirs, too; other ids are those of the registered {@link SyncLockBackend}s, and each of these
     * excludes only those who take the same one, neither callbacks nor other applications.
     *
     * @throws RollingOpsException.LockTimeout when it is not held after the given time
     * @throws RollingOpsException.InvalidRequest for an unknown id, and inside a callback, which holds the lock already
     */
    public SyncLock acquireSyncLock(String backendId, Duration timeout) throws InterruptedException {
        if (driver.isRunningOn(Thread.currentThread())) {
            throw new RollingOpsException.InvalidRequest(
                    "a callback holds the lock already; asking for it again would wait for itself");
        }
        SyncLockBackend backend = syncLocks.get(backendId);
        if (backend != null) {
            return SyncLock.acquire(backend, timeout);
        }
        if (backendId.equals(NATIVE_SYNC_LOCK) && store.snapshot().kind() == PeerSnapshot.Kind.REPLICATED) {
            return nativeSyncLock.acquire(timeout);
        }
        throw new RollingOpsException.InvalidRequest("Unknown synchronous lock: " + backendId + "; registered are "
                + new TreeSet<>(syncLocks.keySet())
                + (store.snapshot().kind() == PeerSnapshot.Kind.REPLICATED ? " and " + NATIVE_SYNC_LOCK : ""));
    }

    /**
     * Blocks until a lock with that name is held, and returns it for a try-with-resources statement. Any name will do: such
     * locks are independent of each other and of the application's grant, and first come, first served among the units. A
     * replicated store has them.
     *
     * @throws RollingOpsException.LockTimeout when it is not held after the given time
     * @throws RollingOpsException.Refused when the store cannot have such a lock, or the unit has no live lease
     */
    public SyncLock acquireNamedLock(String name, Duration timeout) throws InterruptedException {
        if (store.snapshot().kind() != PeerSnapshot.Kind.REPLICATED) {
            throw new RollingOpsException.Refused("this peer store has no named locks");
        }
        return namedSyncLock.acquire(name, timeout);
    }

    /** Why the unit does nothing at the moment, for a status display. */
    public UnitStep.Why resting() {
        return driver.resting();
    }

    /**
     * Stops what runs, gives the lock up and ends the unit's lease; queued operations stay. Returns at once; {@link
     * UnitEvent.Stopped} tells when it is done.
     */
    public void stop() {
        driver.stop();
    }

    /** The request is durable already, so nothing that happens here is a failure of it. */
    private void awaitSeen(long revision) {
        try {
            catchUp.await(revision, SEEN_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private OperationQueue queue(UnitName unit) {
        PeerSnapshot seen = store.snapshot();
        if (!seen.members().containsKey(unit) && !unit.equals(store.self())) {
            throw new IllegalArgumentException(unit + " is not a member of the peer store; members are "
                    + seen.members().keySet());
        }
        return seen.record(unit).map(UnitRecord::queue).orElse(OperationQueue.EMPTY);
    }

    private Set<String> registered() {
        Set<String> ids = new TreeSet<>(callbacks.byId().keySet());
        ids.removeIf(id -> id.startsWith(Callbacks.RESERVED_PREFIX));
        return ids;
    }

    /** Assembles a {@link RollingOpsManager}; for one thread. */
    public static final class Builder {
        private final PeerStore store;
        private final Host host;
        private final String process;
        private final Map<String, Callback> callbacks = new TreeMap<>();
        private final Set<String> holding = new TreeSet<>();
        private final Map<String, SyncLockBackend> syncLocks = new TreeMap<>();
        private LeaseTerms lease = DEFAULT_LEASE;
        private RetryPause pause = RetryPause.NONE;
        private Journal journal = Journal.none();
        private ClusterLock cluster = ClusterLock.none();
        private ClusterLossPolicy onClusterLoss = ClusterLossPolicy.DEGRADE;
        private Consumer<UnitEvent> story = event -> {};
        private long ticketsGiven;

        private Builder(PeerStore store, Host host, String process) {
            this.store = store;
            this.host = host;
            this.process = process;
        }

        /** Registers a callback. */
        public Builder callback(String id, Callback callback) {
            if (id.isBlank() || id.startsWith(Callbacks.RESERVED_PREFIX) || callbacks.containsKey(id)) {
                throw new IllegalArgumentException(
                        "callback id '" + id + "' is blank, taken, or begins with '" + Callbacks.RESERVED_PREFIX + "'");
            }
            callbacks.put(id, callback);
            return this;
        }

        /**
         * Registers a callback of the host's own, with the id {@code rollingops.} and the name: it runs under the same lock
         * as all others, and {@link RollingOpsManager#requestAsyncLock} does not take requests for it.
         */
        public Builder ownCallback(String name, Callback callback) {
            String id = Callbacks.RESERVED_PREFIX + name;
            if (name.isBlank() || id.equals(NativeSyncLock.CALLBACK) || callbacks.putIfAbsent(id, callback) != null) {
                throw new IllegalArgumentException("callback id '" + id + "' is blank or taken");
            }
            return this;
        }

        /**
         * Registers a callback that keeps its slot although the unit's lease ends: it is never overlapped, and in return
         * nobody else gets a turn until this unit is back or an operator says that the callback is not running.
         */
        public Builder holdingCallback(String id, Callback callback) {
            callback(id, callback);
            holding.add(id);
            return this;
        }

        /** Registers a synchronous lock of the user's own. */
        public Builder syncLock(String id, SyncLockBackend backend) {
            if (id.equals(NATIVE_SYNC_LOCK) || syncLocks.putIfAbsent(id, backend) != null) {
                throw new IllegalArgumentException("synchronous lock id '" + id + "' is taken");
            }
            return this;
        }

        /** The times of the unit's lease, {@link #DEFAULT_LEASE} if not given. */
        public Builder lease(LeaseTerms terms) {
            this.lease = terms;
            return this;
        }

        /** How long the unit waits after a failed attempt, not at all if not given. */
        public Builder retryPause(RetryPause retryPause) {
            this.pause = retryPause;
            return this;
        }

        /** Where results are written down until the store has them, nowhere if not given. */
        public Builder journal(Journal resultJournal) {
            this.journal = resultJournal;
            return this;
        }

        /**
         * The lock that several applications share; none if not given.
         *
         * @param onLoss what the unit does while it cannot be had
         */
        public Builder clusterLock(ClusterLock lock, ClusterLossPolicy onLoss) {
            this.cluster = lock;
            this.onClusterLoss = onLoss;
            return this;
        }

        /** Who is told what happens; on threads of the host, and must return at once. */
        public Builder story(Consumer<UnitEvent> listener) {
            this.story = listener;
            return this;
        }

        /** Builds the manager and begins to take grants. */
        public RollingOpsManager start() {
            RollingOpsManager manager = new RollingOpsManager(this);
            manager.driver.start();
            return manager;
        }

        private synchronized String nextTicket() {
            return process + "-" + ++ticketsGiven;
        }
    }
}
