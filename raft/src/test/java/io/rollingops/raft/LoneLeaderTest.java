// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.ratis.proto.RaftProtos.LeaderInfoProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoneLeaderTest {
    private static final Duration SILENCE = Duration.ofMillis(900);

    @ParameterizedTest
    @CsvSource({
        "1, '', false",
        "2, '900', false",
        "2, '901', true",
        "3, '900 5000', false",
        "3, '901 5000', true",
        "5, '0 900 5000 5000', false",
        "5, '0 901 5000 5000', true",
    })
    void it_counts_itself_and_those_that_it_heard_from(int voters, String silentFor, boolean lost) {
        assertThat(LoneLeader.lostMajority(leading(10_000, silentFor), peers(voters), SILENCE))
                .isEqualTo(lost);
    }

    @Test
    void one_that_only_follows_has_no_voice() {
        assertThat(LoneLeader.lostMajority(leading(10_000, "5000 5000 0"), peers(3), SILENCE))
                .isTrue();
    }

    @Test
    void one_that_has_just_been_voted_for_waits_for_answers() {
        assertThat(LoneLeader.lostMajority(leading(899, "5000 5000"), peers(3), SILENCE))
                .isFalse();
        assertThat(LoneLeader.lostMajority(leading(900, "5000 5000"), peers(3), SILENCE))
                .isTrue();
    }

    @Test
    void one_that_does_not_lead_has_no_majority_to_lose() {
        RoleInfoProto follower = RoleInfoProto.newBuilder()
                .setSelf(peer(0))
                .setRoleElapsedTimeMs(10_000)
                .build();
        assertThat(LoneLeader.lostMajority(follower, peers(3), SILENCE)).isFalse();
    }

    private static RoleInfoProto leading(long forMillis, String silentFor) {
        LeaderInfoProto.Builder leader = LeaderInfoProto.newBuilder();
        int number = 1;
        for (String millis : silentFor.isEmpty() ? new String[0] : silentFor.split(" ")) {
            leader.addFollowerInfo(
                    ServerRpcProto.newBuilder().setId(peer(number++)).setLastRpcElapsedTimeMs(Long.parseLong(millis)));
        }
        return RoleInfoProto.newBuilder()
                .setSelf(peer(0))
                .setRoleElapsedTimeMs(forMillis)
                .setLeaderInfo(leader)
                .build();
    }

    private static RaftPeerProto peer(int number) {
        return RaftPeerProto.newBuilder()
                .setId(ByteString.copyFromUtf8("web-" + number))
                .build();
    }

    private static List<RaftPeer> peers(int voters) {
        return IntStream.range(0, voters)
                .mapToObj(number -> RaftPeer.newBuilder()
                        .setId("web-" + number)
                        .setAddress("127.0.0.1:1")
                        .build())
                .toList();
    }
}
