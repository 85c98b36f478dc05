// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Where an upgrade stands, as a table for people. A pure function of the report. */
final class UpgradeTable {
    private final Terminal terminal;

    UpgradeTable(Terminal terminal) {
        this.terminal = terminal;
    }

    String render(Json.Obj report) {
        StringBuilder text = new StringBuilder();
        text.append(terminal.bold(report.string("application")))
                .append("  ")
                .append(phase(report))
                .append("\n");
        if (!report.array("order").isEmpty()) {
            text.append("still to come  ").append(names(report.array("order"))).append('\n');
        }
        if (report.find("pause_after").isPresent()) {
            long units = report.integer("pause_after");
            text.append("halts          ")
                    .append(units == 0 ? "now" : "after " + units + (units == 1 ? " more unit" : " more units"))
                    .append('\n');
        }
        text.append('\n');
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("UNIT", "STATE", "INSTALLED", "WANTED", "PROBLEM"));
        report.array("units").forEach(item -> rows.add(row((Json.Obj) item)));
        for (List<String> row : rows) {
            text.append(line(row, rows)).append('\n');
        }
        appendOrders(text, report);
        for (Json item : report.array("obstacles")) {
            text.append("waits for  ").append(((Json.Obj) item).string("text")).append('\n');
        }
        if (report.bool("request_waits")) {
            text.append("an order waits for the unit that leads\n");
        }
        if (!report.string("next").isEmpty()) {
            text.append(terminal.yellow("next  " + report.string("next"))).append('\n');
        }
        return text.toString();
    }

    private String phase(Json.Obj report) {
        String phase = report.string("phase");
        String target = optional(report, "target");
        String coloured = phase.equals("failed") || phase.equals("damaged")
                ? terminal.red(phase)
                : phase.equals("paused") ? terminal.yellow(phase) : terminal.green(phase);
        String previous = optional(report, "previous");
        return coloured
                + (target.isEmpty() ? "" : ", to " + target)
                + (previous.isEmpty() ? "" : " (previous release " + previous + ")");
    }

    private static void appendOrders(StringBuilder text, Json.Obj report) {
        List<Json> orders = report.array("orders");
        if (orders.isEmpty()) {
            return;
        }
        text.append('\n');
        for (Json item : orders) {
            Json.Obj order = (Json.Obj) item;
            String unit = optional(order, "unit");
            String reason = order.string("reason");
            text.append("ordered  ")
                    .append(order.string("order"))
                    .append(unit.isEmpty() ? "" : " " + unit)
                    .append(reason.isEmpty() ? "" : " (" + reason + ")")
                    .append('\n');
        }
    }

    private static List<String> row(Json.Obj unit) {
        String problem = "";
        if (unit.find("problem").isPresent()) {
            Json.Obj fields = unit.object("problem");
            problem = fields.string("message") + ": " + fields.string("cause");
        }
        return List.of(
                unit.string("unit"),
                unit.string("state"),
                optional(unit, "installed"),
                optional(unit, "wanted"),
                problem);
    }

    private static String line(List<String> row, List<List<String>> rows) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            int column = i;
            int width = rows.stream()
                    .mapToInt(other -> other.get(column).length())
                    .max()
                    .orElse(0);
            line.append(row.get(i)).append(" ".repeat(width - row.get(i).length() + 2));
        }
        return line.toString().stripTrailing();
    }

    private static String optional(Json.Obj fields, String name) {
        return fields.find(name).isPresent() ? fields.string(name) : "";
    }

    private static String names(List<Json> names) {
        return names.stream().map(name -> ((Json.Str) name).value()).collect(Collectors.joining(", "));
    }
}
