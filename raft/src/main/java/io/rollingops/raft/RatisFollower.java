// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;

/** A member of Ratis for {@link LeaderLoss}. */
final class RatisFollower implements LeaderLoss.Member {
    /** A machine that does not even refuse within this time is left to the election times. */
    private static final Duration PROBE = Duration.ofMillis(300);

    /** A process that ends closes one thing after the other; its listener may outlive its connections by a moment. */
    private static final int PROBES = 5;

    private final System.Logger logger = System.getLogger(LeaderLoss.class.getName());
    private final RaftServer server;
    private final RaftGroupId group;

    RatisFollower(RaftServer server, RaftGroupId group) {
        this.server = server;
        this.group = group;
    }

    @Override
    public Optional<LeaderLoss.Following> following() {
        try {
            RaftServer.Division division = server.getDivision(group);
            DivisionInfo info = division.getInfo();
            long term = info.getCurrentTerm();
            RaftPeerId leader = info.getLeaderId();
            if (!info.isFollower() || leader == null || leader.equals(server.getId())) {
                return Optional.empty();
            }
            RaftPeer peer = division.getRaftConf().getPeer(leader);
            List<String> others = division.getRaftConf().getAllPeers().stream()
                    .map(voter -> voter.getId().toString())
                    .filter(id -> !id.equals(leader.toString()))
                    .sorted()
                    .toList();
            int rank = others.indexOf(server.getId().toString());
            if (peer == null || rank < 0) {
                return Optional.empty();
            }
            RaftMember at = RaftMember.of(peer, true);
            return Optional.of(new LeaderLoss.Following(term, new LeaderLoss.Address(at.host(), at.port()), rank));
        } catch (IOException e) {
            return Optional.empty(); // a joining member that was not called yet, or one that is closing
        }
    }

    /**
     * Only a refusal says that nobody is there. A stopped process, an overloaded one and a network that swallows everything
     * look alike, and may come back.
     */
    @Override
    public boolean isThere(LeaderLoss.Address address) {
        for (int i = 0; i < PROBES; i++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(address.host(), address.port()), (int) PROBE.toMillis());
                socket.setSoTimeout((int) PROBE.toMillis());
                if (socket.getInputStream().read() >= 0) {
                    return true;
                }
            } catch (ConnectException e) {
                return false;
            } catch (SocketTimeoutException e) {
                return true;
            } catch (IOException e) {
                logger.log(System.Logger.Level.DEBUG, "the leader took a connection and dropped it; asking again", e);
            }
        }
        return true;
    }

    /**
     * As if the leader had handed over to this member, which is what Ratis has a word for. Ratis refuses when this member is
     * not a follower in that term any more; voters refuse when its log is behind theirs.
     */
    @Override
    public void stand(long term) {
        try {
            RaftServer.Division division = server.getDivision(group);
            TermIndex last = division.getRaftLog().getLastEntryTermIndex();
            RaftPeerId leader = division.getInfo().getLeaderId();
            if (last == null || last.getTerm() != term || leader == null) {
                return; // the leader was lost before its first entry came here
            }
            logger.log(System.Logger.Level.DEBUG, "{0} has ended, {1} stands for election", leader, server.getId());
            server.startLeaderElection(StartLeaderElectionRequestProto.newBuilder()
                    .setServerRequest(RaftRpcRequestProto.newBuilder()
                            .setRequestorId(leader.toByteString())
                            .setReplyId(server.getId().toByteString())
                            .setRaftGroupId(org.apache.ratis.util.ProtoUtils.toRaftGroupIdProtoBuilder(group)))
                    .setLeaderLastEntry(last.toProto())
                    .build());
        } catch (IOException | RuntimeException e) {
            logger.log(System.Logger.Level.DEBUG, "no election now; the election times decide", e);
        }
    }
}
