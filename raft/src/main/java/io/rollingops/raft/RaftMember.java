// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.UnitName;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/**
 * One member of the Raft group.
 *
 * @param unit whose agent it is
 * @param host where the others reach it
 * @param port the same
 * @param voter whether it votes; others only follow
 */
public record RaftMember(UnitName unit, String host, int port, boolean voter) {
    private static final int PORT_MAX = 65_535;

    public RaftMember {
        if (host.isBlank() || port < 1 || port > PORT_MAX) {
            throw new IllegalArgumentException(
                    "'" + host + ":" + port + "' is not an address; write it like 10.0.0.5:7946");
        }
    }

    /** Whether it is reached on this machine alone. */
    boolean isLoopback() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** The name under which Raft knows the unit; the same rule as for owners in etcd. */
    static RaftPeerId peerId(UnitName unit) {
        return RaftPeerId.valueOf(unit.toString().replace('/', '-'));
    }

    RaftPeer peer() {
        return RaftPeer.newBuilder()
                .setId(peerId(unit))
                .setAddress(InetSocketAddress.createUnresolved(host, port))
                .setStartupRole(voter ? RaftPeerRole.FOLLOWER : RaftPeerRole.LISTENER)
                .build();
    }

    /** The member that Raft knows by that peer. */
    static RaftMember of(RaftPeer peer, boolean voter) {
        String address = peer.getAddress();
        int colon = address.lastIndexOf(':');
        return new RaftMember(
                unit(peer.getId()), address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)), voter);
    }

    /** The unit that Raft knows under that name. */
    static UnitName unit(RaftPeerId id) {
        String text = id.toString();
        int dash = text.lastIndexOf('-');
        return new UnitName(text.substring(0, dash), Integer.parseInt(text.substring(dash + 1)));
    }
}
