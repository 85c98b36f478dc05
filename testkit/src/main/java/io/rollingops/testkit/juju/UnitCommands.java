// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Hook commands about the unit itself: leadership, status, configuration, log. */
final class UnitCommands {
    private static final List<String> STATUSES = List.of("maintenance", "blocked", "waiting", "active");
    private static final Set<String> LEVELS = Set.of("TRACE", "DEBUG", "INFO", "WARNING", "ERROR");

    private UnitCommands() {}

    static String isLeader(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line =
                CommandLine.parse(call.args(), Output.FORMAT, Output.FILE).atMost(0);
        return Output.smart(call, line, Json.of(context.isLeader()));
    }

    /** Acts at once: it stays even if the hook fails. */
    static String statusSet(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "application").atMost(2);
        String status =
                line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("invalid args, require <status> [message]"));
        if (!STATUSES.contains(status)) {
            throw CommandFailure.wrongUse("invalid status " + CommandFailure.quoted(status) + ", expected one of ["
                    + String.join(" ", STATUSES) + "]");
        }
        Status newStatus = new Status(status, line.argument(1).orElse(""));
        if (line.isOn("application")) {
            requireLeadership(context);
            context.unit.app.status = newStatus;
        } else {
            context.unit.workload = newStatus;
        }
        return "";
    }

    static String statusGet(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "include-data", "application", Output.FORMAT, Output.FILE)
                .atMost(0);
        boolean all = line.isOn("include-data");
        if (!line.isOn("application")) {
            Json.Obj status = json(context.unit.workload);
            return Output.smart(call, line, all ? status : Json.of(context.unit.workload.status()));
        }
        requireLeadership(context);
        Json.ObjectBuilder units = Json.object();
        context.model.unitsOf(context.unit.app).forEach(unit -> units.put(unit.name.toString(), json(unit.workload)));
        Status status = context.unit.app.status;
        Json.Obj application = Json.object()
                .put("message", status.message())
                .put("status", status.status())
                .put("status-data", Json.Obj.EMPTY)
                .put("units", units.build())
                .build();
        return Output.smart(
                call,
                line,
                all ? Json.object().put("application-status", application).build() : Json.of(status.status()));
    }

    private static Json.Obj json(Status status) {
        return Json.object()
                .put("message", status.message())
                .put("status", status.status())
                .put("status-data", Json.Obj.EMPTY)
                .build();
    }

    static String configGet(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "a,all", Output.FORMAT, Output.FILE)
                .atMost(1);
        JujuApp app = context.unit.app;
        if (line.argument(0).isPresent() && !line.argument(0).get().equals("-")) {
            return Output.smart(call, line, app.config(line.argument(0).get()).orElse(Json.Null.INSTANCE));
        }
        Json.ObjectBuilder options = Json.object();
        for (String option : app.metadata().config().keySet()) {
            Optional<Json> value = app.config(option);
            if (value.isPresent() || line.isOn("all")) {
                options.put(option, value.orElse(Json.Null.INSTANCE));
            }
        }
        return Output.smart(call, line, options.build());
    }

    static String log(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "l,log-level=", "debug", "format=");
        if (line.arguments().isEmpty()) {
            throw CommandFailure.wrongUse("no message specified");
        }
        String level = line.isOn("debug")
                ? "DEBUG"
                : line.value("log-level").orElse("INFO").toUpperCase(Locale.ROOT);
        if (!LEVELS.contains(level)) {
            context.log("WARNING", "Specified log level of \"" + level + "\" is not valid");
            level = "INFO";
        }
        String prefix =
                context.relationHook().map(hook -> hook.relation() + ": ").orElse("");
        context.log(level, prefix + String.join(" ", line.arguments()));
        return "";
    }

    static String versionSet(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args()).atMost(1);
        context.unit.app.version = line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("no version specified"));
        return "";
    }

    static String reboot(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "now").atMost(0);
        if (context.action().isPresent()) {
            throw CommandFailure.failed("juju-reboot is not supported when running an action.");
        }
        context.requestReboot(line.isOn("now") ? HookContext.Reboot.NOW : HookContext.Reboot.AFTER_HOOK);
        return "";
    }

    private static void requireLeadership(HookContext context) throws CommandFailure {
        if (!context.isLeader()) {
            throw CommandFailure.failed("this unit is not the leader");
        }
    }
}
