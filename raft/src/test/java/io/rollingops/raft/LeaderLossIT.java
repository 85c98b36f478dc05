// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.spi.PeerStore;
import io.rollingops.testkit.net.FaultProxy;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How followers learn that their leader's process has ended, with election times so long that nothing comes of them. */
@Timeout(300)
class LeaderLossIT {
    private static final RaftSettings.Elections LONG =
            new RaftSettings.Elections(Duration.ofSeconds(60), Duration.ofSeconds(90));

    /** A follower may have heard of its leader half a minute ago, and loses patience after a minute. */
    private static final Duration SOONER = Duration.ofSeconds(25);

    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    Path folder;

    @Test
    void a_leader_whose_process_ends_is_replaced_long_before_the_election_times() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, true, LONG)) {
            group.startAll();
            for (int i = 0; i < 3; i++) {
                write(group.store(i), "first");
            }
            int leader = leader(group.node(0));
            RaftNode first = group.node((leader + 1) % 3);
            RaftNode second = group.node((leader + 2) % 3);

            group.stop(leader);

            await().atMost(SOONER).until(() -> first.status().leader().isPresent() && leader(first) != leader);
            write(group.store((leader + 1) % 3), "second");
            await().atMost(PATIENCE)
                    .until(() -> second.status().leader().equals(first.status().leader()));
        }
    }

    @Test
    void a_leader_whose_connections_break_goes_on_leading_in_the_same_term() throws Exception {
        List<FaultProxy> proxies = new ArrayList<>();
        List<RaftNode> nodes = new ArrayList<>();
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, false, LONG)) {
            group.members()
                    .forEach(
                            member -> proxies.add(new FaultProxy(new InetSocketAddress(member.host(), member.port()))));
            for (int self = 0; self < 3; self++) {
                nodes.add(startBehind(group, proxies, self));
            }
            RaftPeerStore store = nodes.get(0).store(group.credentials(RaftGroupFixture.unit(0)));
            long before = write(store, "first");
            await().atMost(PATIENCE).until(() -> allAreAt(before, nodes));
            int leader = leader(nodes.get(0));
            long term = nodes.get(leader).status().term();

            List<Integer> connections =
                    proxies.stream().map(FaultProxy::accepted).toList();
            proxies.forEach(FaultProxy::reset);
            long after = write(store, "second");

            await().atMost(PATIENCE).until(() -> allAreAt(after, nodes));
            assertThat(IntStream.range(0, 3).filter(member -> member != leader))
                    .as("followers to which the leader has connected again")
                    .allMatch(member -> proxies.get(member).accepted() > connections.get(member));
            for (RaftNode node : nodes) {
                assertThat(node.status().term()).isEqualTo(term);
                assertThat(leader(node)).isEqualTo(leader);
            }
        } finally {
            nodes.forEach(RaftNode::close);
            proxies.forEach(FaultProxy::close);
        }
    }

    /** The upgrade of Ratis that changes what is reached into has to be noticed. */
    @Test
    void a_member_at_rest_is_not_woken_by_what_no_setting_switches_off() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, false)) {
            group.startAll();
            write(group.store(0), "first");

            await().atMost(PATIENCE).until(() -> waiting("-StateMachineUpdater", "Remembered"));
            assertThat(Thread.getAllStackTraces().keySet())
                    .noneMatch(thread -> thread.getName().startsWith("JvmPauseMonitor"));
        }
    }

    private static boolean waiting(String thread, String in) {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(entry -> entry.getKey().getName().endsWith(thread))
                .anyMatch(entry -> List.of(entry.getValue()).toString().contains(in));
    }

    /** A member that listens at its own address and reaches the others through their proxies. */
    private RaftNode startBehind(RaftGroupFixture group, List<FaultProxy> proxies, int self) throws Exception {
        List<RaftMember> seen = new ArrayList<>();
        for (int other = 0; other < proxies.size(); other++) {
            RaftMember member = group.members().get(other);
            String endpoint = proxies.get(other).endpoint();
            int port = Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
            seen.add(other == self ? member : new RaftMember(member.unit(), member.host(), port, true));
        }
        return RaftNode.start(
                group.settings(RaftGroupFixture.unit(self), seen, false),
                group.credentials(RaftGroupFixture.unit(self)),
                InstantSource.system(),
                group.fatal::add);
    }

    private static int leader(RaftNode node) {
        return node.status().leader().orElseThrow().number();
    }

    private static boolean allAreAt(long revision, List<RaftNode> nodes) {
        return nodes.stream()
                .allMatch(node ->
                        node.status().leader().isPresent() && node.snapshot().revision() >= revision);
    }

    /** Answers the revision of the store with it. */
    private static long write(RaftPeerStore store, String note) {
        PeerReply joined = store.submit(new PeerCommand.Join(), LIMIT).reply();
        assertThat(joined).isInstanceOf(PeerReply.Joined.class);
        PeerStore.Answer written = store.submit(new PeerCommand.WriteUnit(Map.of(), Map.of("note", note)), LIMIT);
        assertThat(written.reply()).isEqualTo(new PeerReply.Done());
        return written.revision();
    }
}
