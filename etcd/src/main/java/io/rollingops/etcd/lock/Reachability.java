// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.spi.ClusterLock.Reach;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether etcd is there, judged by the calls to it. A value; times are nanoseconds of one steady clock.
 *
 * @param trouble why the last call failed; empty since one was answered
 * @param refused whether etcd answered that it will not do it
 * @param lastAnswer when a call was answered last
 * @param troubledSince since when calls have failed without one that was answered
 * @param answersSince since when etcd is not away
 * @param changedAt when it came or went
 */
record Reachability(
        Reach reach,
        Optional<String> trouble,
        boolean refused,
        long lastAnswer,
        OptionalLong troubledSince,
        long answersSince,
        long changedAt) {

    static Reachability unknown(long nanos) {
        return new Reachability(Reach.UNKNOWN, Optional.empty(), false, nanos, OptionalLong.empty(), nanos, nanos);
    }

    Reachability answered(long nanos, Duration settledAfter) {
        boolean isBack = reach == Reach.AWAY || reach == Reach.UNKNOWN;
        long since = isBack ? nanos : answersSince;
        Reach now = isBack ? Reach.REACHABLE : reach;
        if (reach == Reach.REACHABLE && nanos - answersSince >= settledAfter.toNanos()) {
            now = Reach.SETTLED;
        }
        return new Reachability(
                now, Optional.empty(), false, nanos, OptionalLong.empty(), since, isBack ? nanos : changedAt);
    }

    /** An answer that proves nothing about what was refused. */
    Reachability answeredInPart(long nanos, Duration settledAfter) {
        return refused
                ? new Reachability(reach, trouble, true, nanos, troubledSince, answersSince, changedAt)
                : answered(nanos, settledAfter);
    }

    Reachability failed(String why, boolean isRefusal, long nanos) {
        return new Reachability(
                reach,
                Optional.of(why),
                isRefusal,
                lastAnswer,
                OptionalLong.of(troubledSince.orElse(nanos)),
                answersSince,
                changedAt);
    }

    /** Away, if calls have failed for that long. */
    Reachability judged(long nanos, Duration awayAfter) {
        boolean isAway = troubledSince.isPresent() && nanos - troubledSince.getAsLong() >= awayAfter.toNanos();
        return isAway && reach != Reach.AWAY
                ? new Reachability(Reach.AWAY, trouble, refused, lastAnswer, troubledSince, answersSince, nanos)
                : this;
    }
}
