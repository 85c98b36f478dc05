// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.peer.PeerCommand;

/** What a unit does next. */
public sealed interface UnitStep {

    /** Send that command to the peer store and look at its reply. */
    record Send(PeerCommand.ByUnit command) implements UnitStep {}

    /** Run the callback, now, if the lease can still be relied upon. */
    record Run(long epoch, Operation operation) implements UnitStep {}

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
        /** The last attempt failed; the next one comes after a pause. */
        PAUSING,
        /** The process has given everything up and can end. */
        STOPPED
    }
}
