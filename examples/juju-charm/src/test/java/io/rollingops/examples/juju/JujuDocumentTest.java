// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What {@code docs/juju.md} shows is compiled, and is the charm in {@code examples/first-charm} that the build tests. */
class JujuDocumentTest {
    private static final Path DOCUMENT = Path.of("../../docs/juju.md");
    private static final Path FIRST_CHARM = Path.of("../first-charm");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w+)\n(.*?)^```$");

    @Test
    void its_java_is_that_of_files_which_the_build_compiles() throws IOException {
        List<String> compiled = new ArrayList<>();
        for (Path file : List.of(
                FIRST_CHARM.resolve("src/main/java/com/example/MyCharm.java"),
                FIRST_CHARM.resolve("src/test/java/com/example/MyCharmIT.java"),
                Path.of("src/test/java/io/rollingops/examples/juju/DocumentedCalls.java"))) {
            compiled.add(withoutBlanks(Files.readString(file)));
        }
        List<String> blocks = blocks("java");
        assertThat(blocks).hasSizeGreaterThanOrEqualTo(5);
        for (String block : blocks) {
            assertThat(compiled).as(block).anyMatch(file -> file.contains(withoutBlanks(block)));
        }
    }

    @Test
    void the_files_of_the_first_charm_are_shown_as_they_are() throws IOException {
        List<String> shown = blocks("yaml");
        for (String name : List.of("metadata.yaml", "actions.yaml", "config.yaml", "manifest.yaml")) {
            assertThat(shown).contains("# " + name + "\n" + charmFile(name));
        }
        assertThat(blocks("sh")).contains("# dispatch\n" + charmFile("dispatch").replace("#!/bin/sh\n", ""));
        assertThat(blocks("xml"))
                .hasSize(1)
                .allMatch(block -> withoutBlanks(pom(FIRST_CHARM)).contains(withoutBlanks(block)));
    }

    /** The first charm observes what the library needs, and its own {@code config-changed}. */
    @Test
    void the_dispatch_of_the_first_charm_forgets_no_hook() throws IOException {
        Set<String> needed = new TreeSet<>(RollingCharm.charm(Optional.empty()).handledHooks());
        needed.removeIf(hook -> hook.startsWith("etcd-") || hook.startsWith("secret-") || hook.contains("etcd_failed"));
        needed.remove("start");
        assertThat(DispatchTest.hooks(FIRST_CHARM.resolve("src/main/charm/dispatch")))
                .isEqualTo(needed);
    }

    /** A project outside of this tree names releases itself; they must be those that are tested here. */
    @Test
    void the_first_charm_names_the_versions_of_this_build() {
        String first = pom(FIRST_CHARM);
        String all = pom(Path.of("../.."));
        assertThat(value(first, "rollingops\\.version")).isEqualTo(value(all, "revision"));
        Matcher artifact = Pattern.compile("<artifactId>(maven-[a-z]+-plugin)</artifactId>\\s+<version>([^<]+)<")
                .matcher(first);
        int plugins = 0;
        while (artifact.find()) {
            plugins++;
            assertThat(withoutBlanks(all))
                    .contains("<artifactId>" + artifact.group(1) + "</artifactId><version>" + artifact.group(2) + "<");
        }
        assertThat(plugins).isGreaterThan(4);
    }

    private static String charmFile(String name) throws IOException {
        return Files.readString(FIRST_CHARM.resolve("src/main/charm").resolve(name));
    }

    private static String pom(Path folder) {
        try {
            return Files.readString(folder.resolve("pom.xml"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String value(String pom, String property) {
        Matcher value = Pattern.compile("<" + property + ">([^<]+)<").matcher(pom);
        assertThat(value.find()).as(property).isTrue();
        return value.group(1);
    }

    private static List<String> blocks(String language) throws IOException {
        List<String> blocks = new ArrayList<>();
        Matcher block = BLOCK.matcher(Files.readString(DOCUMENT));
        while (block.find()) {
            if (block.group(1).equals(language)) {
                blocks.add(block.group(2));
            }
        }
        return blocks;
    }

    private static String withoutBlanks(String text) {
        return text.replaceAll("\\s+", "");
    }
}
