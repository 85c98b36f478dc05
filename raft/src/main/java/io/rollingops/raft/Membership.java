// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.exceptions.AlreadyExistsException;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.thirdparty.io.grpc.StatusRuntimeException;
import org.apache.ratis.util.ProtoUtils;
import org.apache.ratis.util.TimeDuration;

/**
 * Changes who belongs to a Raft group while it runs, one member at a time. The change is guarded by the members that were
 * seen, so two changes at once do not undo each other. Blocks; safe for several threads.
 */
final class Membership {
    private static final int ATTEMPTS = 10;
    private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(500);

    private final RaftGroupId groupId;
    private final RaftProperties properties;
    private final Parameters parameters;

    Membership(RaftGroupId groupId, RaftProperties properties, Parameters parameters) {
        this.groupId = groupId;
        this.properties = properties;
        this.parameters = parameters;
    }

    /**
     * Adds a member whose agent runs already and waits to be called.
     *
     * @throws RollingOpsException.Unavailable when the group or the new member does not answer; ask again
     */
    void add(List<RaftMember> now, RaftMember added) {
        List<RaftMember> then = new ArrayList<>(now);
        then.removeIf(member -> member.unit().equals(added.unit()));
        then.add(added);
        try (RaftClient client = client(then)) {
            // Without members: it waits for the leader to come. If it knew itself as a voter it would ask for votes
            // before
            // the others know it, and be told to shut down.
            RaftGroup waiting = RaftGroup.valueOf(groupId);
            try {
                expect(client.getGroupManagementApi(RaftMember.peerId(added.unit()))
                        .add(waiting));
            } catch (AlreadyExistsException e) {
                // It was called before, and the change of the group was not made or not seen.
            }
            expect(client.admin().setConfiguration(change(now, then)));
        } catch (IOException | StatusRuntimeException e) {
            throw unavailable("add " + added.unit() + " at " + added.host() + ":" + added.port(), e);
        }
    }

    /** Takes a member out; its agent may be dead. */
    void remove(List<RaftMember> now, UnitName removed) {
        List<RaftMember> then = new ArrayList<>(now);
        then.removeIf(member -> member.unit().equals(removed));
        try (RaftClient client = client(now)) {
            expect(client.admin().setConfiguration(change(now, then)));
        } catch (IOException | StatusRuntimeException e) {
            throw unavailable("remove " + removed, e);
        }
    }

    /**
     * The group as its leader sees it, which may be another one than those that are asked: who follows a leader says where
     * that is. Empty when no leader answers. Blocks for some seconds at most.
     */
    Optional<List<RaftMember>> asTheLeaderSeesIt(List<RaftMember> asked) {
        Deque<RaftMember> open = new ArrayDeque<>(asked);
        Set<RaftMember> known = new HashSet<>(asked);
        while (!open.isEmpty()) {
            RaftMember member = open.remove();
            try (RaftClient client = client(List.of(member), 1)) {
                GroupInfoReply reply = client.getGroupManagementApi(RaftMember.peerId(member.unit()))
                        .info(groupId);
                boolean leads = reply.getRoleInfoProto().getRole() == RaftProtos.RaftPeerRole.LEADER;
                if (leads && reply.getConf().isPresent()) {
                    return Optional.of(members(reply.getConf().get()));
                }
                leaderOf(reply.getRoleInfoProto()).filter(known::add).ifPresent(open::addFirst);
            } catch (IOException | StatusRuntimeException e) {
                // It does not answer; perhaps another one does.
            }
        }
        return Optional.empty();
    }

    /** Where a follower says that its leader is; one that knows none says it of a peer without a name. */
    static Optional<RaftMember> leaderOf(RaftProtos.RoleInfoProto role) {
        RaftProtos.RaftPeerProto leader = role.getFollowerInfo().getLeaderInfo().getId();
        return leader.getId().isEmpty() || leader.getAddress().isEmpty()
                ? Optional.empty()
                : Optional.of(RaftMember.of(ProtoUtils.toRaftPeer(leader), true));
    }

    private static List<RaftMember> members(RaftProtos.RaftConfigurationProto group) {
        List<RaftMember> members = new ArrayList<>();
        group.getPeersList().forEach(peer -> members.add(RaftMember.of(ProtoUtils.toRaftPeer(peer), true)));
        group.getListenersList().forEach(peer -> members.add(RaftMember.of(ProtoUtils.toRaftPeer(peer), false)));
        return members;
    }

    private RaftClient client(List<RaftMember> members) {
        return client(members, ATTEMPTS);
    }

    private RaftClient client(List<RaftMember> members, int attempts) {
        return RaftClient.newBuilder()
                .setRaftGroup(RaftGroup.valueOf(groupId, peers(members)))
                .setProperties(properties)
                .setParameters(parameters)
                .setRetryPolicy(RetryPolicies.retryUpToMaximumCountWithFixedSleep(
                        attempts, TimeDuration.valueOf(BETWEEN_ATTEMPTS.toMillis(), TimeUnit.MILLISECONDS)))
                .build();
    }

    private static SetConfigurationRequest.Arguments change(List<RaftMember> now, List<RaftMember> then) {
        return SetConfigurationRequest.Arguments.newBuilder()
                .setServersInCurrentConf(peers(now, true))
                .setListenersInCurrentConf(peers(now, false))
                .setServersInNewConf(peers(then, true))
                .setListenersInNewConf(peers(then, false))
                .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                .build();
    }

    private static List<RaftPeer> peers(List<RaftMember> members) {
        return members.stream().map(RaftMember::peer).toList();
    }

    private static List<RaftPeer> peers(List<RaftMember> members, boolean voters) {
        return members.stream()
                .filter(member -> member.voter() == voters)
                .map(RaftMember::peer)
                .toList();
    }

    private static void expect(RaftClientReply reply) throws IOException {
        if (!reply.isSuccess()) {
            throw new IOException("the group answered: " + reply.getException(), reply.getException());
        }
    }

    private static RollingOpsException unavailable(String what, Exception e) {
        return new RollingOpsException.Unavailable(
                "could not " + what + ": " + e.getMessage()
                        + "; see that a majority of the group is up and that the new member's agent runs, and ask again",
                e);
    }
}
