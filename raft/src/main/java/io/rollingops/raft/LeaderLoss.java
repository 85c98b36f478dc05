// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets a follower stand for election as soon as the leader's process is gone, instead of waiting until it has been silent
 * for long. A process that ends takes its connections with it; so when one of ours has ended, we ask whether anybody listens
 * at the leader's address any more.
 *
 * <p>This is a hint and no more. Whether there is a new leader is decided by votes and terms; when nothing comes of it, the
 * election times decide as they always do. A leader that can be reached is left alone, whatever became of its connections.
 *
 * <p>Safe for several threads; everything that takes time happens on the timer.
 */
final class LeaderLoss {
    /**
     * Followers stand one after the other, so that the first has its votes before the next would split them. On a machine
     * with much to do they hear of a loss some 100 ms apart.
     */
    static final Duration BETWEEN_FOLLOWERS = Duration.ofMillis(250);

    /**
     * The group as a follower sees it.
     *
     * @param term in which the leader leads
     * @param leader where the leader is reached
     * @param rank how many other followers stand before this one
     */
    record Following(long term, Address leader, int rank) {}

    /** Where a member listens. */
    record Address(String host, int port) {}

    /** What this needs of the member that it serves. */
    interface Member {

        /** Nothing when this member does not vote, leads, or knows of no leader. */
        Optional<Following> following();

        /** Whether a process can still be there; may block for a moment. */
        boolean isThere(Address address);

        /** Stands for election against the leader of that term. */
        void stand(long term);
    }

    private final Member member;
    private final ScheduledExecutorService timer;
    private final AtomicBoolean asked = new AtomicBoolean();

    /**
     * Looks only when it is told to.
     *
     * @param timer one thread
     */
    LeaderLoss(Member member, ScheduledExecutorService timer) {
        this.member = member;
        this.timer = timer;
    }

    /** A connection from another member has ended; returns at once. */
    void connectionEnded() {
        if (asked.compareAndSet(false, true)) {
            after(Duration.ZERO, this::look);
        }
    }

    private void look() {
        asked.set(false);
        member.following().filter(seen -> !member.isThere(seen.leader())).ifPresent(lost -> {
            Duration turn = BETWEEN_FOLLOWERS.multipliedBy(lost.rank());
            after(turn, () -> {
                if (member.following().map(Following::term).equals(Optional.of(lost.term()))) {
                    member.stand(lost.term());
                }
            });
        });
    }

    private void after(Duration delay, Runnable action) {
        try {
            Future<?> unused = timer.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            asked.set(false); // the node is closing
        }
    }
}
