// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Packs a charm folder into a zip that keeps the files' modes: {@code java PackCharm.java FOLDER ZIP}. */
final class PackCharm {
    private PackCharm() {}

    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        Path zip = Path.of(args[1]).toAbsolutePath();
        for (String needed : List.of("metadata.yaml", "manifest.yaml", "dispatch", "jre/bin/java", "charm.jsa", "worker/rollingops-worker.jar", "worker/worker.jsa")) {
            if (!Files.exists(folder.resolve(needed))) {
                throw new IOException(folder + " is no charm: it has no " + needed);
            }
        }
        for (String program : List.of("dispatch", "jre/bin/java", "jre/lib/jspawnhelper")) {
            if (!Files.isExecutable(folder.resolve(program))) {
                throw new IOException(folder.resolve(program) + " is not executable");
            }
        }
        Files.deleteIfExists(zip);
        Map<String, ?> options = Map.of("create", "true", "enablePosixFileAttributes", true);
        try (FileSystem target = FileSystems.newFileSystem(URI.create("jar:" + zip.toUri()), options);
                Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted().toList()) {
                Path inside = target.getPath("/").resolve(folder.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(inside);
                } else {
                    Files.copy(file, inside);
                    Files.setPosixFilePermissions(inside, Files.getPosixFilePermissions(file));
                }
            }
        }
        System.out.printf(Locale.ROOT, "%s: %.1f MB%n", zip, Files.size(zip) / 1e6);
    }
}
