// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.Deadline;
import io.grpc.Status;
import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.grpc.WatchedRange.Phase;
import io.rollingops.etcd.grpc.wire.RangeResponse;
import io.rollingops.etcd.grpc.wire.WatchResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps all watches going on one stream, whatever becomes of the members.
 *
 * <ol>
 *   <li>While there is a watch there is a stream, or one is being opened: at once after one has ended, then with growing
 *       pauses, each time at the endpoint that {@link EndpointRing} says.
 *   <li>On a stream the watches are asked for one after the other, since a refusal does not name the watch. Each begins
 *       where its {@link WatchCursor} says, so it goes on where it was.
 *   <li>The stream demands a leader: a member that has lost contact to the others ends it, and it moves on.
 *   <li>A member that hangs is found out by {@link StreamGuard}, and left.
 *   <li>A watch is listed anew and goes on from there when its place was compacted away, when its listener is too slow,
 *       and when the store has gone back behind it.
 * </ol>
 *
 * <p>Runs on the event thread.
 */
final class WatchHub implements WatchStream.Owner {
    private static final Duration LISTING_LIMIT = Duration.ofSeconds(3);

    private static final Logger LOG = LoggerFactory.getLogger(WatchHub.class);

    private final EventThread thread;
    private final Connections connections;
    private final CallRunner runner;
    private final SignIn signIn;
    private final RandomGenerator random;
    private final WatchPace pace;

    private final Set<WatchedRange> watches = new LinkedHashSet<>();
    private final Map<Long, WatchedRange> openById = new HashMap<>();
    private @Nullable WatchStream stream;
    private @Nullable WatchedRange asked;
    private boolean isOpening;
    private boolean isClosed;
    private int failedStreams;
    private int refusals;
    private @Nullable RollingOpsException trouble;

    WatchHub(
            EventThread thread,
            Connections connections,
            CallRunner runner,
            SignIn signIn,
            RandomGenerator random,
            WatchPace pace) {
        this.thread = thread;
        this.connections = connections;
        this.runner = runner;
        this.signIn = signIn;
        this.random = random;
        this.pace = pace;
    }

    /** Begins a watch, which must be confirmed before the deadline. */
    void add(WatchedRange watch, Deadline deadline) {
        if (isClosed) {
            watch.closed("the client is closed");
            return;
        }
        if (watches.size() >= EtcdClient.WATCHES_MAX) {
            watch.refused(new RollingOpsException.InvalidRequest("could not watch " + watch.keys()
                    + " in etcd: there are " + watches.size() + " watches already, and that is the limit"));
            return;
        }
        watches.add(watch);
        thread.after(Duration.ofNanos(Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS))), () -> {
            if (!watch.isConfirmed() && watch.phase() != Phase.ENDED) {
                giveUp(watch);
            }
        });
        if (stream == null) {
            openStream();
        } else {
            askNext(stream);
        }
    }

    /** Ends a watch that its user has closed. */
    void remove(WatchedRange watch) {
        drop(watch);
        watch.closed("it was closed");
    }

    /** The settings were replaced: moves all watches to a new connection. */
    void move() {
        if (stream != null) {
            abandon("the settings were replaced");
            openStream();
        }
    }

    void close() {
        isClosed = true;
        abandon("the client is closed");
        List.copyOf(watches).forEach(watch -> watch.closed("the client was closed"));
        watches.clear();
    }

    private void giveUp(WatchedRange watch) {
        drop(watch);
        if (trouble instanceof RollingOpsException.Refused) {
            watch.refused(trouble);
        } else {
            watch.closed(trouble == null ? "it was not confirmed in time" : String.valueOf(trouble.getMessage()));
        }
    }

    /** Takes the watch out; the last one takes the stream with it. */
    private void drop(WatchedRange watch) {
        watches.remove(watch);
        if (watch.phase() == Phase.OPEN && stream != null) {
            openById.remove(watch.serverId());
            stream.cancel(watch.serverId());
        }
        if (watches.isEmpty()) {
            abandon("no watch is left");
        }
    }

    // The stream: opening, leaving, reopening

    private void openStream() {
        if (stream != null || isOpening || isClosed || watches.isEmpty()) {
            return;
        }
        isOpening = true;
        signIn.token(this::startStream, failure -> {
            isOpening = false;
            reopenLater(failure.error());
        });
    }

    private void startStream(String token) {
        isOpening = false;
        if (stream != null || isClosed || watches.isEmpty()) {
            return;
        }
        WatchStream opened = new WatchStream(connections.choose(), token, this);
        stream = opened;
        opened.start();
        new StreamGuard(
                        thread,
                        runner,
                        pace,
                        opened,
                        this::someKey,
                        () -> leaveSilent(opened, "it did not answer a probe"))
                .start();
        askNext(opened);
    }

    private Optional<Bytes> someKey() {
        return openById.values().stream().findAny().map(watch -> watch.keys().from());
    }

    @Override
    public void ended(WatchStream ended, Status status, boolean wasSent) {
        Failure failure = Failures.judge(Requests.watch(), ended.line().endpoint(), status, wasSent);
        if (failure.kind() == Failure.Kind.SIGN_IN_AGAIN) {
            signIn.forget(ended.token());
        }
        LOG.debug(
                "The watch stream ended, another one is opened: {}",
                failure.error().getMessage());
        detach();
        reopenLater(failure.error());
    }

    /** Leaves a stream whose member says nothing, for another one. */
    private void leaveSilent(WatchStream silent, String why) {
        if (silent != stream) {
            return;
        }
        LOG.debug("Leaving the watch stream to {}: {}", silent.line().endpoint(), why);
        silent.giveUp(why);
        detach();
        reopenLater(
                new RollingOpsException.Unavailable("etcd at " + silent.line().endpoint() + ": " + why));
    }

    private void abandon(String why) {
        if (stream != null) {
            stream.leave(why);
            detach();
        }
    }

    /** Without a stream: all watches that were on it want another one. */
    private void detach() {
        stream = null;
        asked = null;
        openById.clear();
        watches.forEach(WatchedRange::interrupted);
    }

    private void reopenLater(RollingOpsException reason) {
        trouble = reason;
        refusals = reason instanceof RollingOpsException.Refused ? refusals + 1 : 0;
        if (refusals >= connections.size()) { // waiting would not help those who wait for a first confirmation
            List.copyOf(watches).stream().filter(watch -> !watch.isConfirmed()).forEach(this::giveUp);
        }
        Duration pause = pace.pauseAfter(failedStreams);
        failedStreams++;
        // clients that lost the same member must not all come back at the same instant
        thread.after(pause.multipliedBy(random.nextInt(50, 101)).dividedBy(100), this::openStream);
    }

    // Asking for watches, one at a time

    private void askNext(WatchStream on) {
        if (asked != null) {
            return;
        }
        for (WatchedRange watch : watches) {
            if (watch.phase() == Phase.WANTED) {
                asked = watch;
                watch.asked();
                on.create(watch);
                Duration limit = openById.isEmpty()
                        ? pace.confirmationAfter(failedStreams)
                        : pace.confirmationMax(); // the member has answered before: it may only be busy
                thread.after(limit, () -> expectConfirmed(on, watch));
                return;
            }
        }
    }

    private void expectConfirmed(WatchStream on, WatchedRange watch) {
        if (on == stream && asked == watch) {
            leaveSilent(on, "it did not confirm a watch in time");
        }
    }

    private void confirmed(WatchStream from, WatchResponse response) {
        WatchedRange watch = asked;
        asked = null;
        failedStreams = 0;
        refusals = 0;
        if (watch == null || watch.phase() != Phase.ASKED) { // closed in the meantime
            if (!response.getCanceled()) {
                from.cancel(response.getWatchId());
            }
        } else if (response.getCanceled()) {
            denied(from, watch, response.getCancelReason());
            return;
        } else {
            trouble = null;
            openById.put(response.getWatchId(), watch);
            Revision revision = new Revision(response.getHeader().getRevision());
            watch.opened(response.getWatchId(), revision, () -> thread.postIfOpen(() -> remove(watch)));
            if (watch.isAheadOf(revision)) {
                checkStore(watch);
            }
        }
        askNext(from);
    }

    /** A member that does not know our token may say no more than this; so the first denial is tried again. */
    private void denied(WatchStream from, WatchedRange watch, String reason) {
        if (watch.denied() == 1) {
            signIn.forget(from.token());
            abandon("a watch was denied");
            openStream();
            return;
        }
        drop(watch);
        watch.refused(new RollingOpsException.Refused(
                "could not watch " + watch.keys() + " on etcd at " + from.line().endpoint() + ": " + reason
                        + "; grant a role of the user the permission to read these keys"));
        if (stream != null) {
            askNext(stream);
        }
    }

    // What the server says about open watches

    @Override
    public void received(WatchStream from, WatchResponse response) {
        if (response.getCreated()) {
            confirmed(from, response);
            return;
        }
        WatchedRange watch = openById.get(response.getWatchId());
        if (watch == null) { // closed in the meantime
            return;
        }
        if (response.getCanceled()) {
            canceled(from, watch, response);
        } else if (response.getEventsCount() == 0) {
            watch.caughtUpTo(new Revision(response.getHeader().getRevision()));
        } else if (!watch.accept(
                response.getEventsList().stream().map(Wire::event).toList(), response.getFragment())) {
            LOG.warn("The listener of the etcd watch on {} is too slow; it gets a new listing instead", watch.keys());
            lose(from, watch);
            watch.whenDelivered(() -> thread.postIfOpen(() -> list(watch)));
        }
    }

    private void canceled(WatchStream from, WatchedRange watch, WatchResponse response) {
        if (response.getCompactRevision() > 0) {
            LOG.debug("What comes next for the watch on {} was compacted away; listing anew", watch.keys());
            lose(from, watch);
            list(watch);
        } else {
            openById.remove(watch.serverId());
            LOG.warn("etcd ended the watch on {}, asking again: {}", watch.keys(), response.getCancelReason());
            watch.interrupted();
            thread.after(pace.pauseMax(), () -> askIfOpen(from));
        }
    }

    private void askIfOpen(WatchStream on) {
        if (on == stream) {
            askNext(on);
        }
    }

    /**
     * The member has not come as far as the watch has. It may lag behind; but if the whole cluster does, it was restored
     * from a backup or lost its data, and the watch would wait in vain for revisions that are to be made again.
     */
    private void checkStore(WatchedRange watch) {
        Query any = Query.key(watch.keys().from()).keysOnly();
        signIn.run(Requests.read(any), Deadline.after(LISTING_LIMIT.toNanos(), TimeUnit.NANOSECONDS), new Reply<>() {
            @Override
            public void answered(RangeResponse answer) {
                Revision newest = Wire.listing(answer).revision();
                if (stream != null && watch.phase() == Phase.OPEN && watch.isAheadOf(newest)) {
                    LOG.warn("etcd has gone back to revision {}; listing {} anew", newest, watch.keys());
                    lose(stream, watch);
                    list(watch);
                }
            }

            @Override
            public void failed(Failure failure) {
                if (watch.phase() == Phase.OPEN) {
                    thread.after(pace.pauseMax(), () -> checkStore(watch));
                }
            }
        });
    }

    /** Takes the watch off its stream: what comes there is of no use to it. */
    private void lose(WatchStream from, WatchedRange watch) {
        openById.remove(watch.serverId());
        from.cancel(watch.serverId());
        watch.lost();
    }

    private void list(WatchedRange watch) {
        if (watch.phase() != Phase.LOST || isClosed) {
            return;
        }
        Deadline deadline = Deadline.after(LISTING_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        signIn.run(Requests.read(Query.of(watch.keys())), deadline, new Reply<>() {
            @Override
            public void answered(RangeResponse answer) {
                if (watch.phase() == Phase.LOST) {
                    watch.relisted(Wire.listing(answer));
                    if (stream == null) {
                        openStream();
                    } else {
                        askNext(stream);
                    }
                }
            }

            @Override
            public void failed(Failure failure) {
                if (failure.error() instanceof RollingOpsException.Unavailable) {
                    thread.after(pace.pauseMax(), () -> list(watch));
                } else if (watch.phase() == Phase.LOST) {
                    drop(watch);
                    watch.refused(failure.error());
                }
            }
        });
    }
}
