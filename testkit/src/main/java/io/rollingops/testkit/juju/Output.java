// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a hook command prints: a value in the format that the caller chose. */
final class Output {
    /** The flags that every command with a result has. */
    static final String FORMAT = "format=";

    static final String FILE = "o,output=";

    private Output() {}

    /** Prints for a command whose default is {@code smart}. */
    static String smart(Invocation call, CommandLine line, Json value) throws CommandFailure {
        return print(call, line, value, "smart");
    }

    /** Prints for a command that knows YAML, its default, and JSON only. */
    static String yaml(Invocation call, CommandLine line, Json value) throws CommandFailure {
        return print(call, line, value, "yaml");
    }

    private static String print(Invocation call, CommandLine line, Json value, String defaultFormat)
            throws CommandFailure {
        String format = line.value("format").orElse(defaultFormat);
        if (format.equals("smart") && !defaultFormat.equals("smart")) {
            format = "unknown";
        }
        String text = switch (format) {
            case "json" -> json(value) + "\n";
            case "yaml" -> YamlText.write(sorted(value));
            case "smart" -> smart(value);
            default ->
                throw CommandFailure.wrongUse(
                        "invalid value \"" + line.value("format").orElse("")
                                + "\" for option --format: unknown format \""
                                + line.value("format").orElse("") + "\"");
        };
        if (line.value("output").isPresent()) {
            call.write(line.value("output").get(), text);
            return "";
        }
        return text;
    }

    /** Sorted members, and what is special in HTML escaped: Go's {@code encoding/json}. */
    static String json(Json value) {
        return JsonText.write(sorted(value))
                .replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("&", "\\u0026")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
    }

    private static String smart(Json value) {
        if (value instanceof Json.Null) {
            return "";
        } else if (value instanceof Json.Str text) {
            return text.value().isEmpty() ? "" : text.value() + "\n";
        } else if (value instanceof Json.Bool bool) {
            return bool.value() ? "True\n" : "False\n";
        } else if (value instanceof Json.Arr array && array.items().stream().allMatch(Json.Str.class::isInstance)) {
            StringBuilder lines = new StringBuilder();
            array.items()
                    .forEach(item -> lines.append(((Json.Str) item).value()).append('\n'));
            return lines.toString();
        } else if (value instanceof Json.Int) {
            return JsonText.write(value) + "\n";
        }
        return YamlText.write(sorted(value));
    }

    private static Json sorted(Json value) {
        if (value instanceof Json.Obj object) {
            Map<String, Json> members = new LinkedHashMap<>();
            new TreeMap<>(object.members()).forEach((name, member) -> members.put(name, sorted(member)));
            return new Json.Obj(members);
        } else if (value instanceof Json.Arr array) {
            return new Json.Arr(array.items().stream().map(Output::sorted).toList());
        }
        return value;
    }

    static Json texts(Map<String, String> map) {
        Json.ObjectBuilder object = Json.object();
        map.forEach(object::put);
        return object.build();
    }

    static Json texts(Iterable<?> items) {
        List<Json> texts = new ArrayList<>();
        items.forEach(item -> texts.add(Json.of(item.toString())));
        return new Json.Arr(texts);
    }
}
