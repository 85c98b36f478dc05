// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.client.RaftClientRpc;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/**
 * The connections to other members. A client of Ratis knows the members that it was built with and no others, so one
 * that does not know a member, or knows it under another address, is replaced. Safe for several threads.
 */
final class MemberLinks implements AutoCloseable {
    private final Function<Collection<RaftPeer>, RaftClient> build;
    private final Map<RaftPeerId, String> known = new HashMap<>();
    private Optional<RaftClient> client = Optional.empty();
    private boolean closed;

    /**
     * Without connections at first.
     *
     * @param build makes a client that knows those members
     */
    MemberLinks(Function<Collection<RaftPeer>, RaftClient> build) {
        this.build = build;
    }

    /**
     * What leads to a member.
     *
     * @param group all members as they are now, that one among them
     */
    synchronized RaftClientRpc to(RaftPeer member, Collection<RaftPeer> group) throws IOException {
        if (closed) {
            throw new IOException("this member is closed");
        }
        if (client.isEmpty() || !member.getAddress().equals(known.get(member.getId()))) {
            RaftClient next = build.apply(group);
            drop();
            client = Optional.of(next);
            group.forEach(peer -> known.put(peer.getId(), peer.getAddress()));
        }
        return client.get().getClientRpc();
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        drop();
    }

    private void drop() throws IOException {
        known.clear();
        if (client.isPresent()) {
            client.get().close();
            client = Optional.empty();
        }
    }
}
