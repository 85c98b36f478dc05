// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.Deadline;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.grpc.wire.RangeResponse;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Finds out that the member behind a watch stream hangs.
 *
 * <p>A member that hangs says nothing, and neither does one where nothing happens. So after a while the member
 * is probed with a read of its own store, on the stream's connection. etcd's own means are no use here: pings come
 * too seldom, since it hangs up on who pings more often than every 5 s; and a request for progress is answered ahead of
 * waiting events by releases before 3.5.8, which would lose these on resumption, and not at all by later ones as long as
 * nothing happened since the watch began.
 *
 * <p>Runs on the event thread, until the stream has ended.
 */
final class StreamGuard {
    private static final int LOOKS_PER_SILENCE = 4;

    private final EventThread thread;
    private final CallRunner runner;
    private final WatchPace pace;
    private final WatchStream stream;
    private final Supplier<Optional<Bytes>> readable;
    private final Runnable onSilence;

    /**
     * A guard that has yet to be started.
     *
     * @param readable a key that the user may read; none while no watch is open
     * @param onSilence told once when the member does not answer
     */
    StreamGuard(
            EventThread thread,
            CallRunner runner,
            WatchPace pace,
            WatchStream stream,
            Supplier<Optional<Bytes>> readable,
            Runnable onSilence) {
        this.thread = thread;
        this.runner = runner;
        this.pace = pace;
        this.stream = stream;
        this.readable = readable;
        this.onSilence = onSilence;
    }

    void start() {
        thread.after(pace.silence().dividedBy(LOOKS_PER_SILENCE), this::look);
    }

    private void look() {
        if (stream.hasEnded()) {
            return;
        }
        Optional<Bytes> key = readable.get();
        if (key.isPresent() && stream.silentNanos() > pace.silence().toNanos()) {
            probe(key.get());
        } else {
            start();
        }
    }

    private void probe(Bytes key) {
        Deadline deadline = Deadline.after(pace.probe().toNanos(), TimeUnit.NANOSECONDS);
        runner.ask(stream.line(), Requests.probe(key), stream.token(), deadline, new Reply<>() {
            @Override
            public void answered(RangeResponse answer) {
                stream.heard();
                start();
            }

            @Override
            public void failed(Failure failure) {
                if (!failure.blamesEndpoint()) {
                    stream.heard();
                    start();
                } else if (!stream.hasEnded()) {
                    onSilence.run();
                }
            }
        });
    }
}
