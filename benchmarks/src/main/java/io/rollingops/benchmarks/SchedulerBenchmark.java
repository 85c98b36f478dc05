// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.UnitName;
import io.rollingops.schedule.Decision;
import io.rollingops.schedule.Intent;
import io.rollingops.schedule.Scheduler;
import io.rollingops.schedule.Slot;
import io.rollingops.schedule.UnitView;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One scheduling decision among many waiting units. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SchedulerBenchmark {
    @Param({"3", "10", "100"})
    int units;

    private List<UnitView> views = List.of();
    private final Slot free = new Slot(Optional.empty(), false);

    @Setup
    public void fill() {
        views = IntStream.range(0, units)
                .mapToObj(i -> new UnitView(new UnitName("app", i), Intent.REQUEST, units - i, 0, Optional.empty()))
                .toList();
    }

    @Benchmark
    public Decision decide() {
        return Scheduler.decide(free, views);
    }
}
