// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.etcd.Bytes;

/** Where in the line a ticket stands. Whoever has the lock stands in it, too, unless he only polls. */
sealed interface Place {

    /** Nobody has looked since something changed. */
    record Unknown() implements Place {}

    /**
     * Somebody is in front.
     *
     * @param ticket whose end must be waited for
     * @param isNext whether nobody is in front of that one: he has the lock, or takes it next
     */
    record Behind(Bytes ticket, boolean isNext) implements Place {}

    /**
     * Only a unit of the same application is in front. It gives the lock back as soon as it knows that its result is recorded,
     * which we know already, by our grant: to try at once is quicker than to be told.
     *
     * @param ticket whose end must be waited for if that is in vain
     * @param attempts how many are left, at least one
     */
    record GivenSoon(Bytes ticket, int attempts) implements Place {
        Place afterAttempt() {
            return attempts > 1 ? new GivenSoon(ticket, attempts - 1) : new Behind(ticket, true);
        }
    }

    /**
     * It is the first.
     *
     * @param lockIsFree as far as is known
     */
    record First(boolean lockIsFree) implements Place {}
}
