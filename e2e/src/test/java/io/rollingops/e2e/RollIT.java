// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A roll when nothing goes wrong. */
@Timeout(180)
class RollIT {
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    @Test
    void a_roll_takes_every_unit_once_and_one_at_a_time() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, Duration.ofSeconds(10))) {
            Cli request = web.begin(1, "request", "work", "--all", "--wait");

            assertThat(request.await()).as(request.err()).isZero();
            assertThat(request.out())
                    .contains("web/0  attempt 1: released", "web/1  attempt 1: released", "web/2  attempt 1: released");
            assertThat(web.log().order()).containsExactly("web/0", "web/1", "web/2");
            web.assertHistoryIsClean();
        }
    }

    @Test
    void failed_attempts_are_tried_again_in_the_order_of_their_results() throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.start(folder, Duration.ofSeconds(10))) {
            Path gate = web.file("gate");
            web.request("work", Map.of("gate", gate.toString()), 2); // nobody else begins before all are queued
            web.request("work", Map.of("failures", 2, "status", 76), 0);
            web.request("work", Map.of("failures", 1, "status", 75), 1);
            web.awaitBegun("web/2");
            web.open(gate);

            web.assertHistoryIsClean();
            List<String> order = web.log().order();
            assertThat(order)
                    .hasSize(6)
                    .startsWith("web/2", "web/0", "web/0", "web/0", "web/1")
                    .endsWith("web/1");
        }
    }
}
