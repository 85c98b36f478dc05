// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WatchPaceTest {
    private final WatchPace pace = WatchPace.DEFAULT;

    @Test
    void the_first_stream_that_fails_is_replaced_at_once_and_further_ones_after_growing_pauses() {
        assertThat(pace.pauseAfter(0)).isZero();
        assertThat(pace.pauseAfter(1)).isEqualTo(Duration.ofMillis(50));
        assertThat(pace.pauseAfter(2)).isEqualTo(Duration.ofMillis(100));
        assertThat(pace.pauseAfter(5)).isEqualTo(Duration.ofMillis(800));
        assertThat(pace.pauseAfter(6)).isEqualTo(Duration.ofSeconds(1));
        assertThat(pace.pauseAfter(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void members_get_more_time_to_confirm_the_more_streams_have_failed() {
        assertThat(pace.confirmationAfter(0)).isEqualTo(Duration.ofMillis(300));
        assertThat(pace.confirmationAfter(1)).isEqualTo(Duration.ofMillis(600));
        assertThat(pace.confirmationAfter(4)).isEqualTo(Duration.ofSeconds(3));
        assertThat(pace.confirmationAfter(1_000)).isEqualTo(Duration.ofSeconds(3));
    }
}
