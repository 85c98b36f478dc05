// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a follower stands for election because a connection has ended; the time is the test's. */
class LeaderLossTest {
    private static final LeaderLoss.Address LEADER = new LeaderLoss.Address("10.0.0.1", 7946);

    private final FakeMember member = new FakeMember();
    private final ByHand timer = new ByHand();
    private final LeaderLoss loss = new LeaderLoss(member, timer);

    @AfterEach
    void end() {
        timer.shutdownNow();
    }

    @Test
    void a_leader_whose_address_refuses_is_lost_and_the_first_follower_stands_at_once() {
        member.following = follower(3, 0);
        loss.connectionEnded();

        timer.runAll();

        assertThat(member.stoodIn).containsExactly(3L);
        assertThat(timer.delays).containsOnly(Duration.ZERO);
    }

    @Test
    void a_leader_that_can_be_reached_is_left_alone() {
        member.following = follower(3, 0);
        member.isThere = true;
        loss.connectionEnded();

        timer.runAll();

        assertThat(member.asked).containsExactly(LEADER);
        assertThat(member.stoodIn).isEmpty();
    }

    @Test
    void the_others_wait_for_their_turn() {
        member.following = follower(3, 2);
        loss.connectionEnded();

        timer.runAll();

        assertThat(timer.delays).containsExactly(Duration.ZERO, LeaderLoss.BETWEEN_FOLLOWERS.multipliedBy(2));
        assertThat(member.stoodIn).containsExactly(3L);
    }

    @Test
    void whoever_hears_of_another_term_or_leader_meanwhile_does_not_stand() {
        for (Optional<LeaderLoss.Following> later : List.of(follower(4, 1), Optional.<LeaderLoss.Following>empty())) {
            member.following = follower(3, 1);
            loss.connectionEnded();
            timer.runNext();

            member.following = later;
            timer.runAll();
        }

        assertThat(member.asked).hasSize(2);
        assertThat(member.stoodIn).isEmpty();
    }

    @Test
    void nobody_is_asked_when_this_member_leads_or_knows_no_leader() {
        loss.connectionEnded();

        timer.runAll();

        assertThat(member.asked).isEmpty();
        assertThat(member.stoodIn).isEmpty();
    }

    @Test
    void many_connections_that_end_together_are_looked_at_once_and_later_ones_again() {
        member.following = follower(3, 0);
        member.isThere = true;
        for (int i = 0; i < 10; i++) {
            loss.connectionEnded();
        }
        timer.runAll();
        assertThat(member.asked).hasSize(1);

        loss.connectionEnded();
        timer.runAll();
        assertThat(member.asked).hasSize(2);
    }

    private static Optional<LeaderLoss.Following> follower(long term, int rank) {
        return Optional.of(new LeaderLoss.Following(term, LEADER, rank));
    }

    private static final class FakeMember implements LeaderLoss.Member {
        private final List<LeaderLoss.Address> asked = new ArrayList<>();
        private final List<Long> stoodIn = new ArrayList<>();
        private Optional<LeaderLoss.Following> following = Optional.empty();
        private boolean isThere;

        @Override
        public Optional<LeaderLoss.Following> following() {
            return following;
        }

        @Override
        public boolean isThere(LeaderLoss.Address address) {
            asked.add(address);
            return isThere;
        }

        @Override
        public void stand(long term) {
            stoodIn.add(term);
        }
    }

    /** Keeps what it is given until the test runs it. */
    private static final class ByHand extends ScheduledThreadPoolExecutor {
        private final List<Runnable> waiting = new ArrayList<>();
        private final List<Duration> delays = new ArrayList<>();

        ByHand() {
            super(0);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable action, long delay, TimeUnit unit) {
            waiting.add(action);
            delays.add(Duration.ofNanos(unit.toNanos(delay)));
            return super.schedule(() -> {}, 0, TimeUnit.NANOSECONDS);
        }

        void runNext() {
            waiting.remove(0).run();
        }

        void runAll() {
            while (!waiting.isEmpty()) {
                runNext();
            }
        }
    }
}
