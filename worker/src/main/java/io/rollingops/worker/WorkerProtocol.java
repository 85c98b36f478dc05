// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.juju.HookTraces;
import io.rollingops.juju.RollingOps;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.UnitLocal;
import io.rollingops.manager.UnitProtocol;
import io.rollingops.manager.UnitStep;
import io.rollingops.peer.Databags;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.spi.ClusterLock.Reach;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Decides what a worker does next. Knows no clock, no etcd, no Juju and no thread. It asks {@link UnitProtocol} what the
 * unit would do with the databags as the last hook left them, and
 *
 * <ol>
 *   <li>takes the steps itself that are about the lock in etcd,
 *   <li>has a hook dispatched for all others, since only a hook can write databags or run a callback,
 *   <li>and does nothing while that hook is on its way, so that the lock stays until the hook's answer is committed
 *       (rule E3). A hook that does not come, or fails again and again, keeps the lock from no other application.
 * </ol>
 *
 * <p>Databags may be older here than in Juju, and never newer than what a hook wanted to leave. The hook decides with
 * those that it reads; a hook too many finds nothing to do, and a change that nobody told the worker of has a hook of its
 * own.
 */
final class WorkerProtocol {
    /** After so many hooks that failed or did nothing, others get the lock in between. */
    static final int FRUITLESS_WITH_LOCK = 3;

    private static final Duration PAUSE_FIRST = Duration.ofSeconds(1);
    private static final Duration PAUSE_LONGEST = Duration.ofMinutes(5);

    private final UnitName self;
    private final UnitProtocol unit;

    WorkerProtocol(UnitName self, ClusterLossPolicy onEtcdLoss) {
        this.self = self;
        this.unit = new UnitProtocol(self, Duration.ZERO, id -> true, onEtcdLoss);
    }

    WorkerStep next(WorkerLocal local, ClusterLock.State lock) {
        boolean hasLock = lock.hold() != Hold.NONE;
        if (local.stopping() || local.lent()) {
            return hasLock && local.dispatch().filter(now -> now.begun()).isEmpty()
                    ? new WorkerStep.Drop(local.finished())
                    : new WorkerStep.Rest();
        }
        if (local.dispatch().isPresent()) {
            return local.dispatch().get().late() && hasLock
                    ? new WorkerStep.Drop(Optional.empty())
                    : new WorkerStep.Rest();
        }
        if (local.seen().isEmpty()) {
            // Nobody has been here since this process began; ask how things stand, once that can be of use.
            return lock.reach() == Reach.UNKNOWN ? new WorkerStep.Rest() : dispatch(local, lock);
        }
        return step(local, lock, local.seen().get());
    }

    /** How long to wait after so many hooks in a row that failed or did nothing. */
    static Duration pauseAfter(int fruitless) {
        Duration pause = PAUSE_FIRST;
        for (int i = 1; i < fruitless && pause.compareTo(PAUSE_LONGEST) < 0; i++) {
            pause = pause.multipliedBy(2);
        }
        return pause.compareTo(PAUSE_LONGEST) < 0 ? pause : PAUSE_LONGEST;
    }

    private WorkerStep step(WorkerLocal local, ClusterLock.State lock, HookTraces seen) {
        boolean givesWay = local.resting() && local.fruitless() >= FRUITLESS_WITH_LOCK;
        if (givesWay && lock.hold() != Hold.NONE) {
            return new WorkerStep.Drop(local.finished());
        }
        UnitStep next;
        try {
            Databags bags = new Databags(self, seen.application(), new TreeMap<>(Map.of(self, seen.unit())));
            next = unit.next(bags.snapshot(), local(seen), lock);
        } catch (RollingOpsException.Corrupt e) {
            return new WorkerStep.Rest(); // each hook says so in Juju's log
        }
        if (next instanceof UnitStep.WantCluster want) {
            return givesWay ? new WorkerStep.Rest() : new WorkerStep.Want(want.operation());
        } else if (next instanceof UnitStep.DropCluster) {
            return new WorkerStep.Drop(local.finished());
        } else if (next instanceof UnitStep.CleanCluster) {
            return new WorkerStep.Clean();
        }
        return next instanceof UnitStep.Rest ? new WorkerStep.Rest() : dispatch(local, lock);
    }

    private static WorkerStep dispatch(WorkerLocal local, ClusterLock.State lock) {
        if (local.resting()) {
            return new WorkerStep.Rest();
        }
        boolean isAway = lock.reach() == Reach.AWAY || lock.reach() == Reach.NONE;
        return new WorkerStep.Dispatch(isAway ? RollingOps.ETCD_FAILED_HOOK : RollingOps.GRANTED_HOOK);
    }

    private static UnitLocal local(HookTraces seen) {
        return new UnitLocal("worker", true, 0, true, 0, Optional.empty(), seen.isPausing(), false, false);
    }
}
