// SPDX-License-Identifier: Apache-2.0
package io.rollingops.schedule;

import io.rollingops.UnitName;
import java.util.Optional;

/**
 * The one place to run in an application.
 *
 * @param lastGrantee who was granted it last, if that is still known
 * @param open whether that grant still waits for its answer
 */
public record Slot(Optional<UnitName> lastGrantee, boolean open) {
    public Slot {
        if (open && lastGrantee.isEmpty()) {
            throw new IllegalArgumentException("an open slot has a grantee");
        }
    }
}
