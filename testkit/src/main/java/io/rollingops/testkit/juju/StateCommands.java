// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;

/** The hook commands {@code state-*}: what a unit keeps for itself at the controller. */
final class StateCommands {
    static final int KEY_BYTES_MAX = 256;
    static final int VALUE_BYTES_MAX = 65536;

    private StateCommands() {}

    /** Null, not an empty object, when there is no state at all. */
    static String get(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "strict", Output.FORMAT, Output.FILE)
                .atMost(1);
        SortedMap<String, String> state = context.state();
        if (line.argument(0).isEmpty() || line.argument(0).get().equals("-")) {
            return Output.smart(call, line, state.isEmpty() ? Json.Null.INSTANCE : Output.texts(state));
        }
        String key = line.argument(0).get();
        if (line.isOn("strict") && !state.containsKey(key)) {
            throw CommandFailure.failed(CommandFailure.quoted(key) + " not found");
        }
        return Output.smart(call, line, Json.of(state.getOrDefault(key, "")));
    }

    static String set(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "file=");
        SortedMap<String, String> state = new TreeMap<>(context.state());
        if (line.value("file").isPresent()) {
            state.putAll(RelationCommands.map(call.read(line.value("file").get())));
        }
        state.putAll(RelationCommands.keyValues(line.arguments()));
        for (String key : state.keySet()) {
            if (bytes(key) > KEY_BYTES_MAX || bytes(state.getOrDefault(key, "")) > VALUE_BYTES_MAX) {
                throw CommandFailure.failed("max allowed size exceeded for " + CommandFailure.quoted(key));
            }
        }
        context.writeState(state);
        return "";
    }

    static String delete(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args()).atMost(1);
        SortedMap<String, String> state = new TreeMap<>(context.state());
        state.remove(line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("missing required key")));
        context.writeState(state);
        return "";
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
