// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.Durations;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Follows operations until each has its final result, and tells every step once. For one thread. */
final class OutcomeWatch {
    private final PrintWriter out;
    private final ControlClient client;
    private final NavigableMap<UnitName, String> open;
    private final Map<UnitName, String> told = new HashMap<>();
    private boolean allReleased = true;

    OutcomeWatch(PrintWriter out, ControlClient client, NavigableMap<UnitName, String> operations) {
        this.out = out;
        this.client = client;
        this.open = new TreeMap<>(operations);
    }

    /** Waits; the exit status tells how it went. */
    int await(Optional<Duration> limit) {
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
                        client.close();
                    },
                    time.toMillis(),
                    TimeUnit.MILLISECONDS);
        });
        try {
            client.send(Json.object().put("do", "watch").build());
            while (!open.isEmpty()) {
                look(client.receive());
            }
            return allReleased ? ExitCodes.OK : ExitCodes.FAILED;
        } catch (RollingOpsException.Indeterminate e) {
            if (!late.get()) {
                throw e;
            }
            throw new RollingOpsException.Indeterminate("not done after " + Durations.text(limit.orElseThrow()) + ": "
                    + open + "; they stay queued, see 'rollingops status'");
        } finally {
            timer.shutdownNow();
        }
    }

    private void look(Json.Obj report) {
        for (Json item : report.array("units")) {
            Json.Obj unit = (Json.Obj) item;
            UnitName name = UnitName.parse(unit.string("unit"));
            String operation = open.get(name);
            if (operation != null && unit.find("outcomes").isPresent()) {
                look(name, operation, unit);
            }
        }
        open.keySet().removeIf(unit -> isGone(unit, report));
        out.flush();
    }

    private void look(UnitName unit, String operation, Json.Obj fields) {
        for (Json item : fields.array("outcomes")) {
            Json.Obj outcome = (Json.Obj) item;
            if (outcome.string("operation").equals(operation)) {
                String note = outcome.string("note");
                tell(
                        unit,
                        "attempt " + outcome.integer("attempt") + ": " + outcome.string("outcome")
                                + (note.isEmpty() ? "" : " (" + note + ")"));
                if (outcome.bool("final")) {
                    allReleased &= outcome.string("outcome").equals("released");
                    open.remove(unit);
                    return;
                }
            }
        }
        boolean queued = fields.array("queue").stream()
                .anyMatch(item -> ((Json.Obj) item).string("operation").equals(operation));
        if (!queued) {
            tell(unit, "withdrawn, or its result is no longer remembered");
            allReleased = false;
            open.remove(unit);
        } else if (fields.string("state").equals("running") && isHead(fields, operation)) {
            tell(unit, "running");
        }
    }

    private boolean isGone(UnitName unit, Json.Obj report) {
        boolean there = report.array("units").stream()
                .anyMatch(item -> ((Json.Obj) item).string("unit").equals(unit.toString()));
        if (!there) {
            tell(unit, "has left the application; its operation is abandoned");
            allReleased = false;
        }
        return !there;
    }

    private static boolean isHead(Json.Obj unit, String operation) {
        return !unit.array("queue").isEmpty()
                && ((Json.Obj) unit.array("queue").get(0)).string("operation").equals(operation);
    }

    private void tell(UnitName unit, String what) {
        if (!what.equals(told.put(unit, what))) {
            out.println(unit + "  " + what);
        }
    }
}
