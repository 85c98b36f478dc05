// SPDX-License-Identifier: Apache-2.0
package io.rollingops.schedule;

import io.rollingops.UnitName;
import java.util.Optional;

/**
 * What the scheduler knows of one unit.
 *
 * @param unit its name
 * @param intent what it asks for
 * @param headOrder when the head of its queue was requested, as a number that the store gives and that grows with
 *     time; without meaning when the intent is idle
 * @param doneEpoch the last grant that it answered, 0 for none
 * @param hindrance why it gets no grant, if there is a reason
 */
public record UnitView(UnitName unit, Intent intent, long headOrder, long doneEpoch, Optional<Hindrance> hindrance) {

    /** Whether it may be granted the lock for that intent. */
    boolean mayRun(Intent wanted) {
        return intent == wanted && hindrance.isEmpty();
    }
}
