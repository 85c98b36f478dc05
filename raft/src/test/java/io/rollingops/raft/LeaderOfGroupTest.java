// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import org.apache.ratis.proto.RaftProtos.FollowerInfoProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;

/** Whom a member asks for the group when it hears no leader. */
class LeaderOfGroupTest {

    @Test
    void a_follower_says_where_its_leader_is() {
        RaftPeerProto leader = RaftPeerProto.newBuilder()
                .setId(ByteString.copyFromUtf8("web-2"))
                .setAddress("10.0.0.7:7946")
                .build();

        assertThat(Membership.leaderOf(following(leader)))
                .contains(new RaftMember(new UnitName("web", 2), "10.0.0.7", 7946, true));
    }

    /** As while a group forms, or elects: what a member asks then must not end it. */
    @Test
    void a_follower_that_knows_no_leader_names_nobody() {
        assertThat(Membership.leaderOf(following(RaftPeerProto.getDefaultInstance())))
                .isEmpty();
        assertThat(Membership.leaderOf(RoleInfoProto.getDefaultInstance())).isEmpty();
    }

    private static RoleInfoProto following(RaftPeerProto leader) {
        return RoleInfoProto.newBuilder()
                .setFollowerInfo(FollowerInfoProto.newBuilder()
                        .setLeaderInfo(ServerRpcProto.newBuilder().setId(leader)))
                .build();
    }
}
