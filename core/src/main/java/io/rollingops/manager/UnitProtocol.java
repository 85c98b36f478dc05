// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.manager.UnitStep.Rest;
import io.rollingops.manager.UnitStep.Run;
import io.rollingops.manager.UnitStep.Send;
import io.rollingops.manager.UnitStep.Why;
import io.rollingops.peer.Grant;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.schedule.Intent;
import io.rollingops.spi.ClusterLock;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * Decides what a unit does next, from what it sees of the store and what its process knows. Knows no clock, no store and
 * no thread; an agent, a hook and the simulation ask it the same question, carry the answer out and ask again.
 *
 * <ol>
 *   <li>An answer that is known is recorded, whatever else has happened; the store judges whether it still counts.
 *   <li>While a callback runs there is nothing to decide, except that one which keeps its slot needs a lease again when
 *       it was lost.
 *   <li>A cluster-wide lock whose operation is recorded is given back at once, whatever the unit knows of the next grant
 *       (E1, E3).
 *   <li>Without being a member and without a lease nothing begins.
 *   <li>What the store agreed to start begins: the head of the queue as the store had it at that moment, not as a copy
 *       here shows it.
 *   <li>A grant of this unit is started, or given back when there is nothing to run. A unit that is processed by etcd
 *       takes the cluster-wide lock first, after the grant (E1); when that cannot be had the policy says what happens
 *       (B1, B2).
 *   <li>Without a grant the cluster-wide lock is given up, except over a retry-hold (E1, E3); and a unit that fell back
 *       returns to etcd from an empty queue, after cleaning up there (B3).
 * </ol>
 *
 * <p>So no callback begins without an open grant that the store itself confirmed for this unit and epoch (rules X1, X2),
 * whichever lock it runs under, and every grant gets one answer (X4, X5).
 */
public final class UnitProtocol {
    private final UnitName self;
    private final Duration leaseTtl;
    private final Predicate<String> holds;
    private final ClusterLossPolicy onLoss;

    /**
     * The protocol of one unit without a cluster-wide lock.
     *
     * @param self the unit
     * @param leaseTtl how long its leases live
     * @param holds whether a callback, by its id, keeps its slot although the unit's lease ends (rule L5)
     */
    public UnitProtocol(UnitName self, Duration leaseTtl, Predicate<String> holds) {
        this(self, leaseTtl, holds, ClusterLossPolicy.DEGRADE);
    }

    /**
     * The protocol of one unit.
     *
     * @param onLoss what to do while the cluster-wide lock cannot be had
     */
    public UnitProtocol(UnitName self, Duration leaseTtl, Predicate<String> holds, ClusterLossPolicy onLoss) {
        this.self = self;
        this.leaseTtl = leaseTtl;
        this.holds = holds;
        this.onLoss = onLoss;
    }

    /** The next step of a unit without a cluster-wide lock. */
    public UnitStep next(PeerSnapshot seen, UnitLocal local) {
        return next(seen, local, ClusterLock.State.NONE);
    }

    /** The next step. */
    public UnitStep next(PeerSnapshot seen, UnitLocal local, ClusterLock.State cluster) {
        if (local.attempt().isPresent()) {
            return attempting(local.attempt().get(), seen, local, cluster);
        }
        if (local.stopping()) {
            return stopping(local, cluster);
        }
        if (local.owesLock() && cluster.reach() != ClusterLock.Reach.NONE) {
            return new UnitStep.DropCluster();
        }
        if (!local.joined()) {
            return new Send(new PeerCommand.Join());
        }
        if (!local.leaseHeld()) {
            return new Send(local.openLease(leaseTtl, Optional.empty()));
        }
        if (seen.revision() < local.atLeast()) {
            return new Rest(Why.CATCHING_UP);
        }
        Optional<UnitRecord> record = seen.record(self);
        if (record.isEmpty()) {
            return new Rest(Why.NO_RECORD);
        }
        return seen.isGrantedTo(self)
                ? granted(seen.grant(), record.get(), local, cluster)
                : notGranted(seen.grant(), record.get(), local, cluster);
    }

    private UnitStep attempting(Attempt attempt, PeerSnapshot seen, UnitLocal local, ClusterLock.State cluster) {
        if (attempt instanceof Attempt.Ended ended) {
            return record(ended);
        } else if (attempt instanceof Attempt.GivingBack back) {
            return new Send(new PeerCommand.NotRun(back.epoch(), back.giveWay(), back.rests()));
        } else if (attempt instanceof Attempt.Running running) {
            return running(running, seen, local);
        } else if (attempt instanceof Attempt.Started started) {
            return begin(started, seen, local, cluster);
        }
        throw new AssertionError(attempt);
    }

    private static UnitStep record(Attempt.Ended ended) {
        if (ended.ending() instanceof Ending.Answered answered) {
            boolean rests = answered.pause() && answered.result() == OperationResult.RETRY_RELEASE;
            return new Send(new PeerCommand.Finish(
                    ended.epoch(), ended.operation(), answered.result(), answered.note(), rests));
        }
        if (ended.ending() instanceof Ending.Dropped dropped) {
            return new Send(new PeerCommand.Drop(ended.epoch(), ended.operation(), dropped.note()));
        }
        boolean rests = ended.ending() instanceof Ending.Interrupted interrupted && interrupted.pause();
        return new Send(new PeerCommand.NotRun(ended.epoch(), true, rests));
    }

    private UnitStep running(Attempt.Running running, PeerSnapshot seen, UnitLocal local) {
        boolean needsLease = !local.leaseHeld()
                && !local.stopping()
                && seen.kind() == PeerSnapshot.Kind.REPLICATED
                && holds.test(running.operation().callbackId());
        if (!needsLease) {
            return new Rest(Why.RUNNING);
        }
        // Not joined: the store refused the lease's number, since an opening without a reply had used it up.
        return local.joined()
                ? new Send(local.openLease(leaseTtl, Optional.of(running.epoch())))
                : new Send(new PeerCommand.Join());
    }

    private UnitStep begin(Attempt.Started started, PeerSnapshot seen, UnitLocal local, ClusterLock.State cluster) {
        boolean clustered = isProcessedByEtcd(seen);
        if (started.head().isEmpty() || !started.ready() || local.stopping()) {
            return new Send(new PeerCommand.NotRun(started.epoch(), false, false));
        } else if (clustered && cluster.hold() != ClusterLock.Hold.HELD) {
            return new Send(new PeerCommand.NotRun(started.epoch(), true, false)); // lost since it was asked for
        }
        return new Run(started.epoch(), started.head().get(), clustered ? cluster.token() : OptionalLong.empty());
    }

    private static UnitStep stopping(UnitLocal local, ClusterLock.State cluster) {
        if (cluster.hold() != ClusterLock.Hold.NONE) {
            return new UnitStep.DropCluster();
        }
        return local.leaseHeld() ? new Send(new PeerCommand.CloseLease(local.leaseId())) : new Rest(Why.STOPPED);
    }

    private UnitStep granted(Grant grant, UnitRecord record, UnitLocal local, ClusterLock.State cluster) {
        Optional<Operation> head = record.queue().head();
        if (head.isEmpty() || !record.isReady()) {
            return new Send(new PeerCommand.NotRun(grant.epoch(), false, false));
        }
        if (local.pausing()) {
            return record.intent() == Intent.RETRY_HOLD
                    ? new Rest(Why.PAUSING)
                    : new Send(new PeerCommand.NotRun(grant.epoch(), true, true));
        }
        if (record.backend() == ProcessingBackend.ETCD && cluster.hold() != ClusterLock.Hold.HELD) {
            return towardsClusterLock(grant, head.get(), cluster);
        }
        return new Send(
                new PeerCommand.Start(grant.epoch(), holds.test(head.get().callbackId())));
    }

    private UnitStep towardsClusterLock(Grant grant, Operation head, ClusterLock.State cluster) {
        if (cluster.reach() == ClusterLock.Reach.NONE) {
            return new Send(new PeerCommand.SetBackend(ProcessingBackend.PEER, true)); // it is no longer configured
        }
        if (cluster.reach() == ClusterLock.Reach.AWAY) {
            return onLoss == ClusterLossPolicy.DEGRADE
                    ? new Send(new PeerCommand.SetBackend(ProcessingBackend.PEER, true))
                    : new Send(new PeerCommand.NotRun(grant.epoch(), true, true));
        }
        return switch (cluster.hold()) {
            case NONE -> new UnitStep.WantCluster(head);
            case LOST -> new UnitStep.DropCluster();
            case WAITING, HELD -> new Rest(Why.WAITING_FOR_CLUSTER);
        };
    }

    private UnitStep notGranted(Grant grant, UnitRecord record, UnitLocal local, ClusterLock.State cluster) {
        boolean holdsOn = record.intent() == Intent.RETRY_HOLD && grant.unit().equals(Optional.of(self));
        if (cluster.hold() != ClusterLock.Hold.NONE && !holdsOn) {
            return new UnitStep.DropCluster();
        }
        boolean blocked = onLoss == ClusterLossPolicy.BLOCK
                && record.backend() == ProcessingBackend.ETCD
                && cluster.reach() == ClusterLock.Reach.AWAY;
        boolean wantsGrants = (!local.pausing() || record.intent() == Intent.RETRY_HOLD) && !blocked;
        if (record.isReady() != wantsGrants) {
            return new Send(new PeerCommand.SetReady(wantsGrants));
        }
        if (record.backend() == ProcessingBackend.PEER && record.queue().isEmpty()) {
            Optional<UnitStep> towardsEtcd = returning(record, cluster);
            if (towardsEtcd.isPresent()) {
                return towardsEtcd.get();
            }
        }
        return new Rest(local.pausing() ? Why.PAUSING : Why.NOT_GRANTED);
    }

    /** Rule B3. A unit that was never there has nothing to clean and need not wait until etcd has proved itself again. */
    private static Optional<UnitStep> returning(UnitRecord record, ClusterLock.State cluster) {
        boolean settled = cluster.reach() == ClusterLock.Reach.SETTLED;
        if (!record.standing().etcdCleanupNeeded()) {
            return settled || cluster.reach() == ClusterLock.Reach.REACHABLE
                    ? Optional.of(new Send(new PeerCommand.SetBackend(ProcessingBackend.ETCD, false)))
                    : Optional.empty();
        }
        if (!settled) {
            return Optional.empty();
        }
        return switch (cluster.cleanliness()) {
            case UNKNOWN -> Optional.of(new UnitStep.CleanCluster());
            case CLEANING -> Optional.empty();
            case CLEAN -> Optional.of(new Send(new PeerCommand.SetBackend(ProcessingBackend.ETCD, false)));
        };
    }

    private boolean isProcessedByEtcd(PeerSnapshot seen) {
        return seen.record(self)
                .filter(record -> record.backend() == ProcessingBackend.ETCD)
                .isPresent();
    }
}
