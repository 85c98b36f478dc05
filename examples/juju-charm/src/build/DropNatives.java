// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Takes the native libraries of other systems than this one out of a jar, {@code java DropNatives.java JAR}: a charm is for
 * the architecture that it was built on. Repeating it changes nothing.
 */
final class DropNatives {
    private DropNatives() {}

    public static void main(String[] args) throws IOException {
        Path jar = Path.of(args[0]).toAbsolutePath();
        if (!Files.exists(jar)) {
            throw new IOException("there is no " + jar);
        }
        String machine = System.getProperty("os.arch");
        String own = (machine.equals("amd64") ? "x86_64" : machine.equals("aarch64") ? "aarch_64" : machine) + ".so";
        try (FileSystem content = FileSystems.newFileSystem(URI.create("jar:" + jar.toUri()), Map.of());
                Stream<Path> natives = Files.list(content.getPath("META-INF/native"))) {
            List<Path> others =
                    natives.filter(file -> !file.toString().endsWith("_" + own)).toList();
            for (Path other : others) {
                Files.delete(other);
            }
        }
    }
}
