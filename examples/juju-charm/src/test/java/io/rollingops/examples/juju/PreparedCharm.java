// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The charm as Maven leaves it, with the Java of this test as its runtime and archives of classes for that, as a packed
 * charm has them: a hook then takes half the processor. Made once for all tests, and again when Maven has made another one.
 */
final class PreparedCharm {
    private static final Path MADE_BY_MAVEN = Path.of("target/charm");
    private static final Path PREPARED = Path.of("target/charm-under-test");
    private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

    private PreparedCharm() {}

    /** Copies it; the archives are links, so that units share them. */
    static void copyTo(Path folder) throws IOException {
        prepare();
        copy(PREPARED, folder);
    }

    /** Copies a folder with the files' times and modes, and links as links. */
    static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.sorted().toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
            }
        }
    }

    private static synchronized void prepare() throws IOException {
        String state = state();
        Path complete = PREPARED.resolve(".complete");
        if (Files.exists(complete) && Files.readString(complete).equals(state)) {
            return;
        }
        delete(PREPARED);
        copyWithoutRuntime();
        assertThat(PREPARED.resolve("dispatch").toFile().setExecutable(true)).isTrue();
        Files.createSymbolicLink(PREPARED.resolve("jre"), JAVA_HOME);
        if (makeArchives()) {
            for (Path archive : List.of(PREPARED.resolve("charm.jsa"), PREPARED.resolve("worker/worker.jsa"))) {
                Path shared = PREPARED.resolveSibling("charm-under-test-" + archive.getFileName())
                        .toAbsolutePath();
                Files.move(archive, shared, StandardCopyOption.REPLACE_EXISTING);
                Files.createSymbolicLink(archive, shared);
            }
        }
        Files.writeString(complete, state);
    }

    /** Whether this Java can; where it cannot, hooks are slower. */
    private static boolean makeArchives() throws IOException {
        Process process = new ProcessBuilder(List.of("src/build/archive-classes", PREPARED.toString()))
                .redirectErrorStream(true)
                .redirectOutput(Path.of("target/archive-classes.log").toFile())
                .start();
        try {
            return process.waitFor(2, TimeUnit.MINUTES) && process.exitValue() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            process.destroyForcibly();
        }
    }

    private static void copyWithoutRuntime() throws IOException {
        for (Path file : ofMaven()) {
            Path target = PREPARED.resolve(MADE_BY_MAVEN.relativize(file).toString());
            Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    private static String state() throws IOException {
        StringBuilder state = new StringBuilder(JAVA_HOME + " " + Runtime.version());
        for (Path file : ofMaven()) {
            if (Files.isRegularFile(file)) {
                state.append('\n').append(file).append(' ').append(Files.getLastModifiedTime(file));
            }
        }
        return state.toString();
    }

    /** All of the charm but what packing it adds. */
    private static List<Path> ofMaven() throws IOException {
        try (Stream<Path> files = Files.walk(MADE_BY_MAVEN)) {
            return files.filter(file -> !file.startsWith(MADE_BY_MAVEN.resolve("jre"))
                            && !file.toString().endsWith(".jsa"))
                    .sorted()
                    .toList();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
