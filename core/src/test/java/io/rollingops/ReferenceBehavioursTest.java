// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/reference-behaviours.md} names tests that exist, and leaves no behaviour of the original out. */
class ReferenceBehavioursTest {
    private static final int BEHAVIOURS = 109;
    private static final Pattern TEST = Pattern.compile("`(\\w+)#(\\w+)`");
    private static final Pattern RANGE = Pattern.compile("(\\d+)(?:–(\\d+))?");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d+(?:–\\d+)?(?:, \\d+(?:–\\d+)?)*) \\|");

    @Test
    void every_test_that_is_named_exists() throws IOException {
        Map<String, String> sources = testsOfAllModules();
        Set<String> missing = new TreeSet<>();
        Matcher named = TEST.matcher(document());
        int count = 0;
        while (named.find()) {
            count++;
            if (!sources.getOrDefault(named.group(1), "").contains("void " + named.group(2) + "(")) {
                missing.add(named.group());
            }
        }
        assertThat(missing).isEmpty();
        assertThat(count).isGreaterThan(BEHAVIOURS / 2);
    }

    @Test
    void every_behaviour_of_the_original_has_its_row() throws IOException {
        Set<Integer> numbers = new TreeSet<>();
        Matcher rows = ROW.matcher(document());
        while (rows.find()) {
            Matcher ranges = RANGE.matcher(rows.group(1));
            while (ranges.find()) {
                int from = Integer.parseInt(ranges.group(1));
                int to = ranges.group(2) == null ? from : Integer.parseInt(ranges.group(2));
                IntStream.rangeClosed(from, to)
                        .forEach(number -> assertThat(numbers.add(number))
                                .as("row %d", number)
                                .isTrue());
            }
        }
        assertThat(numbers)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, BEHAVIOURS).boxed().toList());
    }

    private static Map<String, String> testsOfAllModules() throws IOException {
        Map<String, String> sources = new TreeMap<>();
        try (DirectoryStream<Path> modules =
                Files.newDirectoryStream(root(), path -> Files.isDirectory(path.resolve("src/test/java")))) {
            for (Path module : modules) {
                try (Stream<Path> files = Files.walk(module.resolve("src/test/java"))) {
                    for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                            .toList()) {
                        sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
                    }
                }
            }
        }
        return sources;
    }

    private static String document() throws IOException {
        return Files.readString(root().resolve("docs/reference-behaviours.md"));
    }

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/reference-behaviours.md"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("there is no docs/reference-behaviours.md above "
                        + Path.of("").toAbsolutePath());
            }
        }
        return folder;
    }
}
