// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Watch;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.etcd.WatchListener;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One watch of a user: how it stands, how far it has come, and its listener.
 *
 * <p>Belongs to the event thread; only {@link #silence} may be called by all, and the listener runs on its own executor.
 */
final class WatchedRange {
    /** Events that may wait for a slow listener; past that the watch goes on from a new listing. */
    static final int WAITING_EVENTS_MAX = 10_000;

    /** How the watch stands with the server. */
    enum Phase {
        /** To be asked for. */
        WANTED,
        /** Asked for on the present stream, and not yet confirmed. */
        ASKED,
        /** Confirmed on the present stream: events come. */
        OPEN,
        /** What comes next is no longer to be had: a listing will tell where to go on. */
        LOST,
        /** Closed or refused. */
        ENDED
    }

    private final KeyRange keys;
    private final WatchListener listener;
    private final Promise<Watch> confirmation;
    private final Delivery delivery;
    private final WatchCursor cursor = new WatchCursor();
    private final AtomicInteger waitingEvents = new AtomicInteger();

    private Phase phase = Phase.WANTED;
    private long serverId;
    private boolean isConfirmed;
    private Runnable onClose = () -> {};
    private int denials;
    private volatile boolean isSilenced;

    WatchedRange(KeyRange keys, WatchListener listener, Executor executor, Promise<Watch> confirmation) {
        this.keys = keys;
        this.listener = listener;
        this.confirmation = confirmation;
        this.delivery = new Delivery(executor);
    }

    KeyRange keys() {
        return keys;
    }

    Phase phase() {
        return phase;
    }

    /** The watch's number on the present stream, while open. */
    long serverId() {
        return serverId;
    }

    /** Where the server is to begin; zero for now. */
    long startRevision() {
        return cursor.next();
    }

    boolean isConfirmed() {
        return isConfirmed;
    }

    void asked() {
        phase = Phase.ASKED;
    }

    /**
     * The server has confirmed the watch on the present stream.
     *
     * @param whenClosed what to do, on whatever thread, when the user closes it or the listener's executor is closed
     */
    void opened(long id, Revision revision, Runnable whenClosed) {
        phase = Phase.OPEN;
        serverId = id;
        denials = 0;
        cursor.confirmed(revision);
        if (!isConfirmed) {
            isConfirmed = true;
            onClose = whenClosed;
            confirmation.complete(new Handle(revision, whenClosed));
        }
    }

    /** Whether it has been told more than there is in a store of this revision. */
    boolean isAheadOf(Revision revision) {
        return cursor.next() > revision.next().number();
    }

    /** The server denied it; answers how often in a row by now. */
    int denied() {
        phase = Phase.WANTED;
        return ++denials;
    }

    /** The present stream has ended. */
    void interrupted() {
        if (phase == Phase.ASKED || phase == Phase.OPEN) {
            phase = Phase.WANTED;
        }
        cursor.interrupted();
    }

    /** What the server sent for this watch; answers whether the listener keeps up with it. */
    boolean accept(List<WatchEvent> events, boolean isPiece) {
        List<WatchEvent> fresh = cursor.accept(events, isPiece);
        if (fresh.isEmpty()) {
            return true;
        }
        int waiting = waitingEvents.get();
        if (waiting > 0 && waiting + fresh.size() > WAITING_EVENTS_MAX) {
            return false;
        }
        waitingEvents.addAndGet(fresh.size());
        deliver(() -> {
            waitingEvents.addAndGet(-fresh.size());
            if (!isSilenced) {
                listener.changed(fresh);
            }
        });
        return true;
    }

    void caughtUpTo(Revision revision) {
        cursor.caughtUpTo(revision);
    }

    void lost() {
        phase = Phase.LOST;
    }

    /** Runs the task when the listener has been told everything so far. */
    void whenDelivered(Runnable task) {
        deliver(task);
    }

    /** Goes on after this listing. */
    void relisted(Listing listing) {
        phase = Phase.WANTED;
        cursor.restartAfter(listing.revision());
        deliver(() -> {
            if (!isSilenced) {
                listener.relisted(listing);
            }
        });
    }

    /** The server will not have it. */
    void refused(RollingOpsException reason) {
        phase = Phase.ENDED;
        if (!isConfirmed) {
            confirmation.fail(reason);
            return;
        }
        deliver(() -> {
            if (!isSilenced) {
                isSilenced = true;
                listener.ended(reason);
            }
        });
    }

    /** The user or the client has closed it, or it was not to be had. */
    void closed(String why) {
        phase = Phase.ENDED;
        silence();
        if (!isConfirmed) {
            confirmation.fail(new RollingOpsException.Unavailable("could not watch " + keys + " in etcd: " + why));
        }
    }

    /** From now on the listener is not called any more. */
    void silence() {
        isSilenced = true;
    }

    private void deliver(Runnable task) {
        if (!delivery.add(task)) {
            silence();
            onClose.run();
        }
    }

    /** What the user holds. */
    private final class Handle implements Watch {
        private final Revision createdAt;
        private final Runnable whenClosed;

        private Handle(Revision createdAt, Runnable whenClosed) {
            this.createdAt = createdAt;
            this.whenClosed = whenClosed;
        }

        @Override
        public Revision createdAt() {
            return createdAt;
        }

        @Override
        public void close() {
            silence();
            whenClosed.run();
        }
    }
}
