// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.RollingOpsException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NativeSyncLockTest {
    /** A caller that gave it an hour does not get two because the store needed the first one to take the request. */
    @Test
    void the_time_that_the_request_took_is_part_of_the_timeout() {
        try (TestUnits units = new TestUnits()) {
            units.bareHolder(1);
            units.bare(0);
            AtomicLong steady = new AtomicLong();
            NativeSyncLock lock = new NativeSyncLock(
                    units.store.as(TestUnits.unit(0)),
                    () -> "ticket-1",
                    () -> steady.getAndAdd(Duration.ofHours(2).toNanos()));

            assertThatThrownBy(() -> lock.acquire(Duration.ofHours(1)))
                    .isInstanceOf(RollingOpsException.LockTimeout.class)
                    .hasMessageContaining("3600000 ms");
            assertThat(units.record(0).queue().isEmpty())
                    .as("nothing stays queued for it")
                    .isTrue();
        }
    }
}
