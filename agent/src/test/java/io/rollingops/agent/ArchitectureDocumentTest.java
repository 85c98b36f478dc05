// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/architecture.md} names files, modules and packages that exist, and every module and package of the core. */
class ArchitectureDocumentTest {
    private static final Pattern FILE = Pattern.compile("[\\w.-]+(/[\\w@.-]+)+|[\\w-]+\\.(md|xml|txt)");

    @Test
    void every_file_that_is_named_exists() throws IOException {
        String document = Documents.read("docs/architecture.md");
        Set<String> missing = new TreeSet<>();
        int named = 0;
        for (String text : Documents.code(document)) {
            if (FILE.matcher(text).matches()) {
                named++;
                if (!Files.exists(Documents.root().resolve(text))) {
                    missing.add(text);
                }
            }
        }

        assertThat(missing).isEmpty();
        assertThat(named).isGreaterThan(20);
    }

    @Test
    void every_module_has_its_row() throws IOException {
        Set<String> modules = new TreeSet<>();
        Matcher found = Pattern.compile("<module>([^<]+)</module>").matcher(Documents.read("pom.xml"));
        while (found.find()) {
            modules.add(found.group(1));
        }

        assertThat(firstCells("## Modules")).isEqualTo(modules);
    }

    @Test
    void every_package_of_the_core_has_its_row() throws IOException {
        Set<String> packages = new TreeSet<>();
        String base = "core/src/main/java/io/rollingops";
        try (Stream<Path> files = Files.walk(Documents.root().resolve(base))) {
            files.filter(file -> file.endsWith("package-info.java")).forEach(file -> {
                String path = Documents.root()
                        .resolve("core/src/main/java")
                        .relativize(file)
                        .toString();
                packages.add(path.replace("/package-info.java", "").replace('/', '.'));
            });
        }

        assertThat(firstCells("## Packages of the core")).isEqualTo(packages);
    }

    private static Set<String> firstCells(String heading) throws IOException {
        Set<String> cells = new TreeSet<>();
        for (List<String> row : Documents.rows(Documents.section(Documents.read("docs/architecture.md"), heading))) {
            cells.add(Documents.code(row.get(0)).get(0));
        }
        return cells;
    }
}
