// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.etcd.Revision;
import io.rollingops.etcd.WatchEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * How far one watch has come: decides which events are told, and where to go on after a break.
 *
 * <ol>
 *   <li>{@code next} is the first revision that was not told completely. A stream is asked to begin there.
 *   <li>Events before {@code next} were told and are dropped. They can come when a stream begins earlier than asked, as
 *       one does that moved to a member whose store lags behind.
 *   <li>An answer in several pieces may cut a revision in two. So of a piece that is not the last, the events of its last
 *       revision are held back until the next piece shows whether there are more; a break in between drops them, and they
 *       come again since {@code next} has not moved past them.
 * </ol>
 *
 * <p>It follows that each event is told exactly once, whole revisions at a time, in order. That holds for any cuts and
 * any repetitions, as long as each stream tells in order what there is from where it was asked to begin.
 */
final class WatchCursor {
    private long next;
    private List<WatchEvent> held = List.of();

    /** From now on: the place is known when the server has confirmed the watch. */
    WatchCursor() {}

    /** Where a stream is to begin; zero for now, as etcd has it. */
    long next() {
        return next;
    }

    /**
     * The server has confirmed. A watch from now on begins after the revision that the server names; where the watch was
     * asked to begin somewhere, that stays: what lies in between is still to come.
     */
    void confirmed(Revision revision) {
        if (next == 0) {
            next = revision.next().number();
        }
    }

    /**
     * Takes what the server sent.
     *
     * @param isPiece whether more pieces of the same answer follow
     * @return what to tell
     */
    List<WatchEvent> accept(List<WatchEvent> events, boolean isPiece) {
        List<WatchEvent> fresh = new ArrayList<>(held);
        for (WatchEvent event : events) {
            if (event.revision().number() >= next) {
                fresh.add(event);
            }
        }
        held = List.of();
        if (fresh.isEmpty()) {
            return fresh;
        }
        long last = fresh.get(fresh.size() - 1).revision().number();
        if (!isPiece) {
            next = last + 1;
            return fresh;
        }
        int cut = fresh.size();
        while (cut > 0 && fresh.get(cut - 1).revision().number() == last) {
            cut--;
        }
        next = last;
        held = List.copyOf(fresh.subList(cut, fresh.size()));
        return List.copyOf(fresh.subList(0, cut));
    }

    /** The server says that it has told everything up to this revision. */
    void caughtUpTo(Revision revision) {
        if (held.isEmpty()) {
            next = Math.max(next, revision.next().number());
        }
    }

    /** The stream has ended; what was held back comes again. */
    void interrupted() {
        held = List.of();
    }

    /** A listing has told everything up to this revision. */
    void restartAfter(Revision revision) {
        held = List.of();
        next = revision.next().number();
    }
}
