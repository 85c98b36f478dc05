// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EndpointRingTest {
    private static final long START =
            Long.MAX_VALUE - 1_000; // the nanosecond clock may overflow, and does at once here

    @Test
    void the_endpoint_in_use_is_kept_while_it_answers() {
        EndpointRing ring = new EndpointRing(3, 1);
        for (int i = 0; i < 5; i++) {
            assertThat(ring.choose(START + i)).isEqualTo(1);
            ring.answered(1);
        }
    }

    @Test
    void one_that_fails_is_left_at_once_for_the_next_and_stays_left() {
        EndpointRing ring = new EndpointRing(3, 2);
        ring.failed(2, START);
        assertThat(ring.choose(START)).isEqualTo(0);
        ring.answered(0);
        assertThat(ring.choose(after(Duration.ofDays(1)))).isEqualTo(0);
    }

    @Test
    void one_that_failed_is_trusted_again_later_each_time_twice_as_much_later() {
        EndpointRing ring = new EndpointRing(2, 0);
        Duration suspicion = EndpointRing.FIRST_SUSPICION;
        long now = START;
        for (int failure = 1; failure <= 8; failure++) {
            ring.failed(0, now);
            ring.failed(1, now + 1);
            // with both under suspicion the one that failed first comes first
            assertThat(ring.choose(now + 2)).isEqualTo(0);
            ring.answered(1);
            assertThat(ring.choose(now + suspicion.toNanos() - 1)).isEqualTo(1);
            ring.failed(1, now + suspicion.toNanos() - 1);
            assertThat(ring.choose(now + suspicion.toNanos())).isEqualTo(0);
            ring.answered(1);
            now += suspicion.toNanos();
            suspicion = suspicion.multipliedBy(2).compareTo(EndpointRing.LONGEST_SUSPICION) < 0
                    ? suspicion.multipliedBy(2)
                    : EndpointRing.LONGEST_SUSPICION;
        }
        ring.answered(0);
        ring.failed(0, now);
        ring.failed(1, now);
        assertThat(ring.choose(now + EndpointRing.FIRST_SUSPICION.toNanos())).isZero();
    }

    @Test
    void many_requests_that_fail_together_are_one_failure() {
        EndpointRing ring = new EndpointRing(2, 0);
        for (int request = 0; request < 100; request++) {
            ring.failed(0, START + request);
        }
        assertThat(ring.choose(START + 100)).isEqualTo(1);
        ring.failed(1, START + 100 + EndpointRing.FIRST_SUSPICION.toNanos() - 1);
        assertThat(ring.choose(START + 100 + EndpointRing.FIRST_SUSPICION.toNanos()))
                .isEqualTo(0);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void as_many_tries_as_endpoints_try_them_all_whatever_was_before(long seed) {
        Random random = new Random(seed);
        int size = 1 + random.nextInt(5);
        EndpointRing ring = new EndpointRing(size, random.nextInt(size));
        long now = START;
        for (int i = 0; i < 30; i++) {
            now += random.nextInt(2_000) * 1_000_000L;
            int some = random.nextInt(size);
            if (random.nextBoolean()) {
                ring.failed(some, now);
            } else {
                ring.answered(some);
            }
            ring.choose(now);
        }

        Set<Integer> tried = new HashSet<>();
        for (int i = 0; i < size; i++) {
            now++;
            int chosen = ring.choose(now);
            tried.add(chosen);
            ring.failed(chosen, now);
        }
        assertThat(tried).hasSize(size);
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static long after(Duration time) {
        return START + time.toNanos();
    }
}
