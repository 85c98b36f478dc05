// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * The program of the worker, and how it is started. It runs from a copy in the unit's folder: an upgrade replaces the
 * files of the charm while the worker of the release before still runs, and a Java process whose files change under it may
 * crash.
 *
 * @param classPath as the Java launcher takes it: folders with {@code /*} at the end, and jars
 * @param java the runtime's folder
 * @param charmFolder what lies in here is copied
 */
record WorkerProgram(String classPath, Path java, Path charmFolder) {
    private static final String MAIN = "io.rollingops.worker.WorkerMain";
    private static final String ALL = "/*";
    private static final String COPIES = "worker";

    /** The archive of loaded classes, beside the jars in the charm; it makes the start half as long. */
    private static final String ARCHIVE = "worker.jsa";

    /**
     * The date of every copied jar. Java takes an archive of classes only with jars of the size and date that it was made
     * with, and unpacking a charm gives them new dates.
     */
    private static final FileTime JAR_DATE = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));

    /**
     * Starts the worker, and once more when it ends by accident, a few times. The loop and the worker have a session of
     * their own and none of the hook's streams: Juju waits for whoever still has those. It starts in the copy, since
     * the archive of classes knows the jars by their names from there.
     */
    private static final String KEEPER = """
            cd "$5" || exit 1
            archive=-Xshare:auto
            [ -f worker.jsa ] && archive="-XX:SharedArchiveFile=worker.jsa -Xshare:auto"
            for pause in 1 2 5 10 30 60 60 60
            do
                "$1/bin/java" $archive -Xlog:disable -Xlog:all=error:stderr \\
                    -Xmx64m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \\
                    -XX:+ExitOnOutOfMemoryError -cp "$2" "$3" "$4" && exit 0
                echo "the worker ended with status $?"
                sleep $pause
            done
            exit 1
            """;

    /** What tells one release of the program from another: names, sizes and times of its files. */
    String name() {
        CRC32 sum = new CRC32();
        for (Path file : files()) {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                String line = file.getFileName() + " " + attributes.size() + " "
                        + attributes.lastModifiedTime().toMillis() + "\n";
                sum.update(line.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                sum.update(file.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        return Long.toHexString(sum.getValue());
    }

    /**
     * Starts it; returns when it has been started, not when it works.
     *
     * @param unitFolder the unit's folder, which is there
     * @throws IllegalStateException when there is no such program, or it did not start
     */
    void start(Path unitFolder) throws IOException {
        if (files().isEmpty()) {
            throw new IllegalStateException("there is nothing at " + classPath
                    + "; build the charm with the worker's jars there (rollingops-worker and all that it needs)");
        }
        Path copies = unitFolder.resolve(COPIES);
        Path copy = copies.resolve(name());
        if (!Files.isDirectory(copy)) {
            makeCopy(copies, copy);
        }
        Path log = unitFolder.resolve("worker.out");
        ProcessBuilder starter = new ProcessBuilder(List.of(
                "/bin/sh",
                "-c",
                DetachedScript.STARTER,
                KEEPER,
                (java.startsWith(charmFolder) ? copy.resolve("jre") : java).toString(),
                isInCharm(classPath) ? copiedJars() : classPath,
                MAIN,
                unitFolder.toString(),
                copy.toString()));
        starter.environment().remove("JUJU_CONTEXT_ID"); // juju-exec refuses to run inside a hook
        starter.directory(unitFolder.toFile());
        starter.redirectInput(Path.of("/dev/null").toFile());
        starter.redirectOutput(log.toFile());
        starter.redirectErrorStream(true);
        try {
            int status = starter.start().waitFor();
            if (status != 0) {
                throw new IllegalStateException("exit status " + status + "; " + log + " may say why");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private void makeCopy(Path copies, Path copy) throws IOException {
        Path unfinished = copies.resolve("unfinished");
        delete(copies);
        Files.createDirectories(unfinished.resolve("lib"));
        if (isInCharm(classPath)) {
            for (Path file : files()) {
                Path jar = unfinished.resolve("lib").resolve(file.getFileName());
                Files.copy(file, jar);
                Files.setLastModifiedTime(jar, JAR_DATE);
            }
            Path archive = files().get(0).resolveSibling(ARCHIVE);
            if (Files.exists(archive)) {
                Files.copy(archive, unfinished.resolve(ARCHIVE));
            }
        }
        if (java.startsWith(charmFolder)) {
            copyFolder(java, unfinished.resolve("jre"));
        }
        Files.move(unfinished, copy, StandardCopyOption.ATOMIC_MOVE);
    }

    /** All of them by name, in the order in which the archive of classes was made with them. */
    private String copiedJars() {
        return files().stream().map(jar -> "lib/" + jar.getFileName()).collect(Collectors.joining(":"));
    }

    private boolean isInCharm(String path) {
        return path.endsWith(ALL)
                && Path.of(path.substring(0, path.length() - 1)).startsWith(charmFolder);
    }

    private List<Path> files() {
        return List.of(classPath.split(":", -1)).stream()
                .flatMap(part -> part.endsWith(ALL)
                        ? jars(Path.of(part.substring(0, part.length() - 1)))
                        : Stream.of(Path.of(part)))
                .filter(Files::exists)
                .sorted()
                .toList();
    }

    private static Stream<Path> jars(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar")).toList().stream();
        } catch (IOException e) {
            return Stream.empty(); // there is none
        }
    }

    private static void copyFolder(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** What earlier releases were copied to; a worker that still runs from there has its files open and goes on. */
    private static void delete(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
