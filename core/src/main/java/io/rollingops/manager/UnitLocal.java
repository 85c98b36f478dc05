// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import java.time.Duration;
import java.util.Optional;

/**
 * What a unit's process knows that the store does not show it, and how that changes.
 *
 * @param process names this process, different for every start
 * @param joined whether the store has confirmed that the unit is a member
 * @param leases the number of the unit's last lease, of this process or an earlier one
 * @param leaseHeld whether this process opened it and can rely on it
 * @param atLeast the revision of the store that it has been told of; an older copy of the store proves nothing new
 * @param attempt what it is doing under a grant
 * @param pausing whether it waits before it tries again
 * @param stopping whether it is to give everything up
 * @param owesLock whether the cluster-wide lock has to be given back before anything else, since what it was held for is
 *     recorded: others of the cluster may be waiting for it, also when the next grant is this unit's again (rule E1)
 */
public record UnitLocal(
        String process,
        boolean joined,
        long leases,
        boolean leaseHeld,
        long atLeast,
        Optional<Attempt> attempt,
        boolean pausing,
        boolean stopping,
        boolean owesLock) {

    /**
     * A process that has just begun.
     *
     * @param process names it, different for every start
     * @param unrecorded a result that an earlier process of the unit had written down and may not have sent
     */
    public static UnitLocal begin(String process, Optional<Attempt.Ended> unrecorded) {
        return new UnitLocal(process, false, 0, false, 0, unrecorded.map(ended -> ended), false, false, false);
    }

    /** The id of the last lease. */
    public String leaseId() {
        return process + "-" + leases;
    }

    /** The command for a new lease; the same one until a reply to it is seen. */
    PeerCommand.OpenLease openLease(Duration ttl, Optional<Long> stillRunning) {
        return new PeerCommand.OpenLease(process + "-" + (leases + 1), leases + 1, ttl, stillRunning);
    }

    /** Before a command of {@link UnitProtocol} is sent: what it says about the attempt cannot be unsaid. */
    public UnitLocal sending(PeerCommand command) {
        return command instanceof PeerCommand.NotRun notRun
                ? attempting(new Attempt.GivingBack(notRun.epoch(), notRun.giveWay(), notRun.rests()))
                : this;
    }

    /**
     * After the store's reply to a command of {@link UnitProtocol}.
     *
     * @param command what was sent
     * @param reply what came back
     * @param revision the store's revision when it replied
     */
    public UnitLocal replied(PeerCommand command, PeerReply reply, long revision) {
        long known = Math.max(atLeast, revision);
        boolean done = !(reply instanceof PeerReply.Refused);
        if (command instanceof PeerCommand.Join) {
            return reply instanceof PeerReply.Joined now
                    ? new UnitLocal(process, true, now.leases(), leaseHeld, known, attempt, pausing, stopping, owesLock)
                    : new UnitLocal(process, false, leases, leaseHeld, known, attempt, pausing, stopping, owesLock);
        } else if (command instanceof PeerCommand.OpenLease) {
            // Refused: another process of the unit had a lease since; ask again where the numbers stand.
            return new UnitLocal(
                    process, done, done ? leases + 1 : leases, done, known, attempt, pausing, stopping, owesLock);
        } else if (command instanceof PeerCommand.CloseLease) {
            return new UnitLocal(process, joined, leases, false, known, attempt, pausing, stopping, owesLock);
        } else if (command instanceof PeerCommand.Start start) {
            Optional<Attempt> started = reply instanceof PeerReply.Started now
                    ? Optional.of(new Attempt.Started(start.epoch(), now.head(), now.ready()))
                    : Optional.empty();
            return new UnitLocal(process, joined, leases, leaseHeld, known, started, pausing, stopping, owesLock);
        } else if (command instanceof PeerCommand.Finish
                || command instanceof PeerCommand.Drop
                || command instanceof PeerCommand.NotRun) {
            return new UnitLocal(
                    process,
                    joined,
                    leases,
                    leaseHeld,
                    known,
                    Optional.empty(),
                    pausing || (done && pauses()),
                    stopping,
                    owesLock || endsTurn(command));
        }
        return new UnitLocal(process, joined, leases, leaseHeld, known, attempt, pausing, stopping, owesLock);
    }

    /** The cluster-wide lock is given back. */
    public UnitLocal lockGivenBack() {
        return new UnitLocal(process, joined, leases, leaseHeld, atLeast, attempt, pausing, stopping, false);
    }

    /** The lease can no longer be relied upon. What was about to begin does not; what runs is being stopped. */
    public UnitLocal leaseLost() {
        Optional<Attempt> left = attempt.filter(now -> !(now instanceof Attempt.Started));
        return new UnitLocal(process, joined, leases, false, atLeast, left, pausing, stopping, owesLock);
    }

    public UnitLocal began(long epoch, Operation operation) {
        return attempting(new Attempt.Running(epoch, operation));
    }

    /** The callback that was running has ended. */
    public UnitLocal ended(Ending ending) {
        if (!(attempt.orElseThrow() instanceof Attempt.Running running)) {
            throw new IllegalStateException("nothing was running: " + attempt);
        }
        return attempting(new Attempt.Ended(running.epoch(), running.operation().id(), ending));
    }

    public UnitLocal paused() {
        return new UnitLocal(process, joined, leases, leaseHeld, atLeast, attempt, false, stopping, owesLock);
    }

    public UnitLocal stop() {
        return new UnitLocal(process, joined, leases, leaseHeld, atLeast, attempt, pausing, true, owesLock);
    }

    /** Over a retry-hold the cluster-wide lock is kept. */
    private static boolean endsTurn(PeerCommand command) {
        return command instanceof PeerCommand.Drop
                || (command instanceof PeerCommand.Finish finish && finish.result() != OperationResult.RETRY_HOLD);
    }

    private boolean pauses() {
        if (attempt.isPresent() && attempt.get() instanceof Attempt.GivingBack back) {
            return back.rests();
        }
        return attempt.isPresent()
                && attempt.get() instanceof Attempt.Ended ended
                && ended.ending() instanceof Ending.Answered answered
                && answered.pause();
    }

    private UnitLocal attempting(Attempt now) {
        return new UnitLocal(
                process, joined, leases, leaseHeld, atLeast, Optional.of(now), pausing, stopping, owesLock);
    }
}
