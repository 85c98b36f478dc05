// SPDX-License-Identifier: Apache-2.0
package io.rollingops.spi;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import java.time.Duration;

/**
 * Where the units of an application keep their databags, as one unit sees it: a databag per unit that only that unit
 * writes, a databag of the application that only the leader writes, and the grant.
 *
 * <p>The store proves who sends a command, carries each command out at most once and atomically, and never after a later
 * one of the same unit. All methods may be called from any thread.
 */
public interface PeerStore {

    /** The unit for which commands are sent. */
    UnitName self();

    /**
     * The newest moment of the store that is known here. It may be old, and a later call never gives an older one. Does
     * not block.
     */
    PeerSnapshot snapshot();

    /**
     * Carries out a command of this unit. Blocks until there is an answer, at most for the given time. A no is an
     * answer, {@link PeerReply.Refused}; after any answer the command is durable or will never be carried out.
     *
     * @throws RollingOpsException.Unavailable when nothing was changed and the same command may go through later
     * @throws RollingOpsException.Indeterminate when it may have been carried out: read before sending another
     */
    Answer submit(PeerCommand command, Duration limit);

    /**
     * Calls the listener after every change that becomes visible in {@link #snapshot}, on a thread of the store; it must
     * return at once and must not call {@link #submit}. Several changes may be told as one.
     *
     * @return ends the listening; may be called more than once
     */
    Runnable onChange(Runnable listener);

    /**
     * An answer, and when it was given.
     *
     * @param reply what
     * @param revision the store's revision at that moment; {@link #snapshot} may still be older
     */
    record Answer(PeerReply reply, long revision) {}
}
