// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.io.StringReader;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;

/** Reads and writes YAML as {@link Json} values; the only class that knows the library underneath. */
final class YamlText {

    private YamlText() {}

    /**
     * The value that stands in the text; null for an empty one.
     *
     * @throws IllegalArgumentException when it is not YAML, or uses what JSON does not have
     */
    static Json parse(String text) {
        try {
            return json(yaml().load(text));
        } catch (YAMLException e) {
            throw new IllegalArgumentException("not valid YAML: " + e.getMessage(), e);
        }
    }

    /**
     * A flat map, every value as the text that stands there: {@code a: 1} gives "1". An empty text is an empty map.
     *
     * @throws IllegalArgumentException when it is anything else
     */
    static Map<String, String> parseStringMap(String text) {
        Node root;
        try {
            root = yaml().compose(new StringReader(text));
        } catch (YAMLException e) {
            throw new IllegalArgumentException("not valid YAML: " + e.getMessage(), e);
        }
        Map<String, String> map = new LinkedHashMap<>();
        if (root == null || root.getTag().equals(Tag.NULL)) {
            return map;
        }
        if (!(root instanceof MappingNode mapping)) {
            throw new IllegalArgumentException("expected a YAML map");
        }
        for (NodeTuple entry : mapping.getValue()) {
            map.put(scalar(entry.getKeyNode()), scalar(entry.getValueNode()));
        }
        return map;
    }

    /** Block style, as Juju prints it. */
    static String write(Json value) {
        return yaml().dump(plain(value));
    }

    private static Yaml yaml() {
        LoaderOptions loading = new LoaderOptions();
        DumperOptions dumping = new DumperOptions();
        dumping.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        return new Yaml(new SafeConstructor(loading), new Representer(dumping), dumping, loading);
    }

    private static String scalar(Node node) {
        if (!(node instanceof ScalarNode scalar)) {
            throw new IllegalArgumentException("expected text in a YAML map" + node.getStartMark());
        }
        return scalar.getTag().equals(Tag.NULL) ? "" : scalar.getValue();
    }

    private static Json json(@Nullable Object value) {
        if (value == null) {
            return Json.Null.INSTANCE;
        } else if (value instanceof Map<?, ?> map) {
            Map<String, Json> members = new LinkedHashMap<>();
            map.forEach((key, member) -> members.put(String.valueOf(key), json(member)));
            return new Json.Obj(members);
        } else if (value instanceof List<?> list) {
            return new Json.Arr(list.stream().map(YamlText::json).toList());
        } else if (value instanceof Boolean bool) {
            return Json.of(bool);
        } else if (value instanceof Integer || value instanceof Long) {
            return Json.of(((Number) value).longValue());
        } else if (value instanceof BigInteger number) {
            return new Json.Int(number);
        } else if (value instanceof Double number) {
            return new Json.Real(number);
        }
        return Json.of(value.toString());
    }

    private static @Nullable Object plain(Json value) {
        if (value instanceof Json.Obj object) {
            Map<String, @Nullable Object> members = new LinkedHashMap<>();
            object.members().forEach((name, member) -> members.put(name, plain(member)));
            return members;
        } else if (value instanceof Json.Arr array) {
            List<@Nullable Object> items = new ArrayList<>();
            array.items().forEach(item -> items.add(plain(item)));
            return items;
        } else if (value instanceof Json.Str text) {
            return text.value();
        } else if (value instanceof Json.Int number) {
            return number.value();
        } else if (value instanceof Json.Real number) {
            return number.value();
        } else if (value instanceof Json.Bool bool) {
            return bool.value();
        }
        if (value instanceof Json.Null) {
            return null;
        }
        throw new IllegalArgumentException("no YAML for " + JsonText.write(value));
    }
}
