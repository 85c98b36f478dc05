// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.raft.RaftMember;

/** Reads {@code host:port} as a user types it. */
final class Addresses {
    private Addresses() {}

    static RaftMember member(UnitName unit, String address, boolean voter) {
        int colon = address.lastIndexOf(':');
        try {
            if (colon < 1) {
                throw new IllegalArgumentException("it has no port");
            }
            int port = Integer.parseInt(address.substring(colon + 1));
            return new RaftMember(unit, address.substring(0, colon), port, voter);
        } catch (IllegalArgumentException e) {
            throw new RollingOpsException.InvalidRequest(
                    "'" + address + "' is not the address of " + unit + "; write it like 10.0.0.5:7946", e);
        }
    }
}
