// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
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
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tables of the originals' behaviours name tests that exist, and leave none of them out. */
class ReferenceBehavioursTest {
    private static final Pattern TEST = Pattern.compile("`(\\w+)#(\\w+)`");
    private static final Pattern RANGE = Pattern.compile("(\\d+)(?:–(\\d+))?");
    private static final Pattern DEFECT = Pattern.compile("(?m)^\\| D(\\d+): ");
    private static final int DEFECTS = 32;
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d+(?:–\\d+)?(?:, \\d+(?:–\\d+)?)*) \\|");
    private static final Pattern LINE = Pattern.compile(ROW.pattern() + ".*");

    @ParameterizedTest
    @CsvSource({"reference-behaviours.md,109", "upgrade-behaviours.md,49"})
    void every_test_that_is_named_exists(String document, int behaviours) throws IOException {
        Map<String, String> sources = testsOfAllModules();
        Set<String> missing = new TreeSet<>();
        Matcher named = TEST.matcher(document(document));
        int count = 0;
        while (named.find()) {
            count++;
            if (!sources.getOrDefault(named.group(1), "").contains("void " + named.group(2) + "(")) {
                missing.add(named.group());
            }
        }
        assertThat(missing).isEmpty();
        assertThat(count).isGreaterThan(behaviours / 2);
    }

    @ParameterizedTest
    @CsvSource({"reference-behaviours.md,109", "upgrade-behaviours.md,49"})
    void every_behaviour_of_the_original_has_its_row(String document, int behaviours) throws IOException {
        Set<Integer> numbers = new TreeSet<>();
        Matcher rows = ROW.matcher(document(document));
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
                        IntStream.rangeClosed(1, behaviours).boxed().toList());
    }

    @Test
    void no_behaviour_is_left_for_later() throws IOException {
        String text = document("reference-behaviours.md");
        assertThat(text).doesNotContainPattern("(?i)\\blater[:,] |still to come");
        Matcher rows = LINE.matcher(text);
        while (rows.find()) {
            assertThat(rows.group()).as("names a test, or the row that does").containsPattern("`\\w+#\\w+`|as \\d");
        }
    }

    @Test
    void every_defect_of_the_original_has_its_row() throws IOException {
        List<Integer> numbers = new ArrayList<>();
        Matcher rows = DEFECT.matcher(document("upgrade-behaviours.md"));
        while (rows.find()) {
            numbers.add(Integer.parseInt(rows.group(1)));
        }
        assertThat(numbers)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, DEFECTS).boxed().toList());
    }

    private static Map<String, String> testsOfAllModules() throws IOException {
        Map<String, String> sources = new TreeMap<>();
        for (Path parent : List.of(root(), root().resolve("examples"))) {
            try (DirectoryStream<Path> modules =
                    Files.newDirectoryStream(parent, path -> Files.isDirectory(path.resolve("src/test/java")))) {
                for (Path module : modules) {
                    putSources(module.resolve("src/test/java"), sources);
                }
            }
        }
        return sources;
    }

    private static void putSources(Path folder, Map<String, String> sources) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
            }
        }
    }

    private static String document(String name) throws IOException {
        return Files.readString(root().resolve("docs").resolve(name));
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
