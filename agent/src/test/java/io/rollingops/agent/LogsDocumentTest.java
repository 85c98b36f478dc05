// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of the agent's log in {@code docs/operations.md} names every event with its levels, and no others. */
class LogsDocumentTest {
    private static final String EVENT = "\\s*\"([a-z][a-z-]*)\"";
    private static final Pattern OWN = Pattern.compile("\\b(info|warn|error)\\(" + EVENT);
    private static final Pattern LINE = Pattern.compile("\\bline\\(\\s*\"(info|warn|error)\"," + EVENT);
    private static final Pattern OTHERS = Pattern.compile("\\blog\\.(info|warn|error)\\(" + EVENT);
    private static final Pattern STORY = Pattern.compile("\\bstory\\.tell\\(([^\"]*?)," + EVENT);

    @Test
    void every_event_of_the_log_is_in_the_table_with_its_levels_and_no_others() throws IOException {
        Map<String, Set<String>> program = new TreeMap<>();
        try (Stream<Path> files = Files.walk(Documents.root().resolve("agent/src/main/java"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                String source = Files.readString(file);
                if (file.endsWith("AgentLog.java")) {
                    collect(OWN, source, program);
                    collect(LINE, source, program);
                } else {
                    collect(OTHERS, source, program);
                    collect(STORY, source, program);
                }
            }
        }
        Map<String, Set<String>> documented = new TreeMap<>();
        for (List<String> row : Documents.rows(Documents.section(Documents.read("docs/operations.md"), "## Logs"))) {
            Documents.code(row.get(0))
                    .forEach(event -> documented.put(
                            event, new TreeSet<>(List.of(row.get(1).split(", ", -1)))));
        }

        assertThat(program).containsKeys("began", "etcd", "switched", "library", "halt", "upgrade-order");
        assertThat(documented).isEqualTo(program);
    }

    private static void collect(Pattern calls, String source, Map<String, Set<String>> events) {
        Matcher call = calls.matcher(source);
        while (call.find()) {
            Set<String> levels = events.computeIfAbsent(call.group(2), event -> new TreeSet<>());
            switch (call.group(1).strip()) {
                case "info", "warn", "error" -> levels.add(call.group(1));
                case "true" -> levels.add("warn");
                default -> levels.addAll(List.of("info", "warn"));
            }
        }
    }
}
