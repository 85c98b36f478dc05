// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.ProcessingBackend;

/**
 * How a unit takes part.
 *
 * @param ready false while it wants no grant
 * @param protocol which protocol it follows; {@link #PROTOCOL} is this one, 0 the original's
 * @param backend under which lock its operations run
 * @param etcdCleanupNeeded whether its keys in etcd must be deleted before it returns there
 */
public record Standing(boolean ready, int protocol, ProcessingBackend backend, boolean etcdCleanupNeeded) {
    /** The number of this protocol in the databag; units without it get no grant. */
    public static final int PROTOCOL = 2;

    static final Standing NEW = new Standing(true, PROTOCOL, ProcessingBackend.PEER, false);
}
