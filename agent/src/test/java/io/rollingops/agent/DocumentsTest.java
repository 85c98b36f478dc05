// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.JsonText;
import io.rollingops.peer.DatabagCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents point at is there. */
class DocumentsTest {
    private static final Pattern TEST = Pattern.compile("`(\\w+)#(\\w+)`");
    private static final Pattern RULE = Pattern.compile("\\b[A-Z][0-9]\\b");
    private static final Pattern RULES = Pattern.compile(
            "(?i:rules?|assumptions?) [A-Z][0-9](?:(?:,| and|, and) [A-Z][0-9])*|\\([A-Z][0-9](?:, [A-Z][0-9])*\\)");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

    @Test
    void every_test_that_a_document_names_exists() throws IOException {
        Map<String, String> sources = testSources();
        Set<String> missing = new TreeSet<>();
        for (Path document : Documents.all()) {
            Matcher named = TEST.matcher(Files.readString(document));
            while (named.find()) {
                if (!sources.getOrDefault(named.group(1), "").contains(" " + named.group(2) + "(")) {
                    missing.add(document.getFileName() + ": " + named.group());
                }
            }
        }

        assertThat(missing).isEmpty();
    }

    /** Guarantees without a test are none. */
    @Test
    void every_line_of_the_guarantees_and_of_bad_input_names_a_test() throws IOException {
        String readme = Documents.section(Documents.read("README.md"), "## Guarantees");
        for (String text : List.of(readme, Documents.read("docs/guarantees.md"), Documents.read("docs/bad-input.md"))) {
            for (List<String> row : Documents.rows(text)) {
                assertThat(row.get(row.size() - 1)).as(String.join(" | ", row)).containsPattern(TEST);
            }
        }
    }

    /** Comments of the code name rules like G2; {@code docs/protocol.md} says what they are. */
    @Test
    void every_rule_that_the_code_names_is_in_the_protocol() throws IOException {
        Set<String> known = new TreeSet<>();
        Documents.rows(Documents.read("docs/protocol.md")).forEach(row -> known.add(row.get(0)));
        Set<String> unknown = new TreeSet<>();
        mainSources().forEach((file, source) -> {
            Matcher named = RULES.matcher(source);
            while (named.find()) {
                Matcher rule = RULE.matcher(named.group());
                while (rule.find()) {
                    if (!known.contains(rule.group())) {
                        unknown.add(file + ": " + rule.group());
                    }
                }
            }
        });

        assertThat(known).contains("G2", "X4", "L1", "A3");
        assertThat(unknown).isEmpty();
    }

    @Test
    void every_command_and_every_key_of_a_databag_is_in_the_protocol() throws IOException {
        String protocol = Documents.read("docs/protocol.md");
        Set<String> commands = new TreeSet<>();
        for (String line : Documents.read("core/src/test/resources/golden/commands.jsonl")
                .lines()
                .toList()) {
            commands.add(JsonText.parseObject(line).string("do"));
        }
        Set<String> keys = new TreeSet<>(DatabagCodec.UNIT_KEYS);
        keys.addAll(DatabagCodec.APPLICATION_KEYS);

        assertThat(firstWords(Documents.section(protocol, "## Commands"))).isEqualTo(commands);
        assertThat(firstWords(Documents.section(protocol, "## Databags"))).isEqualTo(keys);
    }

    private static Set<String> firstWords(String section) {
        Set<String> words = new TreeSet<>();
        Documents.rows(section).forEach(row -> words.addAll(Documents.code(row.get(0))));
        return words;
    }

    @Test
    void every_link_between_documents_leads_somewhere() throws IOException {
        Set<String> broken = new TreeSet<>();
        for (Path document : Documents.all()) {
            Matcher link = LINK.matcher(Files.readString(document));
            while (link.find()) {
                String target = link.group(1);
                if (!target.contains("://") && !isThere(document, target)) {
                    broken.add(document.getFileName() + ": " + target);
                }
            }
        }

        assertThat(broken).isEmpty();
    }

    private static boolean isThere(Path document, String target) throws IOException {
        int hash = target.indexOf('#');
        String file = hash < 0 ? target : target.substring(0, hash);
        Path path = file.isEmpty() ? document : document.resolveSibling(file);
        if (!Files.exists(path)) {
            return false;
        }
        return hash < 0
                || Files.readString(path)
                        .lines()
                        .filter(line -> line.startsWith("#"))
                        .anyMatch(line -> anchor(line).equals(target.substring(hash + 1)));
    }

    private static String anchor(String heading) {
        return heading.replaceFirst("^#+ ", "")
                .toLowerCase(java.util.Locale.ROOT)
                .replaceAll("[^\\p{L}0-9 _-]", "")
                .replace(' ', '-');
    }

    private static Map<String, String> testSources() throws IOException {
        return sources("src");
    }

    private static Map<String, String> mainSources() throws IOException {
        return sources("src/main");
    }

    private static Map<String, String> sources(String folderOfModule) throws IOException {
        Map<String, String> sources = new TreeMap<>();
        List<Path> modules = new ArrayList<>();
        for (Path parent : List.of(Documents.root(), Documents.root().resolve("examples"))) {
            try (Stream<Path> folders = Files.list(parent)) {
                folders.map(folder -> folder.resolve(folderOfModule))
                        .filter(Files::isDirectory)
                        .forEach(modules::add);
            }
        }
        for (Path module : modules) {
            try (Stream<Path> files = Files.walk(module)) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    sources.merge(
                            file.getFileName().toString().replace(".java", ""), Files.readString(file), String::concat);
                }
            }
        }
        return sources;
    }
}
