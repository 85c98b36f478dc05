// SPDX-License-Identifier: Apache-2.0
package io.rollingops.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The margin of rule L1. */
class LeaseTermsTest {

    @ParameterizedTest
    @CsvSource({"60,10,47.8", "30,5,23.4"})
    void the_two_numbers_of_the_rule(long ttl, long stopWithin, double trusted) {
        LeaseTerms terms =
                new LeaseTerms(Duration.ofSeconds(ttl), Duration.ofSeconds(stopWithin), Duration.ofSeconds(1));
        assertThat(terms.trusted().toNanos() / 1e9).isCloseTo(trusted, within(0.05));
    }

    @Test
    void the_margin_is_that_of_the_rule_to_the_nanosecond() {
        LeaseTerms terms = new LeaseTerms(Duration.ofSeconds(60), Duration.ofSeconds(10), Duration.ofSeconds(1));
        assertThat(terms.trusted()).isEqualTo(Duration.ofNanos(47_811_881_188L));
    }

    /** However the rates of the two clocks differ within the tolerance, the work has stopped before the lease expires. */
    @ParameterizedTest
    @CsvSource({"60000,10000,1000", "30000,5000,1000", "6000,1000,250", "1000,0,0"})
    void the_work_has_stopped_before_the_lease_can_expire(long ttl, long stopWithin, long checkEvery) {
        LeaseTerms terms =
                new LeaseTerms(Duration.ofMillis(ttl), Duration.ofMillis(stopWithin), Duration.ofMillis(checkEvery));
        double slowestHolder = 1 - LeaseTerms.CLOCK_RATE_TOLERANCE;
        double fastestServer = 1 + LeaseTerms.CLOCK_RATE_TOLERANCE;

        double stoppedBy = terms.trusted()
                        .plus(terms.stopWithin())
                        .plus(terms.checkEvery())
                        .toNanos()
                / slowestHolder;
        double expiresAt = terms.ttl().toNanos() / fastestServer;

        assertThat(stoppedBy).isLessThanOrEqualTo(expiresAt);
        assertThat(stoppedBy).as("and no earlier than it must be").isCloseTo(expiresAt, within(3.0));
    }

    /** The wire has milliseconds: the store would end a lease earlier than its holder expects. */
    @Test
    void a_lease_is_counted_in_whole_milliseconds() {
        Duration ttl = Duration.ofSeconds(30).plusNanos(1);
        assertThatThrownBy(() -> new LeaseTerms(ttl, Duration.ofSeconds(5), Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("whole milliseconds");
    }

    @Test
    void a_lease_is_renewed_six_times_in_its_life() {
        LeaseTerms terms = new LeaseTerms(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(1));
        assertThat(terms.renewEvery()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void at_rest_a_lease_is_renewed_half_as_often_and_never_so_late_that_nothing_could_begin() {
        LeaseTerms usual = new LeaseTerms(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(1));
        assertThat(usual.renewAtRestEvery()).isEqualTo(Duration.ofSeconds(10));
        LeaseTerms tight = new LeaseTerms(Duration.ofSeconds(60), Duration.ofNanos(38_811_881_188L), Duration.ZERO);
        assertThat(tight.renewAtRestEvery()).as("trusted for 20 s").isEqualTo(Duration.ofSeconds(10));
        LeaseTerms between = new LeaseTerms(Duration.ofSeconds(60), Duration.ofSeconds(33), Duration.ZERO);
        assertThat(between.renewAtRestEvery()).isEqualTo(between.trusted().minus(between.renewEvery()));
    }

    /** Trusted for twice the renewal interval: 60 s · 0.99 / 1.01 − 20 s leave 38.8118… s to stop and to notice. */
    @Test
    void a_lease_must_be_trusted_for_two_renewals_and_not_a_nanosecond_less() {
        Duration ttl = Duration.ofSeconds(60);
        Duration most = Duration.ofNanos(38_811_881_188L);
        assertThat(new LeaseTerms(ttl, most, Duration.ZERO).trusted()).isEqualTo(Duration.ofSeconds(20));
        assertThat(new LeaseTerms(ttl, Duration.ZERO, most).trusted()).isEqualTo(Duration.ofSeconds(20));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LeaseTerms(ttl, most.plusNanos(1), Duration.ZERO))
                .withMessageContaining("60000 ms")
                .withMessageContaining("38811 ms to stop")
                .withMessageContaining("lengthen the lease or shorten the time to stop");
        assertThatIllegalArgumentException().isThrownBy(() -> new LeaseTerms(ttl, most, Duration.ofNanos(1)));
    }

    @Test
    void times_are_not_negative_and_a_lease_lives_for_some_time() {
        Duration second = Duration.ofSeconds(1);
        Duration negative = Duration.ofNanos(-1);
        assertThatIllegalArgumentException().isThrownBy(() -> new LeaseTerms(second, negative, Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> new LeaseTerms(second, Duration.ZERO, negative));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LeaseTerms(Duration.ZERO, Duration.ZERO, Duration.ZERO))
                .withMessageContaining("lives for some time");
        assertThatIllegalArgumentException().isThrownBy(() -> new LeaseTerms(negative, Duration.ZERO, Duration.ZERO));
    }
}
