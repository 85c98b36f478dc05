// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The two clocks of a host.
 *
 * @param boot nanoseconds from any origin, steady, and counting the time in which the machine was suspended; durations
 *     of leases are measured with it (rule L3)
 * @param calendar the wall clock, for stamps that people read
 */
public record HostClock(LongSupplier boot, InstantSource calendar) {
    long bootNanos() {
        return boot.getAsLong();
    }

    Instant wall() {
        return calendar.instant();
    }
}
