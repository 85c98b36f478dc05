// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A change that somebody asks of a peer store; each is one atomic step with its guard inside.
 *
 * <p>A unit's command does not name the unit: it acts on whoever sent it, so no unit can write another's databag. Who
 * sent it is for the store to prove.
 */
public sealed interface PeerCommand {

    /** What a unit asks for itself. */
    sealed interface ByUnit extends PeerCommand {}

    /** What only the unit that leads may ask. */
    sealed interface ByLeader extends PeerCommand {}

    /** What an operator asks of the application. */
    sealed interface ByOperator extends PeerCommand {}

    /**
     * The unit becomes a member; harmless when it is one. The answer, {@link PeerReply.Joined}, says how many leases it
     * has had, which a new process needs for {@link OpenLease}. Each process says it anew, since its release may be another.
     *
     * @param format the highest form of the state that its release knows, see {@link PeerState#format}
     */
    record Join(int format) implements ByUnit {
        /** As this release says it. */
        public Join() {
            this(StateCodec.FORMAT);
        }
    }

    /** The unit leaves for good; its open operations are abandoned (rule U1). */
    record Leave() implements ByUnit {}

    /**
     * A process of the unit opens its lease. That ends the lease of an earlier process and frees what it held (rule C1).
     * Each lease of a unit has a number of its own and numbers only grow: a late copy of this command from a process
     * that is dead must not end the lease of the living one.
     *
     * @param leaseId different for every lease
     * @param number greater than that of every earlier lease of the unit
     * @param ttl how long it lives without a keep-alive
     * @param stillRunning the epoch whose callback this same process still executes with {@code hold}; its slot is kept
     */
    record OpenLease(String leaseId, long number, Duration ttl, Optional<Long> stillRunning) implements ByUnit {}

    /** The process is alive; refused when its lease has ended. */
    record KeepAlive(String leaseId) implements ByUnit {}

    /** The process ends in good order; what it held is freed. */
    record CloseLease(String leaseId) implements ByUnit {}

    /**
     * Queue an operation for the unit (rules Q1 and Q2).
     *
     * @param callbackId which callback
     * @param arguments what to call it with
     * @param maxRetry how many retries; empty for without limit
     */
    record Request(String callbackId, Json.Obj arguments, OptionalInt maxRetry) implements ByUnit {}

    /**
     * The unit is about to run the head of its queue under that grant (rule X1). Granted becomes running; repeating is
     * harmless.
     *
     * @param epoch the grant
     * @param holds whether the slot is kept although the unit's lease ends (rule L5)
     */
    record Start(long epoch, boolean holds) implements ByUnit {}

    /**
     * The result of the head, the answer to the grant and what follows from both, in one step (rule X4).
     *
     * @param epoch the grant
     * @param operation what ran; refused when it is not the head
     * @param result what the callback answered
     * @param note what a person should know
     * @param rests whether the unit is not ready from now on, until it says so
     */
    record Finish(long epoch, OperationId operation, OperationResult result, String note, boolean rests)
            implements ByUnit {}

    /**
     * The grant is given back, nothing ran (rule X5).
     *
     * @param epoch the grant
     * @param giveWay whether others shall go first next time
     * @param rests whether the unit is not ready from now on, until it says so
     */
    record NotRun(long epoch, boolean giveWay, boolean rests) implements ByUnit {}

    /**
     * The unit answers a grant: it cannot run the head of its queue, now or later, so that leaves the queue undone.
     *
     * @param epoch the grant
     * @param operation what was to run
     * @param note why, for people
     */
    record Drop(long epoch, OperationId operation, String note) implements ByUnit {}

    /** Whether the unit wants grants. */
    record SetReady(boolean ready) implements ByUnit {}

    /** Under which lock the unit's operations run from now on. */
    record SetBackend(ProcessingBackend backend, boolean etcdCleanupNeeded) implements ByUnit {}

    /** Take an operation out of the queue that has not been started. */
    record Withdraw(OperationId operation) implements ByUnit {}

    /** Ask for a named lock; ask again with the same ticket to see whether it is had. */
    record TakeLock(String name, String ticket) implements ByUnit {}

    /** Give a named lock back, or stop waiting for it. */
    record DropLock(String name, String ticket) implements ByUnit {}

    /**
     * Change keys of the unit's databag that are not ours.
     *
     * @param expected the values that must stand there now; the empty text for a key that must not exist
     * @param changes the new values; the empty text deletes the key
     */
    record WriteUnit(Map<String, String> expected, Map<String, String> changes) implements ByUnit {
        public WriteUnit {
            expected = Map.copyOf(expected);
            changes = Map.copyOf(changes);
        }
    }

    /** The unit leads, in that term of the store; an older term is refused. */
    record Lead(long term) implements ByUnit {}

    /**
     * As {@link WriteUnit}, for the application's databag.
     *
     * @param expected the values that must stand there now
     * @param changes the new values
     */
    record WriteApplication(Map<String, String> expected, Map<String, String> changes) implements ByLeader {
        public WriteApplication {
            expected = Map.copyOf(expected);
            changes = Map.copyOf(changes);
        }
    }

    /** No keep-alive was applied for longer than the lease lives, since the one with that number (rule L2). */
    record Expire(UnitName unit, String leaseId, long keepAlives) implements ByLeader {}

    /** Queue an operation for several units in one step; they will take their turns in the order of their names. */
    record RequestFor(Set<UnitName> units, String callbackId, Json.Obj arguments, OptionalInt maxRetry)
            implements ByOperator {
        public RequestFor {
            units = Set.copyOf(units);
        }
    }

    /** Take an operation out of a unit's queue that has not been started. */
    record WithdrawFor(UnitName unit, OperationId operation) implements ByOperator {}

    /** The operator's word that the callback of that grant is not running (rules A8 and C3). */
    record ForceRelease(UnitName unit, long epoch) implements ByOperator {}

    /** The operator's word that the unit is gone for good (rule A8). */
    record Remove(UnitName unit) implements ByOperator {}

    /**
     * The operator's word that the unit may begin anew: its databag cannot be read, so it gets an empty one. What was
     * queued in it is lost; keys that are not ours are kept. Refused for a databag that can be read.
     */
    record Repair(UnitName unit) implements ByOperator {}

    /**
     * As {@link WriteApplication}, by an operator: so what he orders reaches the unit that leads, whichever agent he asks.
     *
     * @param expected the values that must stand there now
     * @param changes the new values
     */
    record WriteOrder(Map<String, String> expected, Map<String, String> changes) implements ByOperator {
        public WriteOrder {
            expected = Map.copyOf(expected);
            changes = Map.copyOf(changes);
        }
    }
}
