// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.Durations;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Follows an upgrade until it is over, halts, or a unit has failed, and tells every step once. For one thread. */
final class UpgradeWatch {
    private final PrintWriter out;
    private final Map<String, String> told = new HashMap<>();

    UpgradeWatch(PrintWriter out) {
        this.out = out;
    }

    /**
     * How an upgrade ended.
     *
     * @param status for the process
     * @param text for a person
     */
    record Verdict(int status, String text) {

        /** Reads it from a report; nothing while the upgrade goes on. */
        static Optional<Verdict> of(Json.Obj report) {
            for (Json item : report.array("units")) {
                Json.Obj unit = (Json.Obj) item;
                if (unit.string("state").equals("failed") && isFresh(unit, report)) {
                    return Optional.of(
                            new Verdict(ExitCodes.FAILED, unit.string("unit") + " failed\n" + report.string("next")));
                }
            }
            return switch (report.string("phase")) {
                case "idle" -> Optional.of(over(report));
                case "paused" -> Optional.of(new Verdict(ExitCodes.OK, "the upgrade halts\n" + report.string("next")));
                case "damaged" -> Optional.of(new Verdict(ExitCodes.FAILED, report.string("next")));
                default -> Optional.empty();
            };
        }

        private static Verdict over(Json.Obj report) {
            for (Json item : report.array("units")) {
                Json.Obj unit = (Json.Obj) item;
                if (!field(unit, "installed").equals(field(unit, "wanted"))) {
                    return new Verdict(
                            ExitCodes.FAILED,
                            "the upgrade has ended, and " + unit.string("unit") + " does not have "
                                    + field(unit, "wanted"));
                }
            }
            return new Verdict(ExitCodes.OK, "all units are done");
        }
    }

    /**
     * Whether a unit knows the last order and aims at the release that is wanted now. What it says before that is from the
     * time before the order, which may have been given to mend it.
     */
    private static boolean isFresh(Json.Obj unit, Json.Obj report) {
        return unit.bool("noted") && field(unit, "wanted").equals(field(report, "target"));
    }

    private static String field(Json.Obj fields, String name) {
        return fields.find(name).isPresent() ? fields.string(name) : "";
    }

    /**
     * Waits; the exit status tells how it went.
     *
     * @param changes is told of every change of the store
     * @param questions asks where the upgrade stands
     */
    int await(ControlClient changes, ControlClient questions, Optional<Duration> limit) {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "rollingops-timeout");
            thread.setDaemon(true);
            return thread;
        });
        AtomicBoolean late = new AtomicBoolean();
        limit.ifPresent(time -> {
            Future<?> unused = timer.schedule(
                    () -> {
                        late.set(true);
                        changes.close();
                    },
                    time.toMillis(),
                    TimeUnit.MILLISECONDS);
        });
        try {
            changes.send(Json.object().put("do", "watch").build());
            while (true) {
                changes.receive();
                Json.Obj report =
                        questions.call(Json.object().put("do", "upgrade-status").build());
                news(report).forEach(out::println);
                out.flush();
                Optional<Verdict> verdict = Verdict.of(report);
                if (verdict.isPresent()) {
                    out.println(verdict.get().text().strip());
                    out.flush();
                    return verdict.get().status();
                }
            }
        } catch (RollingOpsException.Indeterminate e) {
            if (!late.get()) {
                throw e;
            }
            throw new RollingOpsException.Indeterminate("not over after " + Durations.text(limit.orElseThrow())
                    + "; the upgrade goes on, see 'rollingops upgrade status'");
        } finally {
            timer.shutdownNow();
        }
    }

    /** What is new in a report since the last one, a line for each unit. */
    List<String> news(Json.Obj report) {
        List<String> lines = new ArrayList<>();
        for (Json item : report.array("units")) {
            Json.Obj unit = (Json.Obj) item;
            String name = unit.string("unit");
            String state = unit.string("state");
            boolean isNews = isFresh(unit, report) && !state.equals(told.put(name, state));
            if (isNews && !state.equals("idle") && !state.equals("ready")) {
                String problem = unit.find("problem").isPresent()
                        ? ": " + unit.object("problem").string("message")
                        : "";
                lines.add(name + "  " + state + problem);
            }
        }
        return lines;
    }
}
