// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.Operation;
import io.rollingops.OperationQueue;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.schedule.Intent;
import java.time.Instant;

/**
 * What one unit has in its databag, and how it changes. All transitions of a unit's record are here, for every kind of
 * store; none of them looks at another unit.
 *
 * @param work what it has to do
 * @param answers what it answered
 * @param standing how it takes part
 */
public record UnitRecord(Work work, Answers answers, Standing standing) {

    /** A unit that has just joined. */
    public static final UnitRecord NEW = new UnitRecord(Work.NONE, Answers.NONE, Standing.NEW);

    /**
     * The record after a request, or this record when the request was merged into the last one in the queue because both
     * ask for the same work. An operation that has begun takes no request in: it may be past the point where it would
     * have served it (rule Q2).
     *
     * @param operation the request, as its requester stamped it
     * @param headBegun whether the head of the queue may be running
     */
    public UnitRecord requested(Operation operation, boolean headBegun) {
        boolean lastBegun = headBegun && queue().size() == 1;
        if (!lastBegun && queue().last().filter(operation::sameWorkAs).isPresent()) {
            return this;
        }
        return new UnitRecord(work.plus(operation), answers, standing);
    }

    /**
     * The record after the head ran under that grant: one answer settles the operation, the intent and the grant
     * together (rule X4). A retry beyond the operation's limit drops it.
     */
    public UnitRecord answered(long epoch, OperationResult result, String note, Instant at) {
        Operation tried = queue().head().orElseThrow().attemptedAgain();
        boolean again = result != OperationResult.RELEASE && !tried.isRetryLimitReached();
        Outcome outcome = new Outcome(tried.id(), kind(result, again), epoch, tried.attempt(), at, note);
        return new UnitRecord(
                again ? work.retrying(tried, retryIntent(result)) : work.withoutHead(),
                answers.plus(outcome),
                standing);
    }

    /** The record after the head could not be run under that grant and left the queue undone. */
    public UnitRecord dropped(long epoch, String note, Instant at) {
        Operation head = queue().head().orElseThrow().attemptedAgain();
        Outcome outcome = new Outcome(head.id(), Outcome.Kind.DROPPED, epoch, head.attempt(), at, note);
        return new UnitRecord(work.withoutHead(), answers.plus(outcome), standing);
    }

    /**
     * The record after the unit gave a grant back without running anything (rule X5).
     *
     * @param giveWay whether others shall go first next time
     */
    public UnitRecord notRun(long epoch, boolean giveWay, Instant at) {
        Intent next = giveWay ? Intent.RETRY_RELEASE : intent();
        return new UnitRecord(work.asking(next), answers.notRun(epoch, at), standing);
    }

    /** The record after the head may have begun and was stopped without a result (rule X6). */
    public UnitRecord interrupted() {
        return new UnitRecord(work.interruptedAgain(), answers, standing);
    }

    /**
     * The record after the unit's lease ended: it no longer holds on for a retry (rule C2).
     *
     * @param whileRunning whether the head may have been running
     */
    public UnitRecord leaseEnded(boolean whileRunning) {
        Work left = withoutHold();
        return new UnitRecord(whileRunning ? left.interruptedAgain() : left, answers, standing);
    }

    /** The record without the operation at that place of the queue, which nobody will run. */
    public UnitRecord withdrawn(int index) {
        return new UnitRecord(work.without(index), answers, standing);
    }

    /** The record after the unit said whether it wants grants; while it wants none it does not hold on (rule B2). */
    public UnitRecord ready(boolean nowReady) {
        return new UnitRecord(
                nowReady ? work : withoutHold(),
                answers,
                new Standing(nowReady, standing.protocol(), standing.backend(), standing.etcdCleanupNeeded()));
    }

    /** The record of a unit that ran another protocol, taken over by this one with all that it says. */
    public UnitRecord adopted() {
        return new UnitRecord(
                work,
                answers,
                new Standing(standing.ready(), Standing.PROTOCOL, standing.backend(), standing.etcdCleanupNeeded()));
    }

    /** Whether the unit follows this protocol. */
    public boolean isOurs() {
        return standing.protocol() == Standing.PROTOCOL;
    }

    public UnitRecord processedBy(ProcessingBackend backend, boolean cleanupNeeded) {
        return new UnitRecord(
                work, answers, new Standing(standing.ready(), standing.protocol(), backend, cleanupNeeded));
    }

    public Intent intent() {
        return work.intent();
    }

    public OperationQueue queue() {
        return work.queue();
    }

    public long doneEpoch() {
        return answers.doneEpoch();
    }

    public boolean isReady() {
        return standing.ready();
    }

    public ProcessingBackend backend() {
        return standing.backend();
    }

    private Work withoutHold() {
        return intent() == Intent.RETRY_HOLD ? work.asking(Intent.RETRY_RELEASE) : work;
    }

    private static Intent retryIntent(OperationResult result) {
        return result == OperationResult.RETRY_HOLD ? Intent.RETRY_HOLD : Intent.RETRY_RELEASE;
    }

    private static Outcome.Kind kind(OperationResult result, boolean again) {
        return switch (result) {
            case RELEASE -> Outcome.Kind.RELEASED;
            case RETRY_RELEASE -> again ? Outcome.Kind.RETRY_RELEASE : Outcome.Kind.DROPPED;
            case RETRY_HOLD -> again ? Outcome.Kind.RETRY_HOLD : Outcome.Kind.DROPPED;
        };
    }
}
