// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.List;
import java.util.function.Function;

/** How a transaction ended that the store has decided. */
public sealed interface TransactionOutcome {
    /**
     * All guards held and the actions were done.
     *
     * @param revision of the store afterwards; a key that was written has it as its modified revision
     * @param results one for each action, in order
     */
    record Applied(Revision revision, List<ActionResult> results) implements TransactionOutcome {
        public Applied {
            results = List.copyOf(results);
        }
    }

    /**
     * A guard did not hold, so the alternatives were done.
     *
     * @param revision of the store afterwards
     * @param results one for each alternative, in order
     */
    record Declined(Revision revision, List<ActionResult> results) implements TransactionOutcome {
        public Declined {
            results = List.copyOf(results);
        }
    }

    /** A put named a lease that has ended. Nothing was written. */
    record LeaseGone() implements TransactionOutcome {}

    default <R> R fold(Function<Applied, R> applied, Function<Declined, R> declined, Function<LeaseGone, R> leaseGone) {
        if (this instanceof Applied outcome) {
            return applied.apply(outcome);
        }
        if (this instanceof Declined outcome) {
            return declined.apply(outcome);
        }
        if (this instanceof LeaseGone outcome) {
            return leaseGone.apply(outcome);
        }
        throw new AssertionError(this);
    }

    default boolean isApplied() {
        return this instanceof Applied;
    }
}
