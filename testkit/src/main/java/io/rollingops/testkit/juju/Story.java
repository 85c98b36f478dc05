// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.List;
import java.util.function.Function;

/** Tells what happened in a model, unit by unit, for a person who looks at a failed test. */
final class Story {
    private static final int ENTRIES_MAX = 40;
    private static final int LOG_LINES_MAX = 25;

    private Story() {}

    static String tell(
            List<UnitStatus> units,
            List<TraceEntry> trace,
            List<String> running,
            Function<UnitName, List<LogLine>> log) {
        StringBuilder text = new StringBuilder("What happened in the model:\n");
        for (UnitStatus unit : units) {
            text.append(unit).append('\n');
            List<TraceEntry> own = trace.stream()
                    .filter(entry -> entry.unit().equals(unit.unit()))
                    .toList();
            last(own, ENTRIES_MAX)
                    .forEach(entry -> text.append("  ").append(entry).append('\n'));
            boolean failed = own.stream()
                    .anyMatch(entry -> entry.outcome() == Outcome.FAILED || entry.outcome() == Outcome.REFUSED);
            if (failed) {
                last(log.apply(unit.unit()), LOG_LINES_MAX)
                        .forEach(line -> text.append("    | ").append(line).append('\n'));
            }
        }
        running.forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    private static <T> List<T> last(List<T> all, int count) {
        return all.subList(Math.max(0, all.size() - count), all.size());
    }
}
