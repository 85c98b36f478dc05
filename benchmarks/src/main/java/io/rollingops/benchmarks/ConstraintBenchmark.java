// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.version.Version;
import io.rollingops.version.VersionConstraint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Versions and requirements as they stand in dependency documents, one row after the other. The same rows are measured
 * with poetry-core by {@code src/main/python/constraint_peer.py}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ConstraintBenchmark {
    private record Row(String version, String requirement, Version parsed, VersionConstraint constraint) {}

    private Row[] rows = {};
    private int next;

    @Setup
    public void read() throws IOException {
        try (InputStream in = ConstraintBenchmark.class.getResourceAsStream("/typical-constraints.tsv")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            rows = Stream.of(text.split("\n"))
                    .map(line -> line.split("\t"))
                    .map(f -> new Row(f[0], f[1], Version.parse(f[0]), VersionConstraint.parse(f[1])))
                    .toArray(Row[]::new);
        }
    }

    @Benchmark
    public boolean parseBothAndCheck() {
        Row row = nextRow();
        return VersionConstraint.verifyRequirements(row.version, row.requirement);
    }

    @Benchmark
    public boolean check() {
        Row row = nextRow();
        return row.constraint.allows(row.parsed);
    }

    private Row nextRow() {
        next = next + 1 == rows.length ? 0 : next + 1;
        return rows[next];
    }
}
