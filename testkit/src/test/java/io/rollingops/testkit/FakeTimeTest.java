// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FakeTimeTest {
    private static final Duration WAIT = Duration.ofMillis(300);

    /** A process whose waits ended at once would spin, and the others on its machine would miss their times. */
    @Test
    void the_time_of_day_is_another_and_waits_are_as_long_as_ever() throws Exception {
        FakeTime time = FakeTime.orSkip();
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Sleeper.class.getName());
        builder.environment().putAll(time.environment("+1h"));
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process process = builder.start();
        try {
            String[] said = new String(process.getInputStream().readAllBytes(), UTF_8)
                    .trim()
                    .split(" ", 2);

            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(Instant.parse(said[0])).isAfter(Instant.now().plus(Duration.ofMinutes(59)));
            assertThat(Duration.parse(said[1])).isGreaterThanOrEqualTo(WAIT);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Says the time of day, and how long a wait took. */
    static final class Sleeper {
        public static void main(String[] arguments) {
            long began = System.nanoTime();
            LockSupport.parkNanos(WAIT.toNanos());
            System.out.println(Instant.now() + " " + Duration.ofNanos(System.nanoTime() - began));
        }
    }
}
