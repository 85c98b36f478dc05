// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.peer.PeerCommand;
import java.util.OptionalLong;

/** What a unit does next. */
public sealed interface UnitStep {

    /** Send that command to the peer store and look at its reply. */
    record Send(PeerCommand.ByUnit command) implements UnitStep {}

    /**
     * Run the callback, now, if the leases can still be relied upon.
     *
     * @param clusterToken the token of the cluster-wide lock when it is held; empty when it runs without
     */
    record Run(long epoch, Operation operation, OptionalLong clusterToken) implements UnitStep {}

    /** Ask for the cluster-wide lock, to run that operation. */
    record WantCluster(Operation operation) implements UnitStep {}

    /** Give the cluster-wide lock back, or want it no longer. */
    record DropCluster() implements UnitStep {}

    /** Remove what the unit left behind where the cluster-wide lock is, before it returns there. */
    record CleanCluster() implements UnitStep {}

    /** There is nothing to do until something changes. */
    record Rest(Why why) implements UnitStep {}

    /** Why there is nothing to do. */
    enum Why {
        /** The callback runs. */
        RUNNING,
        /** The copy of the store here is older than what this unit has already been told. */
        CATCHING_UP,
        /** The unit is not a member, or its databag cannot be read. */
        NO_RECORD,
        /** The unit does not have the grant. */
        NOT_GRANTED,
        /** The unit has the grant and waits for the cluster-wide lock. */
        WAITING_FOR_CLUSTER,
        /** The last attempt failed; the next one comes after a pause. */
        PAUSING,
        /** Another process of the unit lives, and was there before this one. */
        DOUBLE,
        /** The process has given everything up and can end. */
        STOPPED
    }
}
