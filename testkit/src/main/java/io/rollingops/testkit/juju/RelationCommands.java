// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/** The hook commands {@code relation-*}. */
final class RelationCommands {
    private static final String RELATION = "r,relation=";

    private RelationCommands() {}

    static String ids(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line =
                CommandLine.parse(call.args(), Output.FORMAT, Output.FILE).atMost(1);
        String endpoint = line.argument(0)
                .or(() -> context.relationHook().map(hook -> hook.relation().endpoint()))
                .orElseThrow(() -> CommandFailure.wrongUse("no endpoint name specified"));
        return Output.smart(call, line, Output.texts(context.relations.idsAt(endpoint)));
    }

    static String list(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), RELATION, "app", Output.FORMAT, Output.FILE)
                .atMost(0);
        JujuRelation relation = relation(context, line);
        return Output.smart(
                call,
                line,
                line.isOn("app")
                        ? Json.of(relation.remoteApp(context.unit.app.name))
                        : Output.texts(context.relations.members(relation)));
    }

    static String get(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), RELATION, "app", Output.FORMAT, Output.FILE)
                .atMost(2);
        JujuRelation relation = relation(context, line);
        SortedMap<String, String> databag = databag(context, line, relation);
        String key = line.argument(0).orElse("-");
        if (key.equals("-") || key.isEmpty()) {
            return Output.smart(call, line, Output.texts(databag));
        }
        return Output.smart(
                call, line, Optional.ofNullable(databag.get(key)).map(Json::of).orElse(Json.Null.INSTANCE));
    }

    private static SortedMap<String, String> databag(HookContext context, CommandLine line, JujuRelation relation)
            throws CommandFailure {
        boolean app = line.isOn("app");
        Optional<Hook.OnRelation> hook = context.relationHook();
        Optional<String> named = line.argument(1);
        Optional<UnitName> remoteUnit = hook.flatMap(Hook.OnRelation::remoteUnit)
                .or(() -> context.commands().flatMap(task -> task.request().remoteUnit()));
        String owner = named.or(() -> remoteUnit.map(UnitName::toString))
                .or(() -> app ? hook.map(Hook.OnRelation::remoteApp) : Optional.empty())
                .orElseThrow(() -> CommandFailure.wrongUse("no unit or application specified"));
        Optional<UnitName> unit = unitName(owner);
        if (app) {
            return context.relations.read(
                    relation, unit.map(UnitName::application).orElse(owner));
        }
        return context.relations.read(
                relation,
                unit.orElseThrow(() -> CommandFailure.wrongUse(
                        "expected unit name, got application name " + CommandFailure.quoted(owner))));
    }

    static String set(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), RELATION, "app", "file=", "format=");
        JujuRelation relation = relation(context, line);
        Map<String, String> writes = new LinkedHashMap<>();
        if (line.value("file").isPresent()) {
            writes.putAll(map(call.read(line.value("file").get())));
        }
        writes.putAll(keyValues(line.arguments()));
        if (line.isOn("app")) {
            context.relations.writeApp(relation, writes);
        } else {
            context.relations.writeUnit(relation, writes);
        }
        return "";
    }

    static String modelGet(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), RELATION, Output.FORMAT, Output.FILE)
                .atMost(0);
        relation(context, line);
        return Output.yaml(
                call,
                line,
                Json.object().put("uuid", context.model.settings.uuid()).build());
    }

    /** The relation that {@code -r} names, or that of the hook. */
    static JujuRelation relation(HookContext context, CommandLine line) throws CommandFailure {
        Optional<String> named = line.value("relation");
        if (named.isPresent()) {
            String text = named.get();
            String refused =
                    "invalid value " + CommandFailure.quoted(text) + " for option " + line.spelling("relation") + ": ";
            String number = text.substring(text.lastIndexOf(':') + 1);
            if (!number.matches("[0-9]{1,9}")) {
                throw CommandFailure.wrongUse(refused + "invalid relation id");
            }
            return context.relations
                    .find(Integer.parseInt(number))
                    .orElseThrow(() -> CommandFailure.wrongUse(refused + "relation not found"));
        }
        return context.relationHook()
                .map(hook -> hook.relation().number())
                .or(() ->
                        context.commands().flatMap(task -> boxed(task.request().relation())))
                .flatMap(context.relations::find)
                .orElseThrow(() -> CommandFailure.wrongUse("no relation id specified"));
    }

    /** The arguments {@code key=value}. */
    static Map<String, String> keyValues(List<String> arguments) throws CommandFailure {
        Map<String, String> map = new TreeMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            if (equals < 1) {
                throw CommandFailure.wrongUse("expected \"key=value\", got " + CommandFailure.quoted(argument));
            }
            map.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        return map;
    }

    static Map<String, String> map(String yaml) throws CommandFailure {
        try {
            return YamlText.parseStringMap(yaml);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.failed(String.valueOf(e.getMessage()));
        }
    }

    private static Optional<UnitName> unitName(String text) {
        try {
            return Optional.of(UnitName.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<Integer> boxed(OptionalInt number) {
        return number.isPresent() ? Optional.of(number.getAsInt()) : Optional.empty();
    }
}
