// SPDX-License-Identifier: Apache-2.0
package io.rollingops.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Until when a holder relies on its lease, wherever its clock's count stands, also where it wraps around. */
class LeaseTrustTest {
    private static final LeaseTerms TERMS =
            new LeaseTerms(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(1));
    private static final long TRUSTED = 23_405_940_594L;

    @ParameterizedTest
    @ValueSource(longs = {0, 1_000_000_007, -5, Long.MAX_VALUE - 1_000, Long.MAX_VALUE, Long.MIN_VALUE, -TRUSTED})
    void a_lease_is_trusted_up_to_its_deadline_and_not_a_nanosecond_longer(long sent) {
        LeaseTrust trust = new LeaseTrust(TERMS, sent);
        long deadline = sent + TRUSTED;

        assertThat(trust.deadlineNanos()).isEqualTo(deadline);
        assertThat(trust.isTrusted(sent)).isTrue();
        assertThat(trust.isTrusted(deadline - 1)).isTrue();
        assertThat(trust.isTrusted(deadline)).isFalse();
        assertThat(trust.isTrusted(deadline + 1)).isFalse();
        assertThat(trust.isTrusted(deadline + Duration.ofDays(365).toNanos())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -5, Long.MAX_VALUE - 1_000, Long.MAX_VALUE, Long.MIN_VALUE})
    void a_renewal_counts_from_when_it_was_sent_and_an_older_one_adds_nothing(long sent) {
        LeaseTrust trust = new LeaseTrust(TERMS, sent);

        assertThat(trust.renewed(sent + 5_000).deadlineNanos()).isEqualTo(sent + 5_000 + TRUSTED);
        assertThat(trust.renewed(sent + 1)).isEqualTo(new LeaseTrust(TERMS, sent + 1));
        assertThat(trust.renewed(sent)).isSameAs(trust);
        assertThat(trust.renewed(sent - 1)).isSameAs(trust);
    }
}
