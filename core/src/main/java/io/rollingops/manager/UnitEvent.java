// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.ProcessingBackend;
import io.rollingops.peer.PeerCommand;

/** What a unit tells its host while it works: the story of its operations, for a log. */
public sealed interface UnitEvent {

    /** A callback begins. */
    record Began(Operation operation, long epoch) implements UnitEvent {}

    /** A callback ended. */
    record Ended(OperationId operation, long epoch, Ending ending) implements UnitEvent {}

    /** A result is recorded in the store. */
    record Recorded(OperationId operation, long epoch) implements UnitEvent {}

    /** A result did not count: the store had given the slot away. The operation is still queued. */
    record NotRecorded(OperationId operation, long epoch, String reason) implements UnitEvent {}

    /** A grant is given back without running anything. */
    record GaveBack(long epoch) implements UnitEvent {}

    /** The unit waits for the cluster-wide lock, in order to run that operation. */
    record WaitsForCluster(OperationId operation) implements UnitEvent {}

    /** The cluster-wide lock was lost while a callback ran. */
    record ClusterLost(OperationId operation, ClusterLossPolicy policy) implements UnitEvent {}

    /** The unit's operations run under another lock from now on. */
    record Switched(ProcessingBackend to) implements UnitEvent {}

    /** The unit's lease is open; grants can come. */
    record LeaseOpened(String leaseId) implements UnitEvent {}

    /** The unit's lease cannot be relied upon any more. */
    record LeaseLost(String reason) implements UnitEvent {}

    /** The store did not answer; the unit tries again. */
    record StoreUnavailable(PeerCommand command, String reason) implements UnitEvent {}

    /** The store said no to something that the unit needs. */
    record StoreRefused(PeerCommand command, String reason) implements UnitEvent {}

    /** The journal on disk could not be written or read. */
    record JournalFailed(String reason) implements UnitEvent {}

    /** Something went wrong that should not; the unit tries again. */
    record Failed(RuntimeException failure) implements UnitEvent {}

    /** All is given up; the process can end. */
    record Stopped() implements UnitEvent {}
}
