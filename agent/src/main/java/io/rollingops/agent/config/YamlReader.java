// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Reads a YAML file of known shape. Whatever is wrong is noted with its line, and reading goes on, so that all mistakes
 * are told at once; {@link #finish} throws if there were any.
 */
final class YamlReader {
    private static final int MAX_CHARS = 1 << 20;
    private static final int MAX_PROBLEMS = 20;

    private final Path file;
    private final List<String> problems = new ArrayList<>();

    YamlReader(Path file) {
        this.file = file;
    }

    /** One mapping of the file; every key that is asked for is known, the others are mistakes. */
    final class Section {
        private final String name;
        private final int line;
        private final Map<String, Node> values;
        private final Map<String, Integer> lines;
        private final TreeSet<String> known = new TreeSet<>();

        private Section(String name, int line, Map<String, Node> values, Map<String, Integer> lines) {
            this.name = name;
            this.line = line;
            this.values = values;
            this.lines = lines;
        }

        int line() {
            return line;
        }

        /** The line of a key that is there. */
        int line(String key) {
            return lines.getOrDefault(key, line);
        }

        Optional<String> text(String key) {
            return find(key).flatMap(node -> scalar(node, path(key)));
        }

        String requiredText(String key, String example) {
            Optional<String> text = text(key);
            if (text.isEmpty() && !values.containsKey(key)) {
                problem(line, "'" + path(key) + "' is missing; give it, for example '" + key + ": " + example + "'");
            }
            return text.orElse("");
        }

        /** A value that is read by a function which throws {@code IllegalArgumentException} with what is wrong. */
        <T> Optional<T> value(String key, java.util.function.Function<String, T> read) {
            return text(key).flatMap(text -> {
                try {
                    return Optional.of(read.apply(text));
                } catch (IllegalArgumentException e) {
                    problem(line(key), "'" + path(key) + "': " + e.getMessage());
                    return Optional.empty();
                }
            });
        }

        List<String> texts(String key) {
            return find(key).map(node -> list(node, path(key))).orElse(List.of());
        }

        Optional<Section> section(String key) {
            return find(key).flatMap(node -> mapping(node, path(key)));
        }

        List<Section> sections(String key) {
            List<Section> sections = new ArrayList<>();
            find(key).ifPresent(node -> {
                if (node instanceof SequenceNode sequence) {
                    for (Node item : sequence.getValue()) {
                        mapping(item, path(key) + "[" + sections.size() + "]").ifPresent(sections::add);
                    }
                } else {
                    problem(lineOf(node), "'" + path(key) + "' must be a list");
                }
            });
            return sections;
        }

        /** The keys of a section whose keys the user chooses. */
        List<String> keys() {
            return List.copyOf(values.keySet());
        }

        /** Notes the keys that nobody asked for. */
        void end() {
            for (String key : values.keySet()) {
                if (!known.contains(key)) {
                    problem(line(key), "unknown key '" + path(key) + "'" + nearest(key));
                }
            }
        }

        private Optional<Node> find(String key) {
            known.add(key);
            return Optional.ofNullable(values.get(key));
        }

        private String path(String key) {
            return name.isEmpty() ? key : name + "." + key;
        }

        private String nearest(String key) {
            return known.stream()
                    .filter(candidate -> distance(candidate, key) <= 2)
                    .findFirst()
                    .map(candidate -> "; did you mean '" + candidate + "'?")
                    .orElse("; known here are " + known);
        }
    }

    /** The file's outermost mapping. */
    Section read() {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigException(file + " does not exist; 'rollingops init' writes one");
        } catch (IOException e) {
            throw new ConfigException(file + " cannot be read: " + e);
        }
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file.toString())
                .setCodePointLimit(MAX_CHARS)
                .setMaxAliasesForCollections(0)
                .setAllowRecursiveKeys(false)
                .build();
        try {
            Optional<Node> root = new Compose(settings).composeString(text);
            if (root.isEmpty()) {
                throw new ConfigException(file + " is empty; 'rollingops init' writes one to start from");
            }
            return mapping(root.get(), "").orElseThrow(() -> failure());
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
            throw new ConfigException(file + " line " + line + ": not valid YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            throw new ConfigException(file + ": not valid YAML: " + e.getMessage());
        }
    }

    void problem(int line, String what) {
        if (problems.size() < MAX_PROBLEMS) {
            problems.add(file + " line " + line + ": " + what);
        }
    }

    /** @throws ConfigException with all that was noted */
    void finish() {
        if (!problems.isEmpty()) {
            throw failure();
        }
    }

    private ConfigException failure() {
        return new ConfigException(String.join("\n", problems));
    }

    private Optional<Section> mapping(Node node, String name) {
        if (!(node instanceof MappingNode mapping)) {
            problem(
                    lineOf(node),
                    (name.isEmpty() ? "the file" : "'" + name + "'") + " must be a mapping of keys to values");
            return Optional.empty();
        }
        Map<String, Node> values = new LinkedHashMap<>();
        Map<String, Integer> lines = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            scalar(tuple.getKeyNode(), name).ifPresent(key -> {
                if (values.put(key, tuple.getValueNode()) != null) {
                    problem(lineOf(tuple.getKeyNode()), "'" + key + "' stands twice");
                }
                lines.put(key, lineOf(tuple.getKeyNode()));
            });
        }
        return Optional.of(new Section(name, lineOf(node), values, lines));
    }

    private Optional<String> scalar(Node node, String name) {
        if (node instanceof ScalarNode scalar) {
            return Optional.of(scalar.getValue());
        }
        problem(lineOf(node), "'" + name + "' must be a single value");
        return Optional.empty();
    }

    private List<String> list(Node node, String name) {
        if (!(node instanceof SequenceNode sequence)) {
            problem(lineOf(node), "'" + name + "' must be a list, for example [systemctl, restart, web]");
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        sequence.getValue().forEach(item -> scalar(item, name).ifPresent(texts::add));
        return texts;
    }

    private static int lineOf(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }

    /** How many letters to change to get from one word to the other (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(row[j - 1], above) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
