// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.StateCodec;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Followers whose logs end elsewhere than their leader believes: each comes to be equal to it, with nothing else to do. */
@Timeout(300)
class FollowersIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int STARTS = 3;

    @TempDir
    Path folder;

    /** What was copied and put back stands for every way in which a leader can take a follower for further than it is. */
    @Test
    void a_follower_that_is_not_as_far_as_its_leader_believes_catches_up_while_nothing_is_written() throws IOException {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, false)) {
            group.startAll();
            write(group, 0, "first");
            int follower = followerOf(group);
            awaitEqual(group);
            group.stop(follower);
            Path log = folder.resolve("web-" + follower);
            Path earlier = folder.resolve("earlier");
            copy(log, earlier);
            group.start(RaftGroupFixture.unit(follower));
            write(group, (follower + 1) % 3, "second");
            awaitEqual(group);

            group.stop(follower);
            delete(log);
            copy(earlier, log);
            group.start(RaftGroupFixture.unit(follower));

            awaitEqual(group);
        }
    }

    /** It has forgotten what it confirmed. That it is found out again after a restart matters: systemd starts it at once. */
    @Test
    void a_member_whose_log_was_lost_says_so_and_does_not_go_on() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 3, false)) {
            group.startAll();
            for (int member = 0; member < 3; member++) {
                write(group, member, "first");
            }
            assertThat(group.fatal).as("nobody's first start is taken for it").isEmpty();
            int follower = followerOf(group);
            group.stop(follower);
            Path log = folder.resolve("web-" + follower);
            delete(log);

            group.start(RaftGroupFixture.unit(follower));
            RaftPeerStore store = group.store(follower);
            Thread process = new Thread(() -> join(store)); // as every process of a unit does first
            process.start();
            String reason = group.fatal.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            process.join();
            group.stop(follower);

            assertThat(reason)
                    .contains("its log was lost")
                    .contains("rollingops member remove web/" + follower)
                    .contains("under a number that was never used");
            assertThatThrownBy(() -> group.start(RaftGroupFixture.unit(follower)))
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessage(reason);
            write(group, (follower + 1) % 3, "the others go on");
        }
    }

    /** Every unit's release knew it, says the store; this member's does not, so it must not apply what comes next. */
    @Test
    void a_member_stops_when_the_state_takes_a_form_that_it_does_not_know() throws Exception {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, false)) {
            group.startAll();
            int later = StateCodec.FORMAT + 1;

            assertThat(group.store(0).submit(new PeerCommand.Join(later), LIMIT).reply())
                    .isInstanceOf(PeerReply.Joined.class);

            assertThat(group.fatal.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .contains("has form " + later)
                    .contains("use the version that wrote it, or a later one");
        }
    }

    private static void join(RaftPeerStore store) {
        try {
            store.submit(new PeerCommand.Join(), LIMIT);
        } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
            // The member is being stopped.
        }
    }

    @Test
    void members_that_start_under_load_with_many_elections_are_all_equal_in_the_end() throws Exception {
        AtomicBoolean loaded = new AtomicBoolean(true);
        Thread[] load = new Thread[Runtime.getRuntime().availableProcessors()];
        for (int i = 0; i < load.length; i++) {
            load[i] = new Thread(() -> burn(loaded));
            load[i].start();
        }
        try (RaftGroupFixture group = new RaftGroupFixture(
                folder, 3, false, new RaftSettings.Elections(Duration.ofMillis(100), Duration.ofMillis(200)))) {
            for (int i = 0; i < STARTS; i++) {
                group.startAll();
                write(group, i % 3, "start-" + i);
                awaitEqual(group);
                for (int member = 0; member < 3; member++) {
                    group.stop(member);
                }
            }
        } finally {
            loaded.set(false);
            for (Thread thread : load) {
                thread.join();
            }
        }
    }

    private static void burn(AtomicBoolean loaded) {
        while (loaded.get()) {
            Thread.onSpinWait();
        }
    }

    private static int followerOf(RaftGroupFixture group) {
        await().atMost(PATIENCE).until(() -> group.node(0).status().leader().isPresent());
        UnitName leader = group.node(0).status().leader().orElseThrow();
        return (leader.number() + 1) % 3;
    }

    private static void write(RaftGroupFixture group, int member, String value) throws IOException {
        RaftPeerStore store = group.store(member);
        assertThat(store.submit(new PeerCommand.Join(), LIMIT).reply()).isInstanceOf(PeerReply.Joined.class);
        assertThat(store.submit(new PeerCommand.WriteUnit(Map.of(), Map.of("last", value)), LIMIT)
                        .reply())
                .isEqualTo(new PeerReply.Done());
    }

    private static void awaitEqual(RaftGroupFixture group) {
        await().atMost(PATIENCE).until(() -> {
            long revision = group.node(0).snapshot().revision();
            return group.node(1).snapshot().revision() == revision
                    && group.node(2).snapshot().revision() == revision;
        });
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, to.resolve(from.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path emptied, IOException failure) throws IOException {
                Files.delete(emptied);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
