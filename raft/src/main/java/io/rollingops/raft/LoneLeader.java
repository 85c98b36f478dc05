// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;

/**
 * Lets a leader step down that has not heard from a majority for the longest election time. Ratis 3.3.0 does so by itself
 * only when nothing was written to the log for that time; a leader whose own unit tries a command again and again would lead
 * for ever, fill its log, and tell everybody that there is a leader.
 *
 * <p>Safe for several threads; returns at once.
 */
final class LoneLeader {
    private final System.Logger logger = System.getLogger(LoneLeader.class.getName());
    private final RaftServer server;
    private final RaftGroupId group;
    private final ClientId clientId;
    private final Duration silence;

    /**
     * Looks only when it is told to.
     *
     * @param clientId who asks the leader to step down
     * @param silence after which a follower counts as lost
     */
    LoneLeader(RaftServer server, RaftGroupId group, ClientId clientId, Duration silence) {
        this.server = server;
        this.group = group;
        this.clientId = clientId;
        this.silence = silence;
    }

    /** A command got no answer; call numbers are the caller's. */
    void commandUnanswered(long call) {
        try {
            RaftServer.Division division = server.getDivision(group);
            List<RaftPeer> voters = List.copyOf(division.getRaftConf().getAllPeers());
            if (lostMajority(division.getInfo().getRoleInfoProto(), voters, silence)) {
                logger.log(System.Logger.Level.DEBUG, "{0} heard from no majority, steps down", server.getId());
                Future<?> unused = server.transferLeadershipAsync(
                        new TransferLeadershipRequest(clientId, server.getId(), group, call, null, silence.toMillis()));
            }
        } catch (IOException e) {
            logger.log(System.Logger.Level.DEBUG, "cannot step down now", e);
        }
    }

    /** Pure. A leader that is new has not heard from anybody yet, and has just been voted for. */
    static boolean lostMajority(RoleInfoProto role, List<RaftPeer> voters, Duration silence) {
        if (!role.hasLeaderInfo() || role.getRoleElapsedTimeMs() < silence.toMillis()) {
            return false;
        }
        Set<String> heard = role.getLeaderInfo().getFollowerInfoList().stream()
                .filter(follower -> follower.getLastRpcElapsedTimeMs() <= silence.toMillis())
                .map(follower -> name(follower.getId()))
                .collect(Collectors.toSet());
        heard.add(name(role.getSelf()));
        long voices = voters.stream()
                .filter(voter -> heard.contains(voter.getId().toString()))
                .count();
        return voices * 2 <= voters.size();
    }

    private static String name(RaftPeerProto peer) {
        return peer.getId().toStringUtf8();
    }
}
