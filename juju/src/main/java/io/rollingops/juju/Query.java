// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A question to Juju; several are asked together by {@link HookCommands#ask(List)}.
 *
 * @param command that asks it
 * @param reading makes the answer of what the command prints
 */
public record Query<T>(HookCommand command, Function<String, T> reading) {
    /** The status of a unit that leaves, in {@link #goalUnits}. */
    static final String DYING = "dying";

    /** Whether this unit leads its application, for at least 30 s from now. */
    public static Query<Boolean> isLeader() {
        return json(value -> value.equals(Json.of(true)), "is-leader");
    }

    /** The relations at an endpoint. */
    public static Query<List<RelationId>> relationIds(String endpoint) {
        return json(value -> texts(value).stream().map(RelationId::parse).toList(), "relation-ids", endpoint);
    }

    /** The remote units of a relation; of a peer relation, the other units. */
    public static Query<List<UnitName>> relationUnits(RelationId relation) {
        return json(
                value -> texts(value).stream().map(UnitName::parse).toList(),
                "relation-list",
                "-r",
                relation.toString());
    }

    /** The remote application of a relation; of a peer relation, the own one. */
    public static Query<String> relationApplication(RelationId relation) {
        return json(Query::text, "relation-list", "--app", "-r", relation.toString());
    }

    /** The databag of a unit. */
    public static Query<NavigableMap<String, String>> unitDatabag(RelationId relation, UnitName unit) {
        return json(Query::textMap, "relation-get", "-r", relation.toString(), "-", unit.toString());
    }

    /** The databag of an application. */
    public static Query<NavigableMap<String, String>> applicationDatabag(RelationId relation, String application) {
        return json(Query::textMap, "relation-get", "-r", relation.toString(), "--app", "-", application);
    }

    /** The configuration; options without a value are absent. */
    public static Query<Json.Obj> config() {
        return json(Query::object, "config-get");
    }

    /** The parameters of the action. */
    public static Query<Json.Obj> actionParameters() {
        return json(Query::object, "action-get");
    }

    /** What the unit keeps for itself at the controller. */
    public static Query<NavigableMap<String, String>> state() {
        return json(Query::textMap, "state-get");
    }

    /** The units that the model means the application to have, each with its status; {@code dying} for one that leaves. */
    public static Query<NavigableMap<UnitName, String>> goalUnits() {
        return json(
                value -> {
                    NavigableMap<UnitName, String> units = new TreeMap<>();
                    Json.Obj members = object(value).object("units");
                    members.members()
                            .keySet()
                            .forEach(unit -> units.put(
                                    UnitName.parse(unit), members.object(unit).string("status")));
                    return units;
                },
                "goal-state");
    }

    /** The content of a secret at its latest revision, which is then the one that this unit follows. */
    public static Query<NavigableMap<String, String>> latestSecret(String id) {
        return json(Query::textMap, "secret-get", id, "--refresh");
    }

    /** As {@link #latestSecret(String)}, and this unit knows the secret by that label from now on. */
    public static Query<NavigableMap<String, String>> latestSecret(String id, String label) {
        return json(Query::textMap, "secret-get", id, "--label", label, "--refresh");
    }

    /** The content of a secret that this unit knows by a label. */
    public static Query<NavigableMap<String, String>> labelledSecret(String label) {
        return json(Query::textMap, "secret-get", "--label", label);
    }

    /** The id of the secret with that label which this unit manages; not found when there is none. */
    public static Query<String> managedSecret(String label) {
        return json(
                value -> "secret:" + object(value).members().keySet().iterator().next(),
                "secret-info-get",
                "--label",
                label);
    }

    /** The latest revision of a secret that this unit manages. */
    public static Query<Long> secretRevision(String id) {
        return json(
                value -> {
                    Json.Obj secrets = object(value);
                    String bare = secrets.members().keySet().iterator().next();
                    return secrets.object(bare).integer("revision");
                },
                "secret-info-get",
                id);
    }

    /** The address that others reach this unit under at an endpoint. */
    public static Query<String> ingressAddress(String endpoint) {
        return new Query<>(HookCommand.of("network-get", "--ingress-address", endpoint), String::strip);
    }

    T read(HookCommand.Result result) {
        if (result.exitCode() != 0) {
            throw HookCommandException.of(command, result);
        }
        try {
            return reading.apply(result.output());
        } catch (JsonException | IllegalArgumentException e) {
            throw new HookCommandException(
                    HookCommandException.Kind.FAILED,
                    command.name(),
                    "its answer is not understood: " + e.getMessage());
        }
    }

    private static <T> Query<T> json(Function<Json, T> reading, String... line) {
        List<String> words = new ArrayList<>(List.of(line[0], "--format=json"));
        words.addAll(List.of(line).subList(1, line.length));
        return new Query<>(
                HookCommand.of(words.toArray(String[]::new)), output -> reading.apply(JsonText.parse(output)));
    }

    private static Json.Obj object(Json value) {
        if (value instanceof Json.Obj object) {
            return object;
        } else if (value instanceof Json.Null) {
            return Json.Obj.EMPTY;
        }
        throw new JsonException("an object is expected, not " + value.kind());
    }

    private static NavigableMap<String, String> textMap(Json value) {
        NavigableMap<String, String> texts = new TreeMap<>();
        for (Map.Entry<String, Json> member : object(value).members().entrySet()) {
            texts.put(member.getKey(), text(member.getValue()));
        }
        return texts;
    }

    private static List<String> texts(Json value) {
        if (value instanceof Json.Arr array) {
            return array.items().stream().map(Query::text).toList();
        } else if (value instanceof Json.Null) {
            return List.of();
        }
        throw new JsonException("an array is expected, not " + value.kind());
    }

    private static String text(Json value) {
        if (value instanceof Json.Str text) {
            return text.value();
        }
        throw new JsonException("a string is expected, not " + value.kind());
    }
}
