// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import java.util.Optional;

/**
 * Tells a restart of a unit's process from two processes that run at once under one name (assumption A3). A new process ends
 * the lease of the one before; if that one opens another lease afterwards it was not dead, and of the two the later one has to
 * go.
 *
 * @param process names this process
 * @param ended the lease that this process found and ended when it opened its first one
 */
record Doubles(String process, Optional<String> ended) {
    private static final char BEFORE_NUMBER = '-';

    /** Knowing the lease that the unit has when this process is about to open its first one. */
    Doubles opening(Optional<String> lease) {
        return ended.isPresent()
                ? this
                : new Doubles(process, lease.filter(id -> !processOf(id).equals(process)));
    }

    /** Whether the unit's lease now shows that the earlier process lives. */
    boolean isBeatenBy(Optional<String> lease) {
        return lease.isPresent()
                && ended.isPresent()
                && !lease.equals(ended)
                && processOf(lease.get()).equals(processOf(ended.get()));
    }

    private static String processOf(String lease) {
        return lease.substring(0, Math.max(0, lease.lastIndexOf(BEFORE_NUMBER)));
    }
}
