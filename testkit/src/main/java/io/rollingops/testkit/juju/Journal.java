// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What was done and said in a model. For the thread that owns it. */
final class Journal {
    private final List<TraceEntry> trace = new ArrayList<>();
    private final Map<UnitName, List<LogLine>> logs = new HashMap<>();

    void add(TraceEntry entry) {
        trace.add(entry);
    }

    /** What has ended, in the order in which it began. */
    List<TraceEntry> trace() {
        return trace.stream()
                .sorted(Comparator.comparingInt(TraceEntry::number))
                .toList();
    }

    void log(UnitName unit, LogLine line) {
        logs.computeIfAbsent(unit, name -> new ArrayList<>()).add(line);
    }

    /** What the charm printed, line by line. */
    void logOutput(UnitName unit, String source, RunReport report) {
        report.stdout().lines().forEach(line -> log(unit, new LogLine("DEBUG", source, line)));
        report.stderr().lines().forEach(line -> log(unit, new LogLine("WARNING", source, line)));
    }

    List<LogLine> log(UnitName unit) {
        return List.copyOf(logs.getOrDefault(unit, List.of()));
    }
}
