// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The hook commands {@code secret-*}. */
final class SecretCommands {
    private static final Pattern KEY = Pattern.compile("[a-z](?:-?[a-z0-9]){2,}");
    private static final Pattern ID = Pattern.compile("(?:secret:)?(?://[0-9a-f-]+/)?([0-9a-v]{20})");
    private static final String[] SETTINGS = {"label=", "description=", "expire=", "rotate=", "owner=", "file="};

    private SecretCommands() {}

    static String add(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), SETTINGS);
        Map<String, String> content = content(call, line, line.arguments());
        if (content.isEmpty()) {
            throw CommandFailure.wrongUse("missing secret value or filename");
        }
        return "secret:" + context.secrets.add(ofApplication(line), settings(line), content) + "\n";
    }

    static String set(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), SETTINGS);
        String id = id(line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("missing secret URI")));
        ofApplication(line);
        Map<String, String> content =
                content(call, line, line.arguments().subList(1, line.arguments().size()));
        context.secrets.set(id, settings(line), content.isEmpty() ? Optional.empty() : Optional.of(content));
        return "";
    }

    static String get(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "label=", "refresh", "peek", Output.FORMAT, Output.FILE)
                .atMost(2);
        Optional<String> id = optionalId(line);
        requireIdOrLabel(id, line);
        if (line.isOn("peek") && line.isOn("refresh")) {
            throw CommandFailure.wrongUse("specify one of --peek or --refresh but not both");
        }
        SecretAccess.Reading reading = line.isOn("peek")
                ? SecretAccess.Reading.PEEK
                : line.isOn("refresh") ? SecretAccess.Reading.REFRESH : SecretAccess.Reading.TRACKED;
        Map<String, String> content = context.secrets.get(id, line.value("label"), reading);
        if (line.argument(1).isEmpty()) {
            return Output.yaml(call, line, Output.texts(content));
        }
        String key = line.argument(1).get();
        if (!content.containsKey(key)) {
            throw CommandFailure.failed("secret key value " + CommandFailure.quoted(key) + " not found");
        }
        return Output.yaml(call, line, Json.of(content.getOrDefault(key, "")));
    }

    static String info(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "label=", Output.FORMAT, Output.FILE)
                .atMost(1);
        Optional<String> id = optionalId(line);
        requireIdOrLabel(id, line);
        if (id.isPresent() && line.value("label").isPresent()) {
            throw CommandFailure.wrongUse("specify either a secret URI or label but not both");
        }
        SecretAccess.Info info = context.secrets.info(id, line.value("label"));
        Json.ObjectBuilder fields = Json.object()
                .put("revision", info.revision())
                .put("label", info.settings().label().orElse(""))
                .put("owner", info.ofApplication() ? "application" : "unit")
                .put("rotation", info.settings().rotate().orElse("never"));
        info.settings().description().ifPresent(text -> fields.put("description", text));
        info.settings().expire().ifPresent(text -> fields.put("expiry", text));
        if (!info.grants().isEmpty()) {
            fields.put("access", access(context, info.grants()));
        }
        return Output.yaml(
                call, line, Json.object().put(info.id(), fields.build()).build());
    }

    private static Json access(HookContext context, Map<String, Integer> grants) {
        List<Json> access = new ArrayList<>();
        grants.forEach((target, relation) -> access.add(Json.object()
                .put("target", (target.contains("/") ? "unit-" : "application-") + target.replace('/', '-'))
                .put(
                        "scope",
                        context.model
                                .findRelation(relation)
                                .map(found -> "relation-" + describe(found))
                                .orElse("relation-" + relation))
                .put("role", "view")
                .build()));
        return new Json.Arr(access);
    }

    private static String describe(JujuRelation relation) {
        return String.join(
                "#",
                relation.endpoints.stream()
                        .map(end -> end.app() + "." + end.name())
                        .toList());
    }

    static String grant(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line =
                CommandLine.parse(call.args(), "r,relation=", "unit=").atMost(1);
        String id = id(line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("missing secret URI")));
        if (line.value("relation").isEmpty()) {
            throw CommandFailure.wrongUse("missing relation id");
        }
        JujuRelation relation = RelationCommands.relation(context, line);
        context.secrets.grant(
                id, line.value("unit").orElse(relation.remoteApp(context.unit.app.name)), relation.number);
        return "";
    }

    static String revoke(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "r,relation=", "app,application=", "unit=")
                .atMost(1);
        String id = id(line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("missing secret URI")));
        Optional<String> target = line.value("unit").or(() -> line.value("application"));
        if (target.isEmpty() && line.value("relation").isEmpty()) {
            throw CommandFailure.wrongUse("missing relation, application, or unit");
        }
        context.secrets.revoke(
                id,
                target.isPresent()
                        ? target.get()
                        : RelationCommands.relation(context, line).remoteApp(context.unit.app.name));
        return "";
    }

    static String remove(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line = CommandLine.parse(call.args(), "revision=").atMost(1);
        String id = id(line.argument(0).orElseThrow(() -> CommandFailure.wrongUse("missing secret URI")));
        String revision = line.value("revision").orElse("");
        if (!revision.isEmpty() && !revision.matches("[0-9]{1,9}")) {
            throw CommandFailure.wrongUse("invalid value " + CommandFailure.quoted(revision)
                    + " for option --revision: strconv.ParseInt: invalid syntax");
        }
        context.secrets.remove(
                id, revision.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(revision)));
        return "";
    }

    /** Null, not an empty list, when there are none; as Juju prints it. */
    static String ids(HookContext context, Invocation call) throws CommandFailure {
        CommandLine line =
                CommandLine.parse(call.args(), Output.FORMAT, Output.FILE).atMost(0);
        List<String> ids = context.secrets.ids();
        return Output.smart(call, line, ids.isEmpty() ? Json.Null.INSTANCE : Output.texts(ids));
    }

    private static Secret.Settings settings(CommandLine line) {
        return new Secret.Settings(
                line.value("label"), line.value("description"), line.value("expire"), line.value("rotate"));
    }

    private static boolean ofApplication(CommandLine line) throws CommandFailure {
        String owner = line.value("owner").orElse("application");
        if (!owner.equals("application") && !owner.equals("unit")) {
            throw CommandFailure.wrongUse("secret owner " + CommandFailure.quoted(owner) + " not valid");
        }
        return owner.equals("application");
    }

    /** The values {@code key=text}, {@code key#base64=text} and {@code key#file=path}. */
    private static Map<String, String> content(Invocation call, CommandLine line, List<String> arguments)
            throws CommandFailure {
        Map<String, String> content = new TreeMap<>();
        if (line.value("file").isPresent()) {
            content.putAll(RelationCommands.map(call.read(line.value("file").get())));
        }
        for (Map.Entry<String, String> entry :
                RelationCommands.keyValues(arguments).entrySet()) {
            String key = entry.getKey();
            String value = entry.getValue();
            if (key.endsWith("#file")) {
                key = key.substring(0, key.length() - "#file".length());
                value = call.read(value);
            } else if (key.endsWith("#base64")) {
                key = key.substring(0, key.length() - "#base64".length());
                value = decoded(key, value);
            }
            content.put(key, value);
        }
        for (String key : content.keySet()) {
            if (!KEY.matcher(key).matches()) {
                throw CommandFailure.wrongUse("key " + CommandFailure.quoted(key) + " not valid");
            }
        }
        return content;
    }

    private static String decoded(String key, String base64) throws CommandFailure {
        try {
            return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.wrongUse("key " + CommandFailure.quoted(key) + " is not base64 encoded");
        }
    }

    private static Optional<String> optionalId(CommandLine line) throws CommandFailure {
        return line.argument(0).isPresent() ? Optional.of(id(line.argument(0).get())) : Optional.empty();
    }

    private static String id(String text) throws CommandFailure {
        Matcher parts = ID.matcher(text);
        if (!parts.matches()) {
            throw CommandFailure.wrongUse("secret URI " + CommandFailure.quoted(text) + " not valid");
        }
        return parts.group(1);
    }

    private static void requireIdOrLabel(Optional<String> id, CommandLine line) throws CommandFailure {
        if (id.isEmpty() && line.value("label").isEmpty()) {
            throw CommandFailure.wrongUse("require either a secret URI or label");
        }
    }
}
