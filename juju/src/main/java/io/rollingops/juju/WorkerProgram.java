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
import java.util.Comparator;
import java.util.List;
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

    /**
     * Starts the worker, and once more when it ends by accident, a few times. The loop and the worker have a session of
     * their own and none of the hook's streams: Juju waits for whoever still has those.
     */
    private static final String KEEPER = """
            for pause in 1 2 5 10 30 60 60 60
            do
                "$1/bin/java" -Xmx64m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \\
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
                isInCharm(classPath) ? copy.resolve("lib") + ALL : classPath,
                MAIN,
                unitFolder.toString()));
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
                Files.copy(
                        file,
                        unfinished.resolve("lib").resolve(file.getFileName()),
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        if (java.startsWith(charmFolder)) {
            copyFolder(java, unfinished.resolve("jre"));
        }
        Files.move(unfinished, copy, StandardCopyOption.ATOMIC_MOVE);
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
