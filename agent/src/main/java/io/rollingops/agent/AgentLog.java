// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.UnitName;
import io.rollingops.etcd.lock.LockEvent;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.manager.Ending;
import io.rollingops.manager.UnitEvent;
import java.io.PrintStream;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The agent's log: one line an event on standard error, {@code time level what key=value …}, in the words of the status
 * and of the wire. Arguments of operations are never in it.
 */
final class AgentLog implements Consumer<UnitEvent> {
    private final UnitName unit;
    private final PrintStream out;
    private final InstantSource calendar;

    AgentLog(UnitName unit, PrintStream out, InstantSource calendar) {
        this.unit = unit;
        this.out = out;
        this.calendar = calendar;
    }

    /** Sends what libraries log, from that level on, to the same place in the same form. */
    void takeOverLibraries(Level from) {
        Logger root = Logger.getLogger("");
        for (java.util.logging.Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        ConsoleHandler handler = new ConsoleHandler();
        handler.setLevel(from);
        handler.setFormatter(new Formatter() {
            @Override
            public String format(LogRecord entry) {
                String logger = entry.getLoggerName();
                return line(
                                "warn",
                                "library",
                                "from",
                                logger.substring(logger.lastIndexOf('.') + 1),
                                "text",
                                firstLine(formatMessage(entry)))
                        + "\n";
            }
        });
        root.addHandler(handler);
        root.setLevel(from);
    }

    void info(String what, String... fields) {
        out.println(line("info", what, fields));
    }

    /** An event of an upgrade. */
    void tell(boolean bad, String what, String... fields) {
        out.println(line(bad ? "warn" : "info", what, fields));
    }

    void error(String what, String... fields) {
        out.println(line("error", what, fields));
    }

    @Override
    public void accept(UnitEvent event) {
        if (event instanceof UnitEvent.Began began) {
            info(
                    "began",
                    "operation",
                    began.operation().id().value(),
                    "callback",
                    began.operation().callbackId(),
                    "attempt",
                    "" + (began.operation().attempt() + 1),
                    "epoch",
                    "" + began.epoch());
        } else if (event instanceof UnitEvent.Ended ended) {
            info(
                    "ended",
                    "operation",
                    ended.operation().value(),
                    "epoch",
                    "" + ended.epoch(),
                    "ending",
                    text(ended.ending()),
                    "note",
                    note(ended.ending()));
        } else if (event instanceof UnitEvent.Recorded recorded) {
            info("recorded", "operation", recorded.operation().value(), "epoch", "" + recorded.epoch());
        } else if (event instanceof UnitEvent.NotRecorded not) {
            warn(
                    "not-recorded",
                    "operation",
                    not.operation().value(),
                    "epoch",
                    "" + not.epoch(),
                    "reason",
                    not.reason());
        } else if (event instanceof UnitEvent.GaveBack back) {
            info("gave-back", "epoch", "" + back.epoch());
        } else if (event instanceof UnitEvent.LeaseOpened opened) {
            info("lease-opened", "lease", opened.leaseId());
        } else if (event instanceof UnitEvent.LeaseLost lost) {
            warn("lease-lost", "reason", lost.reason());
        } else if (event instanceof UnitEvent.StoreUnavailable store) {
            warn("store-unavailable", "command", store.command().getClass().getSimpleName(), "reason", store.reason());
        } else if (event instanceof UnitEvent.StoreRefused refused) {
            warn("store-refused", "command", refused.command().getClass().getSimpleName(), "reason", refused.reason());
        } else if (event instanceof UnitEvent.JournalFailed journal) {
            error("journal-failed", "reason", journal.reason());
        } else if (event instanceof UnitEvent.Failed failed) {
            error("failed", "exception", "" + failed.failure());
            failed.failure().printStackTrace(out);
        } else if (event instanceof UnitEvent.WaitsForCluster waits) {
            info("waits-for-etcd-lock", "operation", waits.operation().value());
        } else if (event instanceof UnitEvent.ClusterLost lost) {
            warn(
                    "etcd-lock-lost",
                    "operation",
                    lost.operation().value(),
                    "policy",
                    lost.policy().name().toLowerCase(Locale.ROOT));
        } else if (event instanceof UnitEvent.Switched switched) {
            info("switched", "to", switched.to().wire());
        } else if (event instanceof UnitEvent.Stopped) {
            info("stopped");
        }
    }

    /** What the lock in etcd tells. */
    void accept(LockEvent event) {
        if (event instanceof LockEvent.ReachChanged changed) {
            info("etcd", "reachable", "" + changed.isReachable());
        } else {
            warn("etcd", "text", event.text());
        }
    }

    void warn(String what, String... fields) {
        out.println(line("warn", what, fields));
    }

    private String line(String level, String what, String... fields) {
        StringBuilder line = new StringBuilder();
        line.append(Instant.ofEpochMilli(calendar.millis()))
                .append(' ')
                .append(level)
                .append(' ')
                .append(what)
                .append(" unit=")
                .append(unit);
        for (int i = 0; i + 1 < fields.length; i += 2) {
            if (!fields[i + 1].isEmpty()) {
                line.append(' ').append(fields[i]).append('=').append(quoted(fields[i + 1]));
            }
        }
        return line.toString();
    }

    private static String quoted(String value) {
        return value.matches("[^\\s\"=]+") ? value : JsonText.write(Json.of(value));
    }

    private static String text(Ending ending) {
        if (ending instanceof Ending.Answered answered) {
            return answered.result().wire();
        }
        return ending instanceof Ending.Dropped ? "dropped" : "interrupted";
    }

    private static String note(Ending ending) {
        if (ending instanceof Ending.Answered answered) {
            return answered.note();
        }
        return ending instanceof Ending.Dropped dropped ? dropped.note() : "";
    }

    private static String firstLine(String text) {
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }
}
