// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LeaseTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Lease LEASE = Lease.claimedBy(new UnitName("app", 0), START);

    @Test
    void an_agent_that_is_there_keeps_its_lease() {
        Instant later = START.plus(Duration.ofHours(1));
        assertThat(LEASE.at(later, true)).isEqualTo(Lease.claimedBy(new UnitName("app", 0), later));
    }

    @Test
    void an_agent_that_is_gone_keeps_it_for_a_minute() {
        Instant end = START.plus(Lease.DURATION);
        assertThat(LEASE.at(end.minusNanos(1), false)).isEqualTo(LEASE);
        assertThat(LEASE.at(end, false)).isEqualTo(Lease.FREE);
    }

    @Test
    void a_free_lease_stays_free() {
        assertThat(Lease.FREE.at(START, true)).isEqualTo(Lease.FREE);
    }
}
