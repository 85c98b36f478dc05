// SPDX-License-Identifier: Apache-2.0
package io.rollingops.schedule;

import io.rollingops.UnitName;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * Decides which unit runs next. Knows no clock, no store and no thread.
 *
 * <ol>
 *   <li>A slot whose last grant is not answered stays with its unit: a grant is never taken back.
 *   <li>The unit that was granted last and holds on for a retry goes first.
 *   <li>Then requests, the one whose head was requested first.
 *   <li>Then retries, the one whose last answer lies furthest back. A unit that wanted to hold on but was passed over
 *       counts among them.
 * </ol>
 *
 * <p>Units with a {@link Hindrance} are passed over. Equal ranks are settled by the unit's name, so every machine decides
 * the same. It follows that at most one grant is open, that requests are served in the order in which the store saw
 * them, and that a retry starves nobody: each further try of a unit ranks behind all units that answered before it.
 *
 * <p>This is rule G2 of the safety protocol; the original compares clocks where this compares epochs.
 */
public final class Scheduler {
    private static final Comparator<UnitView> OLDEST_REQUEST =
            Comparator.comparingLong(UnitView::headOrder).thenComparing(UnitView::unit);
    private static final Comparator<UnitView> OLDEST_ANSWER =
            Comparator.comparingLong(UnitView::doneEpoch).thenComparing(UnitView::unit);

    private Scheduler() {}

    /**
     * Decides from a snapshot.
     *
     * @param slot who was granted last, and whether that is answered
     * @param units all members, in any order
     */
    public static Decision decide(Slot slot, Collection<UnitView> units) {
        if (slot.open()) {
            return new Decision.Keep(slot.lastGrantee().orElseThrow());
        }
        return holdingOn(slot.lastGrantee(), units)
                .or(() -> first(units, Intent.REQUEST, OLDEST_REQUEST))
                .or(() -> firstRetry(units))
                .<Decision>map(view -> new Decision.Grant(view.unit()))
                .orElseGet(Decision.Idle::new);
    }

    private static Optional<UnitView> holdingOn(Optional<UnitName> lastGrantee, Collection<UnitView> units) {
        if (lastGrantee.isEmpty()) {
            return Optional.empty();
        }
        for (UnitView view : units) {
            if (view.unit().equals(lastGrantee.get()) && view.mayRun(Intent.RETRY_HOLD)) {
                return Optional.of(view);
            }
        }
        return Optional.empty();
    }

    private static Optional<UnitView> firstRetry(Collection<UnitView> units) {
        Optional<UnitView> released = first(units, Intent.RETRY_RELEASE, OLDEST_ANSWER);
        Optional<UnitView> heldOn = first(units, Intent.RETRY_HOLD, OLDEST_ANSWER);
        if (released.isEmpty() || heldOn.isEmpty()) {
            return released.or(() -> heldOn);
        }
        return OLDEST_ANSWER.compare(released.get(), heldOn.get()) <= 0 ? released : heldOn;
    }

    private static Optional<UnitView> first(Collection<UnitView> units, Intent intent, Comparator<UnitView> order) {
        Optional<UnitView> first = Optional.empty();
        for (UnitView view : units) {
            if (view.mayRun(intent) && (first.isEmpty() || order.compare(view, first.get()) < 0)) {
                first = Optional.of(view);
            }
        }
        return first;
    }
}
