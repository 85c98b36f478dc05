// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The hook commands {@code action-*}; they act on the action itself, whatever becomes of its process. */
final class ActionCommands {
    private static final Pattern KEY = Pattern.compile("[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?");
    private static final Set<String> RESERVED = Set.of("stdout", "stderr", "stdout-encoding", "stderr-encoding");

    private ActionCommands() {}

    static String get(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line =
                CommandLine.parse(call.args(), Output.FORMAT, Output.FILE).atMost(1);
        Json value = task(context).parameters;
        if (line.argument(0).isPresent()) {
            for (String name : line.argument(0).get().split("\\.", -1)) {
                value = value instanceof Json.Obj object
                        ? object.find(name).orElse(Json.Null.INSTANCE)
                        : Json.Null.INSTANCE;
            }
        }
        return Output.smart(call, line, value);
    }

    static String set(HookContext context, Invocation call) throws CommandFailure {
        Map<String, String> values =
                RelationCommands.keyValues(CommandLine.parse(call.args()).arguments());
        ActionTask task = task(context);
        for (String key : values.keySet()) {
            if (RESERVED.contains(key)) {
                throw CommandFailure.wrongUse("cannot set reserved action key " + CommandFailure.quoted(key));
            }
            if (!KEY.matcher(key).matches()) {
                throw CommandFailure.wrongUse("key " + CommandFailure.quoted(key)
                        + " must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric,"
                        + " hyphens and periods");
            }
        }
        values.forEach(task::set);
        return "";
    }

    static String fail(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args()).atMost(1);
        task(context).fail(line.argument(0).orElse(ActionTask.NO_REASON));
        return "";
    }

    static String log(HookContext context, Invocation call) throws CommandFailure {
        List<String> words = CommandLine.parse(call.args()).arguments();
        if (words.isEmpty()) {
            throw CommandFailure.wrongUse("no message specified");
        }
        task(context).log(String.join(" ", words));
        return "";
    }

    private static ActionTask task(HookContext context) throws CommandFailure {
        return context.action().orElseThrow(() -> CommandFailure.failed("not running an action"));
    }
}
