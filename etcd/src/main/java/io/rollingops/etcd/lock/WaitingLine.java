// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.Revision;
import java.util.List;

/**
 * The end of the line up to somebody's ticket, backwards: his own, the one in front of it, and the one in front of that.
 */
record WaitingLine(List<KeyValue> tickets) {
    /** So many are enough to know where one stands. */
    static final int SEEN = 3;

    WaitingLine {
        tickets = List.copyOf(tickets);
    }

    /** Where the ticket stands that was created in that revision; unknown if it is not in the line. */
    Place placeOf(Revision ticket, boolean lockIsFree) {
        if (tickets.isEmpty() || !tickets.get(0).created().equals(ticket)) {
            return new Place.Unknown();
        }
        return tickets.size() == 1
                ? new Place.First(lockIsFree)
                : new Place.Behind(tickets.get(1).key(), tickets.size() == 2);
    }
}
