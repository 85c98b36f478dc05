// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import java.util.Optional;

/**
 * The two pairs of certificate and key that a unit has while one takes the place of the other, and which of them the
 * connection to etcd uses. While etcd admits only one of them nobody knows which, so a pair is used when etcd is seen to
 * accept it, and what works is not given up before. A value.
 *
 * @param used what the connection uses now
 * @param present what the files say now
 * @param previous the same with the pair before, as long as that is kept
 */
record KnownPairs(Access used, Access present, Optional<Access> previous) {

    /**
     * How etcd is reached.
     *
     * @param place where etcd is, and who signs for it
     * @param pair the content of certificate and key
     */
    record Access(String place, String pair) {}

    /** What is to be done. */
    enum Step {
        /** Nothing: the present pair is used. */
        REST,
        /** Use the present pair. */
        USE_PRESENT,
        /** Use the pair before, from where it is kept now. */
        USE_PREVIOUS,
        /** See whether etcd accepts the present pair, and use it if it does. */
        TRY_PRESENT,
        /** See whether etcd accepts the pair before, and use it if it does. */
        TRY_PREVIOUS
    }

    /**
     * The next step.
     *
     * @param isAtPrevious whether the connection reads its pair from where the pair before is kept
     * @param isAnswered whether etcd answers at the moment
     */
    Step next(boolean isAtPrevious, boolean isAnswered) {
        if (used.pair().equals(present.pair())) {
            if (isAtPrevious || !used.equals(present)) {
                return Step.USE_PRESENT;
            }
            return !isAnswered && previous.isPresent() ? Step.TRY_PREVIOUS : Step.REST;
        }
        if (previous.filter(before -> before.pair().equals(used.pair())).isEmpty()) {
            return Step.USE_PRESENT;
        }
        return isAtPrevious && previous.get().equals(used) ? Step.TRY_PRESENT : Step.USE_PREVIOUS;
    }
}
