// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.manager.UnitStep.Rest;
import io.rollingops.manager.UnitStep.Run;
import io.rollingops.manager.UnitStep.Send;
import io.rollingops.manager.UnitStep.Why;
import io.rollingops.peer.Grant;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Decides what a unit does next, from what it sees of the store and what its process knows. Knows no clock, no store and
 * no thread; an agent, a hook and the simulation ask it the same question, carry the answer out and ask again.
 *
 * <ol>
 *   <li>A result that is known is recorded, whatever else has happened; the store judges whether it still counts.
 *   <li>While a callback runs there is nothing to decide, except that one which keeps its slot needs a lease again when
 *       it was lost.
 *   <li>Without being a member and without a lease nothing begins.
 *   <li>What the store agreed to start begins: the head of the queue as the store had it at that moment, not as a copy
 *       here shows it.
 *   <li>A grant of this unit is started, or given back when there is nothing to run.
 * </ol>
 *
 * <p>So no callback begins without an open grant that the store itself confirmed for this unit and epoch (rules X1, X2),
 * and every grant gets one answer (X4, X5).
 */
public final class UnitProtocol {
    private final UnitName self;
    private final Duration leaseTtl;
    private final Predicate<String> holds;

    /**
     * The protocol of one unit.
     *
     * @param self the unit
     * @param leaseTtl how long its leases live
     * @param holds whether a callback, by its id, keeps its slot although the unit's lease ends (rule L5)
     */
    public UnitProtocol(UnitName self, Duration leaseTtl, Predicate<String> holds) {
        this.self = self;
        this.leaseTtl = leaseTtl;
        this.holds = holds;
    }

    /** The next step. */
    public UnitStep next(PeerSnapshot seen, UnitLocal local) {
        if (local.attempt().isPresent()) {
            Attempt attempt = local.attempt().get();
            if (attempt instanceof Attempt.Ended ended) {
                return record(ended);
            } else if (attempt instanceof Attempt.Running running) {
                return running(running, seen, local);
            } else if (attempt instanceof Attempt.Started started) {
                return begin(started, local);
            }
        }
        if (local.stopping()) {
            return local.leaseHeld() ? new Send(new PeerCommand.CloseLease(local.leaseId())) : new Rest(Why.STOPPED);
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
        return seen.isGrantedTo(self) ? granted(seen.grant(), record.get(), local) : notGranted(record.get(), local);
    }

    private UnitStep record(Attempt.Ended ended) {
        if (ended.ending() instanceof Ending.Answered answered) {
            boolean rests = answered.pause() && answered.result() == OperationResult.RETRY_RELEASE;
            return new Send(new PeerCommand.Finish(
                    ended.epoch(), ended.operation(), answered.result(), answered.note(), rests));
        }
        return new Send(new PeerCommand.NotRun(ended.epoch(), true));
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

    private UnitStep begin(Attempt.Started started, UnitLocal local) {
        boolean wanted = started.ready() && !local.stopping();
        return started.head()
                .filter(head -> wanted)
                .<UnitStep>map(head -> new Run(started.epoch(), head))
                .orElse(new Send(new PeerCommand.NotRun(started.epoch(), false)));
    }

    private UnitStep granted(Grant grant, UnitRecord record, UnitLocal local) {
        Optional<Operation> head = record.queue().head();
        if (head.isEmpty() || !record.isReady()) {
            return new Send(new PeerCommand.NotRun(grant.epoch(), false));
        }
        return local.pausing()
                ? new Rest(Why.PAUSING)
                : new Send(new PeerCommand.Start(
                        grant.epoch(), holds.test(head.get().callbackId())));
    }

    private static UnitStep notGranted(UnitRecord record, UnitLocal local) {
        if (local.pausing()) {
            return new Rest(Why.PAUSING);
        }
        return record.isReady() ? new Rest(Why.NOT_GRANTED) : new Send(new PeerCommand.SetReady(true));
    }
}
