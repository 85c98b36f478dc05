// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.certs.CertificateAuthority;
import io.rollingops.certs.KeyKind;
import io.rollingops.certs.PemFiles;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Members that start, stop, come and go, with their files on the real disk. */
@Timeout(180)
class RaftNodeIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    @Test
    void a_group_of_one_needs_no_other() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, false)) {
            group.startAll();
            submit(group, 0, new PeerCommand.Join());
            submit(group, 0, request(1));

            RaftStatus status = group.node(0).status();
            assertThat(status.leader()).contains(unit(0));
            assertThat(status.members()).containsExactlyElementsOf(group.members());
            assertThat(queued(group.node(0).snapshot(), 0)).isEqualTo(1);
        }
    }

    @Test
    void all_of_it_is_there_after_all_members_were_restarted() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, true)) {
            group.startAll();
            for (int i = 0; i < 3; i++) {
                submit(group, i, new PeerCommand.Join());
                submit(group, i, request(i));
            }
            RaftNode observer = group.node(0); // it may be a little behind what was confirmed
            await().atMost(PATIENCE).until(() -> queued(observer.snapshot(), 2) == 1);
            PeerSnapshot before = observer.snapshot();
            for (int i = 0; i < 3; i++) {
                group.stop(i);
            }

            group.startAll();
            submit(group, 1, request(7)); // has a leader again, and goes on after the last number

            for (int i = 0; i < 3; i++) {
                RaftNode node = group.node(i);
                await().atMost(PATIENCE).until(() -> queued(node.snapshot(), 1) == 2);
                assertThat(node.snapshot().members().keySet())
                        .isEqualTo(before.members().keySet());
                assertThat(node.snapshot().revision()).isGreaterThan(before.revision());
                assertThat(queued(node.snapshot(), 0)).isEqualTo(1);
                assertThat(node.snapshot().revision()).isGreaterThan(before.revision());
            }
        }
    }

    /** The log is cut behind a snapshot, so that both a restart and a new member live on the snapshot. */
    @Test
    void a_snapshot_replaces_the_log_for_a_restart_and_for_a_new_member() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, false)) {
            group.startAll();
            writeUntilSnapshot(group);
            PeerSnapshot before = group.node(0).snapshot();
            group.stop(0);
            group.startAll();
            submit(group, 0, new PeerCommand.WriteUnit(Map.of(), Map.of("after", "restart")));
            assertThat(group.node(0).snapshot().members().keySet())
                    .isEqualTo(before.members().keySet());
            assertThat(group.node(0).snapshot().revision()).isGreaterThan(before.revision());

            RaftMember added = addMember(group, 1, true);
            RaftNode newcomer = group.node(1);
            await().atMost(PATIENCE)
                    .until(() -> newcomer.snapshot().revision()
                            >= group.node(0).snapshot().revision());
            assertThat(newcomer.snapshot().members())
                    .isEqualTo(group.node(0).snapshot().members());
            await().atMost(PATIENCE).until(() -> newcomer.status().members().contains(added));
        }
    }

    @Test
    void members_come_and_go_while_it_runs_and_a_group_that_lost_its_leader_goes_on() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, true)) {
            group.startAll();
            submit(group, 0, new PeerCommand.Join());
            RaftMember follower = addMember(group, 3, false);
            RaftMember voter = addMember(group, 4, true);
            await().atMost(PATIENCE)
                    .until(() -> group.node(0).status().members().containsAll(List.of(follower, voter)));
            submit(group, 3, new PeerCommand.Join()); // also through one that only follows
            submit(group, 3, request(1));

            RaftNode through = group.node(3);
            await().atMost(PATIENCE).until(() -> through.status().leader().isPresent());
            UnitName leader = through.status().leader().orElseThrow();
            group.stop(leader.number());
            int survivor = (leader.number() + 1) % 3;
            group.node(survivor).remove(leader);

            submit(group, 3, request(2));
            await().atMost(PATIENCE)
                    .until(() -> group.node(survivor).status().members().stream()
                            .noneMatch(member -> member.unit().equals(leader)));
            RaftNode newcomer =
                    group.node(leader.equals(voter.unit()) ? 3 : 4); // one of those that came, and still lives
            await().atMost(PATIENCE).until(() -> queued(newcomer.snapshot(), 3) == 2);
            await().atMost(PATIENCE).until(() -> newcomer.status().members().size() == 4);
            assertThat(newcomer.status().members()).contains(follower);
        }
    }

    /** Ratis looks for its followers only when nothing was written for a while, and commands that are tried again are. */
    @Test
    void a_leader_that_is_left_alone_says_so_while_its_own_unit_goes_on_asking() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, false)) {
            group.startAll();
            submit(group, 0, new PeerCommand.Join());
            int leader = leader(group);
            submit(group, leader, new PeerCommand.Join());
            group.stop((leader + 1) % 3);
            group.stop((leader + 2) % 3);

            RaftPeerStore store = group.store(leader);
            assertThatThrownBy(() -> store.submit(request(1), Duration.ofSeconds(6)))
                    .isInstanceOf(RollingOpsException.Indeterminate.class);
            assertThat(group.node(leader).status().leader()).isEmpty();
            assertThatThrownBy(() -> store.submit(request(2), Duration.ofSeconds(1)))
                    .as("now it does not even begin")
                    .isInstanceOf(RollingOpsException.Unavailable.class);

            group.start(unit((leader + 1) % 3));
            submit(group, leader, request(3));
        }
    }

    @Test
    void strangers_and_members_that_do_not_answer_are_refused() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, false)) {
            group.startAll();
            submit(group, 0, new PeerCommand.Join());
            assertThatThrownBy(() -> group.node(0).add(new RaftMember(new UnitName("db", 0), "127.0.0.1", 1, true)))
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessage("db/0 is not a unit of web");
            RaftMember absent = new RaftMember(unit(5), "127.0.0.1", group.port(), true);
            assertThatThrownBy(() -> group.node(0).add(absent))
                    .isInstanceOf(RollingOpsException.Unavailable.class)
                    .hasMessageContainingAll("could not add web/5", "see that");
            submit(group, 0, request(1)); // the group is as it was
            assertThat(group.node(0).status().members()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 7})
    void a_larger_group_goes_on_while_all_but_a_bare_majority_are_gone(int voters) throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, voters, false)) {
            group.startAll();
            submit(group, 0, new PeerCommand.Join());
            RaftNode first = group.node(0);
            assertThat(first.status().members()).hasSize(voters);
            await().atMost(PATIENCE).until(() -> first.status().leader().isPresent());
            int leader = first.status().leader().orElseThrow().number();
            int most = (voters - 1) / 2;
            for (int i = 0; i < most; i++) {
                group.stop((leader + i) % voters); // the leader first
            }
            int survivor = (leader + most) % voters;
            submit(group, survivor, new PeerCommand.Join());
            submit(group, survivor, request(1));

            for (int i = most; i < voters; i++) {
                RaftNode living = group.node((leader + i) % voters);
                await().atMost(PATIENCE).until(() -> queued(living.snapshot(), survivor) == 1);
            }
        }
    }

    @Test
    void an_eighth_voter_is_refused_and_may_follow() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, RaftSettings.MAX_VOTERS, false)) {
            group.startAll();
            submit(group, 0, new PeerCommand.Join());
            RaftMember eighth = new RaftMember(unit(7), "127.0.0.1", group.port(), true);
            assertThatThrownBy(() -> group.node(0).add(eighth))
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessage(
                            "the group has 7 voting members, which is the limit; add web/7 as one that only follows");
            assertThatThrownBy(() -> group.startJoining(eighth))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("1 to 7 voting members, not 8", "only follow");

            RaftMember follower = addMember(group, 7, false);
            await().atMost(PATIENCE)
                    .until(() -> group.node(0).status().members().contains(follower));
            submit(group, 7, new PeerCommand.Join());
        }
    }

    @Test
    void a_port_in_use_is_told_with_the_address() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, false);
                ServerSocket taken =
                        new ServerSocket(group.members().get(0).port(), 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(group::startAll)
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessageContainingAll(
                            "cannot listen on 127.0.0.1:" + taken.getLocalPort(),
                            "Address already in use",
                            "another agent may be running, or give web/0 another address");
        }
    }

    @Test
    void the_credentials_of_another_unit_are_refused() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 2, false)) {
            RaftSettings settings = group.settings(unit(0), group.members(), false);
            Credentials other = group.credentials(unit(1));
            assertThatThrownBy(() -> RaftNode.start(settings, other, InstantSource.system(), group.fatal::add))
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessage("the credentials are those of web/1, this is web/0; give each agent its own");
        }
    }

    @Test
    void an_expired_certificate_for_tls_is_told_before_anything_starts() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, true)) {
            RaftSettings settings = group.settings(unit(0), group.members(), false);
            Credentials own = group.credentials(unit(0));
            InstantSource late = InstantSource.fixed(
                    Instant.now().plus(RaftGroupFixture.VALID).plusSeconds(3600));
            assertThatThrownBy(() -> RaftNode.start(settings, own, late, group.fatal::add))
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessageContainingAll("it has expired on", "rollingops certs");
            group.startAll(); // nothing was left running
            submit(group, 0, new PeerCommand.Join());
        }
    }

    /** The folder of an agent was copied, and the copy was given another port; the copied one may be the leader. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_double_at_another_address_is_told_that_it_is_one(boolean ofTheLeader) throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, true)) {
            group.startAll();
            submit(group, 2, new PeerCommand.Join());
            for (int leader = leader(group); ofTheLeader != (leader == 2); leader = leader(group)) {
                group.stop(leader);
                submit(group, (leader + 1) % 3, new PeerCommand.Join());
                group.start(unit(leader));
            }
            int port = group.port();
            List<RaftMember> members = new ArrayList<>(group.members());
            members.set(2, new RaftMember(unit(2), "127.0.0.1", port, true));
            RaftSettings original = group.settings(unit(2), members, false);
            RaftSettings copy = new RaftSettings(
                    unit(2), members, false, folder.resolve("copy"), original.tls(), original.elections());
            BlockingQueue<String> fatal = new LinkedBlockingQueue<>();

            try (RaftNode twin = RaftNode.start(copy, group.credentials(unit(2)), InstantSource.system(), fatal::add)) {
                assertThat(fatal.poll(60, TimeUnit.SECONDS))
                        .contains("the group knows web/2 at 127.0.0.1:"
                                + group.members().get(2).port())
                        .contains("not here, at 127.0.0.1:" + port, "another agent may be running under this name");
                assertThat(twin.snapshot().revision()).isZero();
            }
            submit(group, 2, request(1)); // the one that was first goes on
            assertThat(group.fatal).isEmpty();
        }
    }

    /** Whoever does not have a certificate of the application's authority is not talked to at all. */
    @Test
    void a_member_with_a_foreign_certificate_takes_no_part() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, true)) {
            Path foreign = Files.createDirectory(folder.resolve("tls-2"));
            CertificateAuthority other =
                    CertificateAuthority.create("test", KeyKind.EC_P256, Instant.now(), RaftGroupFixture.VALID);
            PemFiles.write(
                    foreign,
                    "tls",
                    other.issueTls("web/2", List.of("127.0.0.1"), Instant.now(), RaftGroupFixture.VALID));
            PemFiles.writePublic(
                    foreign.resolve("authority.pem"), PemFiles.pem(other.own().certificate()));
            group.startAll();

            submit(group, 0, new PeerCommand.Join());
            submit(group, 0, request(1));

            assertThatThrownBy(() -> group.store(2).submit(new PeerCommand.Join(), Duration.ofSeconds(2)))
                    .isInstanceOf(RollingOpsException.Unavailable.class);
            assertThat(group.node(2).snapshot().revision()).isZero();
            assertThat(group.node(1).status().leader()).isNotEqualTo(Optional.of(unit(2)));
        }
    }

    @Test
    void a_damaged_snapshot_is_told_by_its_file_and_left_alone() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, false)) {
            group.startAll();
            Path files = writeUntilSnapshot(group);
            group.stop(0);
            for (Path snapshot : snapshots(files)) {
                Files.writeString(snapshot, Files.readString(snapshot).replaceFirst("\"format\":1", "\"format\":2"));
            }

            assertThatThrownBy(group::startAll)
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessageContaining("the member's data in " + files);
            for (Path snapshot : snapshots(files)) {
                assertThat(Files.readString(snapshot)).contains("\"format\":2");
            }
        }
    }

    /** Writes more than a snapshot's worth of commands; the member's folder. */
    private Path writeUntilSnapshot(RaftGroupFixture group) throws Exception {
        int units = 12;
        List<RaftPeerStore> stores = new ArrayList<>();
        for (int i = 0; i < units; i++) {
            stores.add(group.node(0).store(group.credentials(unit(i))));
        }
        ExecutorService writers = Executors.newFixedThreadPool(units);
        try {
            List<Future<?>> writing = new ArrayList<>();
            for (RaftPeerStore store : stores) {
                writing.add(writers.submit(() -> {
                    store.submit(new PeerCommand.Join(), LIMIT);
                    IntStream.range(0, 180)
                            .forEach(n ->
                                    store.submit(new PeerCommand.WriteUnit(Map.of(), Map.of("n", "" + n)), LIMIT));
                }));
            }
            for (Future<?> writer : writing) {
                writer.get();
            }
        } finally {
            writers.shutdownNow();
        }
        Path files = folder.resolve("web-0");
        await().atMost(PATIENCE).until(() -> snapshots(files).size() > 0);
        return files;
    }

    private static List<Path> snapshots(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("snapshot\\.[0-9]+_[0-9]+"))
                    .sorted()
                    .toList();
        }
    }

    private RaftMember addMember(RaftGroupFixture group, int number, boolean voter) throws IOException {
        RaftMember added = new RaftMember(unit(number), "127.0.0.1", group.port(), voter);
        group.startJoining(added);
        group.node(0).add(added);
        return added;
    }

    private static UnitName unit(int number) {
        return RaftGroupFixture.unit(number);
    }

    private static PeerCommand request(int n) {
        return new PeerCommand.Request("restart", Json.object().put("n", n).build(), OptionalInt.empty());
    }

    private static int queued(PeerSnapshot seen, int number) {
        return seen.record(unit(number)).map(record -> record.queue().size()).orElse(0);
    }

    private static int leader(RaftGroupFixture group) {
        await().atMost(PATIENCE).until(() -> group.node(2).status().leader().isPresent());
        return group.node(2).status().leader().orElseThrow().number();
    }

    private static void submit(RaftGroupFixture group, int number, PeerCommand command) throws IOException {
        PeerReply reply = group.store(number).submit(command, LIMIT).reply();
        assertThat(reply).isNotInstanceOf(PeerReply.Refused.class);
    }
}
