// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.RollingOpsException;
import io.rollingops.juju.HookCommands.Level;
import io.rollingops.manager.Explanation;
import io.rollingops.manager.SyncLock;
import io.rollingops.spi.ClusterLock;
import java.time.Duration;
import java.util.Optional;

/**
 * The lock in etcd, as one hook deals with it: how the unit gets its access to etcd ({@link EtcdRelation}), and its worker,
 * which has the lock ({@link UnitWorker}). In a charm without etcd there is nothing of that.
 */
final class SharedLock implements AutoCloseable {
    private final HookRuntime runtime;
    private final RollingOpsSettings settings;
    private final UnitFolder folder;
    private final Optional<EtcdRelation> relation;

    private Optional<UnitWorker> worker = Optional.empty();

    SharedLock(HookRuntime runtime, RollingOpsSettings settings, UnitFolder folder) {
        this.runtime = runtime;
        this.settings = settings;
        this.folder = folder;
        this.relation = settings.etcd().map(found -> new EtcdRelation(runtime, found, settings.peerRelation(), folder));
    }

    /** Whether the relation to etcd may need anything in the present hook. */
    boolean isObserved() {
        return relation.filter(EtcdRelation::isObserved).isPresent();
    }

    /** The endpoint whose relations will be asked for in the present hook. */
    Optional<String> endpoint() {
        return relation.flatMap(EtcdRelation::endpoint);
    }

    /** What even a unit that leaves does: forgets an etcd that it is no longer related to. */
    void forgetBroken() {
        relation.ifPresent(EtcdRelation::forgetBroken);
    }

    /**
     * Follows the relation to etcd.
     *
     * @param mayLead a refused commit must not take the result of a callback along, so the leader writes nothing else
     *     beside one
     * @return whether the leader has written something that the present hook must not mix with a grant
     */
    boolean follow(Hook hook, Optional<HookPeers> peers, boolean mayLead) {
        Optional<EtcdRelation.Peers> now = peers.map(found -> new EtcdRelation.Peers(
                found.relation(),
                found.leads(),
                runtime.data().application(found.relation(), runtime.self().application())));
        return relation.isPresent() && relation.get().advance(hook, now, mayLead);
    }

    /** Whether the unit has its access to etcd as this hook leaves it, and with that a worker. */
    boolean hasAccess() {
        return make().filter(UnitWorker::isNeeded).isPresent();
    }

    /** The lock, as far as the worker tells. */
    ClusterLock lock() {
        return worker().map(UnitWorker::lock).orElseGet(ClusterLock::none);
    }

    /** Whether this unit has the lock, whichever hook this is. */
    boolean isHeld() {
        return worker().filter(UnitWorker::holdsLock).isPresent();
    }

    /** Whether the worker answers, and will be told what this hook leaves behind. */
    boolean isHeard() {
        return worker().filter(UnitWorker::isHeard).isPresent();
    }

    /** What this unit, which has its application's grant, waits for in etcd; nothing when it waits for nothing there. */
    Optional<Explanation> explain() {
        return worker().flatMap(UnitWorker::explain);
    }

    /**
     * Takes the synchronous lock in etcd.
     *
     * @return nothing when etcd cannot be asked for it
     * @throws RollingOpsException.LockTimeout when somebody else has it for all that time
     */
    Optional<SyncLock> sync(Duration timeout) {
        return worker().flatMap(found -> found.sync(timeout));
    }

    /**
     * After everything has been handed to Juju: the worker decides from what this hook leaves behind whether another one
     * is needed, and when.
     *
     * @param peers empty when this hook has left nothing behind that concerns the worker
     * @param isLeaving whether the unit needs no worker any more
     */
    void end(Optional<HookPeers> peers, boolean isLeaving) {
        if (relation.isEmpty()) {
            return;
        }
        if (worker.filter(found -> !found.isNeeded()).isPresent()) {
            worker = Optional.empty(); // this hook may have got the unit its access to etcd, or have taken it
        }
        UnitWorker now = worker().orElseThrow();
        if (isLeaving || !now.isNeeded()) {
            now.stop();
        } else if (peers.isPresent()) {
            RelationId found = peers.get().relation();
            now.leave(new HookTraces(
                    runtime.data().unit(found, runtime.self()),
                    runtime.data().application(found, runtime.self().application()),
                    folder.isPausing(runtime.clock(), settings.pause().longest()),
                    now.finished()));
        }
    }

    private Optional<UnitWorker> worker() {
        if (worker.isEmpty()) {
            worker = make();
        }
        return worker;
    }

    private Optional<UnitWorker> make() {
        return settings.etcd()
                .map(found -> UnitWorker.of(runtime, found, folder, text -> runtime.log(Level.WARNING, text)));
    }

    /** In any case at the end of the process. */
    @Override
    public void close() {
        worker.ifPresent(UnitWorker::close);
    }
}
