// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.raft.CommandSender.Unknown;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.client.RaftClientRpc;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.LeaderNotReadyException;
import org.apache.ratis.protocol.exceptions.NotLeaderException;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/**
 * Takes envelopes to the leader that this member knows of: directly when it leads itself, else over the wire. While no
 * leader is known it waits until one is. Safe for several threads.
 */
final class RatisTransport {
    /** A leader that does not answer for so long is asked again, or another one by then. */
    private static final Duration ATTEMPT = Duration.ofMillis(600);

    private static final Duration AFTER_FAILURE = Duration.ofMillis(20);

    private final RaftServer server;
    private final MemberLinks links;
    private final RaftGroupId group;
    private final LoneLeader lone;
    private final ClientId clientId = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final Object leadership = new Object();

    private long leaderChanges;

    /**
     * Asks nobody yet.
     *
     * @param silence after which a follower counts as lost for its leader
     */
    RatisTransport(RaftServer server, MemberLinks links, RaftGroupId group, Duration silence) {
        this.server = server;
        this.links = links;
        this.group = group;
        this.lone = new LoneLeader(server, group, clientId, silence);
    }

    /** Another leader is known, or none. */
    void leaderChanged() {
        synchronized (leadership) {
            leaderChanges++;
            leadership.notifyAll();
        }
    }

    /** As {@link CommandSender.Transport#send}. */
    Optional<String> send(byte[] sealed, Duration limit) throws Unknown, InterruptedException {
        Optional<RaftServer.Division> division = division();
        Optional<DivisionInfo> info = division.map(RaftServer.Division::getInfo);
        Optional<RaftPeerId> leader = info.flatMap(known -> Optional.ofNullable(known.getLeaderId()));
        boolean notReady =
                info.filter(DivisionInfo::isLeader).isPresent() && !info.get().isLeaderReady();
        if (leader.isEmpty() || notReady) {
            awaitLeaderChange(Math.min(limit.toMillis(), ATTEMPT.toMillis() / 4));
            return Optional.empty();
        }
        Optional<RaftClientRpc> remote;
        try {
            remote = remote(leader.get());
        } catch (IOException e) {
            awaitLeaderChange(AFTER_FAILURE.toMillis()); // nothing was sent
            return Optional.empty();
        }
        Duration attempt = limit.compareTo(ATTEMPT) < 0 ? limit : ATTEMPT;
        RaftClientRequest request = request(sealed, leader.get());
        try {
            RaftClientReply reply = answer(request, remote).get(attempt.toNanos(), TimeUnit.NANOSECONDS);
            if (reply.isSuccess()) {
                return Optional.of(reply.getMessage().getContent().toString(StandardCharsets.UTF_8));
            }
            return notTaken(leader.get(), remote, reply.getException());
        } catch (ExecutionException e) {
            return notTaken(leader.get(), remote, e.getCause() == null ? e : e.getCause());
        } catch (IOException | TimeoutException e) {
            return notTaken(leader.get(), remote, e);
        }
    }

    /** The connection to the leader; nothing when this member leads. */
    private Optional<RaftClientRpc> remote(RaftPeerId leader) throws IOException {
        if (leader.equals(server.getId())) {
            return Optional.empty();
        }
        RaftConfiguration now = server.getDivision(group).getRaftConf();
        RaftPeer peer = Optional.ofNullable(now.getPeer(leader))
                .orElseThrow(() -> new IOException("the leader " + leader + " is not a member that is known here"));
        return Optional.of(links.to(peer, now.getAllPeers()));
    }

    private CompletableFuture<RaftClientReply> answer(RaftClientRequest request, Optional<RaftClientRpc> remote)
            throws IOException {
        return remote.isPresent()
                ? remote.get().sendRequestAsyncUnordered(request)
                : server.submitClientRequestAsync(request);
    }

    /** Sorts a failure: only some say for sure that the envelope is not in the log. */
    private Optional<String> notTaken(RaftPeerId leader, Optional<RaftClientRpc> remote, Throwable failure)
            throws Unknown, InterruptedException {
        // Without this a stream that has failed once stays closed.
        remote.ifPresent(connection -> connection.handleException(leader, failure, true));
        if (remote.isEmpty() && failure instanceof TimeoutException) {
            lone.commandUnanswered(calls.incrementAndGet());
        }
        awaitLeaderChange(AFTER_FAILURE.toMillis());
        if (failure instanceof LeaderNotReadyException) {
            return Optional.empty();
        }
        if (failure instanceof NotLeaderException) {
            // One that steps down says so of what stands in its log, too, and the next leader may carry that out.
            throw Unknown.disowned(leader + " leads no more", failure);
        }
        throw new Unknown("no answer from the leader " + leader + ": " + failure, failure);
    }

    private Optional<RaftServer.Division> division() {
        try {
            return Optional.of(server.getDivision(group));
        } catch (IOException e) {
            return Optional.empty(); // a joining member that was not called yet
        }
    }

    private RaftClientRequest request(byte[] sealed, RaftPeerId leader) {
        return RaftClientRequest.newBuilder()
                .setClientId(clientId)
                .setServerId(leader)
                .setGroupId(group)
                .setCallId(calls.incrementAndGet())
                .setMessage(Message.valueOf(UnsafeByteOperations.unsafeWrap(sealed)))
                .setType(RaftClientRequest.writeRequestType())
                .build();
    }

    private void awaitLeaderChange(long millis) throws InterruptedException {
        long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        synchronized (leadership) {
            long seen = leaderChanges;
            long left = millis;
            while (seen == leaderChanges && left > 0) {
                leadership.wait(left);
                left = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
            }
        }
    }
}
