// SPDX-License-Identifier: Apache-2.0
package io.rollingops.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The clock of leases: one origin for the whole life of a process (rule L3). */
class BootClockTest {
    private final AtomicLong steady = new AtomicLong(77);

    @TempDir
    Path folder;

    private Path uptime = Path.of("");

    @BeforeEach
    void make_an_uptime() throws IOException {
        uptime = Files.writeString(folder.resolve("uptime"), "5000.25 9000.75\n");
    }

    @Test
    void it_is_the_uptime_of_the_machine_and_not_the_steady_clock_of_the_process() throws IOException {
        LongSupplier clock = BootClock.of(uptime, steady::get);

        assertThat(clock.getAsLong()).isEqualTo(millis(5_000_250));
        Files.writeString(uptime, "98765.43 1.0\n");
        assertThat(clock.getAsLong())
                .as("a night's sleep counts, though the process has not noticed it")
                .isEqualTo(millis(98_765_430));
    }

    @Test
    void when_the_uptime_becomes_unreadable_it_goes_on_from_its_last_reading_and_never_changes_back()
            throws IOException {
        LongSupplier clock = BootClock.of(uptime, steady::get);
        assertThat(clock.getAsLong()).isEqualTo(millis(5_000_250));

        Files.writeString(uptime, "nonsense\n");
        steady.addAndGet(millis(1_500));
        assertThat(clock.getAsLong()).isEqualTo(millis(5_001_750));
        Files.writeString(uptime, "7.00 7.00\n");
        steady.addAndGet(millis(500));
        assertThat(clock.getAsLong()).isEqualTo(millis(5_002_250));
    }

    @Test
    void without_an_uptime_it_is_the_steady_clock_from_the_start() throws IOException {
        LongSupplier clock = BootClock.of(folder.resolve("missing"), steady::get);

        assertThat(clock.getAsLong()).isEqualTo(77);
        Files.writeString(folder.resolve("missing"), "5000.25 9000.75\n");
        assertThat(clock.getAsLong()).isEqualTo(77);
    }

    @Test
    void an_uptime_in_another_form_is_none() throws IOException {
        Files.writeString(uptime, "5000,25\n");

        assertThat(BootClock.of(uptime, steady::get).getAsLong()).isEqualTo(77);
    }

    @Test
    void one_thread_that_is_interrupted_does_not_take_the_clock_from_the_others() {
        LongSupplier clock = BootClock.of(uptime, steady::get);
        Thread.currentThread().interrupt();
        try {
            assertThat(clock.getAsLong()).isEqualTo(millis(5_000_250));
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        steady.addAndGet(millis(500));

        assertThat(clock.getAsLong()).isEqualTo(millis(5_000_250));
    }

    @Test
    void the_one_of_this_machine_never_goes_back() {
        LongSupplier clock = BootClock.ofThisMachine();
        long before = clock.getAsLong();

        assertThat(clock.getAsLong()).isGreaterThanOrEqualTo(before);
    }

    private static long millis(long count) {
        return Duration.ofMillis(count).toNanos();
    }
}
