// SPDX-License-Identifier: Apache-2.0
package io.rollingops.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the leader counts the time of others' leases (rule L2), wherever its clock's count stands. */
class LeaseWatchTest {
    private static final Duration TTL = Duration.ofSeconds(30);
    private static final long NANOS = TTL.toNanos();

    private final LeaseWatch<String> watch = new LeaseWatch<>();

    @ParameterizedTest
    @ValueSource(longs = {0, -5, Long.MAX_VALUE - 1_000, Long.MAX_VALUE, Long.MIN_VALUE})
    void a_lease_expires_after_its_life_and_not_a_nanosecond_earlier(long now) {
        watch.seen("a", 7, TTL, now);

        assertThat(watch.nextNanos()).hasValue(now + NANOS);
        assertThat(watch.expired(now)).isEmpty();
        assertThat(watch.expired(now + NANOS)).isEmpty();
        assertThat(watch.expired(now + NANOS + 1)).containsExactly(Map.entry("a", 7L));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 1_000, Long.MIN_VALUE})
    void only_a_new_number_of_renewals_prolongs_it(long now) {
        watch.seen("a", 7, TTL, now);
        watch.seen("a", 7, TTL, now + 500);
        assertThat(watch.expired(now + NANOS + 1)).hasSize(1);

        watch.seen("a", 8, TTL, now + 500);
        assertThat(watch.expired(now + NANOS + 500)).isEmpty();
        assertThat(watch.expired(now + NANOS + 501)).containsExactly(Map.entry("a", 8L));
    }

    @Test
    void every_lease_has_its_own_life() {
        watch.seen("a", 1, TTL, 0);
        watch.seen("b", 1, TTL.multipliedBy(2), 0);
        assertThat(watch.expired(NANOS + 1)).containsExactly(Map.entry("a", 1L));
        assertThat(watch.expired(2 * NANOS + 1)).containsExactlyInAnyOrder(Map.entry("a", 1L), Map.entry("b", 1L));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 15_000_000_000L, Long.MAX_VALUE - 45_000_000_000L, Long.MIN_VALUE})
    void the_next_to_expire_is_the_one_whose_time_comes_first(long now) {
        watch.seen("late", 1, TTL.plusSeconds(20), now);
        watch.seen("first", 1, TTL, now);
        watch.seen("later", 1, TTL.plusSeconds(10), now);
        assertThat(watch.nextNanos()).hasValue(now + NANOS);
        watch.retain(Set.of("late", "later"));
        assertThat(watch.nextNanos()).hasValue(now + TTL.plusSeconds(10).toNanos());
    }

    @Test
    void what_is_not_alive_any_more_is_forgotten() {
        watch.seen("a", 1, TTL, 0);
        watch.seen("b", 1, TTL, 0);
        watch.retain(Set.of("b", "c"));
        assertThat(watch.expired(NANOS + 1)).containsExactly(Map.entry("b", 1L));
    }

    @Test
    void a_watch_that_was_interrupted_starts_every_lease_at_its_full_length() {
        watch.seen("a", 1, TTL, 0);
        watch.clear();
        assertThat(watch.nextNanos()).isEmpty();
        assertThat(watch.expired(NANOS + 1)).isEmpty();

        watch.seen("a", 1, TTL, NANOS);
        assertThat(watch.nextNanos()).hasValue(2 * NANOS);
    }

    @Test
    void a_lease_that_was_reported_is_reported_again_until_it_is_gone() {
        watch.seen("a", 1, TTL, 0);
        assertThat(watch.expired(NANOS + 1)).hasSize(1);
        assertThat(watch.expired(NANOS + 2)).hasSize(1);
    }
}
