// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Measured times, and how they are told. */
final class Sample {
    private final String name;
    private final long[] sortedNanos;

    Sample(String name, long[] nanos) {
        this.name = name;
        this.sortedNanos = nanos.clone();
        Arrays.sort(this.sortedNanos);
    }

    static Sample of(String name, List<Long> nanos) {
        return new Sample(name, nanos.stream().mapToLong(Long::longValue).toArray());
    }

    void addTo(List<Long> others) {
        Arrays.stream(sortedNanos).forEach(others::add);
    }

    double millis(double quantile) {
        int index = (int) Math.min(sortedNanos.length - 1, Math.floor(sortedNanos.length * quantile));
        return sortedNanos[index] / 1e6;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%-58s n %5d   p50 %8.2f ms   p90 %8.2f ms   p99 %8.2f ms",
                name,
                sortedNanos.length,
                millis(0.5),
                millis(0.9),
                millis(0.99));
    }
}
