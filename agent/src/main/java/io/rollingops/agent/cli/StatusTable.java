// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.EpochSeconds;
import io.rollingops.agent.config.Durations;
import io.rollingops.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A status report as a table for people. A pure function of the report. */
final class StatusTable {
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final Terminal terminal;

    StatusTable(Terminal terminal) {
        this.terminal = terminal;
    }

    String render(Json.Obj report) {
        StringBuilder text = new StringBuilder();
        text.append(head(report)).append('\n');
        text.append(grant(report)).append('\n');
        if (report.find("etcd").isPresent()) {
            text.append("etcd  ").append(report.object("etcd").string("why")).append('\n');
        }
        text.append('\n');
        List<List<String>> rows = new ArrayList<>();
        boolean shared = report.find("etcd").isPresent();
        rows.add(columns(shared, List.of("UNIT", "STATE", "BACKEND", "QUEUE", "LAST RESULT", "WHY")));
        for (Json item : report.array("units")) {
            rows.add(columns(shared, row((Json.Obj) item, now(report))));
        }
        int[] widths = widths(rows);
        for (List<String> row : rows) {
            text.append(line(row, widths)).append('\n');
        }
        if (shared && !report.object("etcd").string("remedy").isEmpty()) {
            text.append(terminal.yellow("etcd: " + report.object("etcd").string("remedy")))
                    .append('\n');
        }
        for (Json item : report.array("units")) {
            Json.Obj unit = (Json.Obj) item;
            if (!unit.string("remedy").isEmpty()) {
                text.append(terminal.yellow(unit.string("unit") + ": " + unit.string("remedy")))
                        .append('\n');
            }
        }
        return text.toString();
    }

    private String head(Json.Obj report) {
        Json.Obj group = report.object("group");
        String leader = group.find("leader").isPresent()
                ? "leader " + group.string("leader") + " (term " + group.integer("term") + ")"
                : terminal.red("no leader: fewer than half of the voting members can be reached from here");
        return terminal.bold(report.string("application")) + "  seen from " + report.string("unit") + ", " + leader
                + ", " + group.array("members").size() + " members";
    }

    private String grant(Json.Obj report) {
        Json.Obj grant = report.object("grant");
        if (grant.find("unit").isEmpty()) {
            return "lock  " + terminal.green("free") + terminal.faint("  (last grant " + grant.integer("epoch") + ")");
        }
        String since =
                grant.find("granted_at").isPresent() ? ", for " + ago(grant.string("granted_at"), now(report)) : "";
        return "lock  " + terminal.bold(grant.string("unit")) + " " + grant.string("phase") + since
                + terminal.faint("  (grant " + grant.integer("epoch") + (grant.bool("hold") ? ", hold" : "") + ")");
    }

    /** Where no lock is shared there is but one backend. */
    private static List<String> columns(boolean shared, List<String> row) {
        List<String> columns = new ArrayList<>(row);
        if (!shared) {
            columns.remove(2);
        }
        return columns;
    }

    private static List<String> row(Json.Obj unit, Instant now) {
        boolean readable = unit.find("queue").isPresent();
        List<Json> outcomes = readable ? unit.array("outcomes") : List.of();
        String last = "";
        if (!outcomes.isEmpty()) {
            Json.Obj outcome = (Json.Obj) outcomes.get(outcomes.size() - 1);
            String note = outcome.string("note");
            last = outcome.string("outcome") + " " + callback(outcome.string("operation")) + " "
                    + EpochSeconds.read(outcome.string("at")).map(CLOCK::format).orElse("")
                    + (note.isEmpty() ? "" : " (" + note + ")");
        }
        String state = unit.string("state") + (unit.bool("online") ? "" : ", offline");
        String why = unit.string("state").equals("idle") && unit.bool("online") ? "" : unit.string("why");
        String backend = unit.find("backend").isPresent() ? unit.string("backend") : "?";
        return List.of(
                unit.string("unit"), state, backend, readable ? queue(unit.array("queue"), now) : "?", last, why);
    }

    private static String queue(List<Json> queue, Instant now) {
        if (queue.isEmpty()) {
            return "-";
        }
        Json.Obj head = (Json.Obj) queue.get(0);
        String more = queue.size() > 1 ? " +" + (queue.size() - 1) : "";
        return head.string("callback") + more + ", since " + ago(head.string("requested_at"), now);
    }

    private String line(List<String> row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            String cell = row.get(i);
            String padded = i == row.size() - 1 ? cell : cell + " ".repeat(widths[i] - cell.length() + 2);
            line.append(i == 1 ? coloured(cell, padded) : padded);
        }
        return line.toString().stripTrailing();
    }

    private String coloured(String state, String padded) {
        if (state.startsWith("running") || state.startsWith("granted")) {
            return terminal.green(padded);
        } else if (state.contains("offline") || state.startsWith("unreadable")) {
            return terminal.red(padded);
        }
        return state.startsWith("waiting") ? terminal.yellow(padded) : padded;
    }

    private static int[] widths(List<List<String>> rows) {
        int[] widths = new int[rows.get(0).size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return widths;
    }

    private static Instant now(Json.Obj report) {
        return EpochSeconds.read(report.string("now")).orElse(Instant.EPOCH);
    }

    /** Stamps come from the clocks of several machines, so a little in the future is now. */
    private static String ago(String stamp, Instant now) {
        Duration since =
                EpochSeconds.read(stamp).map(at -> Duration.between(at, now)).orElse(Duration.ZERO);
        return Durations.text(since.isNegative() ? Duration.ZERO : since);
    }

    /** The callback's id stands behind the stamp in an operation's id. */
    static String callback(String operation) {
        return operation.substring(operation.indexOf('-') + 1);
    }
}
