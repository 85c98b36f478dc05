// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import java.time.Duration;

/**
 * How long the watch stream waits for what.
 *
 * @param confirmation how long a member may take to confirm the first watch on a stream; doubles with each stream that
 *     failed before, up to {@code confirmationMax}, which is also the limit for further watches
 * @param silence after so long without a word a member is probed
 * @param probe how long it may take to answer that
 * @param pause before a stream is opened when the one before failed as well; doubles, up to {@code pauseMax}
 */
record WatchPace(
        Duration confirmation,
        Duration confirmationMax,
        Duration silence,
        Duration probe,
        Duration pause,
        Duration pauseMax) {
    /** Leaves a member that hangs within two seconds, and a busy one alone. */
    static final WatchPace DEFAULT = new WatchPace(
            Duration.ofMillis(300),
            Duration.ofSeconds(3),
            Duration.ofSeconds(1),
            Duration.ofMillis(700),
            Duration.ofMillis(50),
            Duration.ofSeconds(1));

    /** How long to wait for a first confirmation after so many failed streams. */
    Duration confirmationAfter(int failedStreams) {
        return doubled(confirmation, failedStreams, confirmationMax);
    }

    /** How long to wait before another stream is opened after so many failed ones; not at all after the first. */
    Duration pauseAfter(int failedStreams) {
        return failedStreams == 0 ? Duration.ZERO : doubled(pause, failedStreams - 1, pauseMax);
    }

    private static Duration doubled(Duration first, int times, Duration max) {
        Duration grown = first.multipliedBy(1L << Math.min(times, 16));
        return grown.compareTo(max) < 0 ? grown : max;
    }
}
