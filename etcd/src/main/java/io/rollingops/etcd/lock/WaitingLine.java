// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.KeyValue;
import java.util.List;

/** Who waits, in the order in which the tickets were created. */
record WaitingLine(List<KeyValue> tickets) {
    WaitingLine {
        tickets = List.copyOf(tickets);
    }

    /** Where that ticket stands; unknown if it is not in the line, as far as that was read. */
    Place placeOf(Bytes ticket, boolean lockIsFree) {
        for (int i = 0; i < tickets.size(); i++) {
            if (tickets.get(i).key().equals(ticket)) {
                return i == 0
                        ? new Place.First(lockIsFree)
                        : new Place.Behind(tickets.get(i - 1).key(), i == 1, lockIsFree);
            }
        }
        return new Place.Unknown();
    }
}
