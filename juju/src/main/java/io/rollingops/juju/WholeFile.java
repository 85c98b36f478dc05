// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * A file that is there as a whole or not at all. What is secret is so from its first byte on (defect X5): the file is
 * created with the mode that it keeps.
 *
 * @param mode as {@code ls} shows it
 */
record WholeFile(Path path, String mode) {
    static final String OWNER_ONLY = "rw-------";
    static final String PUBLIC = "rw-r--r--";

    private static final String FOLDER = "rwx------";

    /** Nothing that is kept in such files comes near this. */
    private static final long MAX_BYTES = 1 << 20;

    /** Makes a folder that only its owner may enter, with the folders above it as they come. */
    static void makeFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder.toAbsolutePath().resolveSibling("."));
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(FOLDER)));
        }
    }

    /** Writes it to the disk; its folder is there. */
    void write(String text) throws IOException {
        Path unfinished = path.resolveSibling(path.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        try (FileChannel channel = FileChannel.open(
                unfinished,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)))) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(path.resolveSibling("."), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    /** Writes it if it holds something else, and says whether it did. */
    boolean writeIfDifferent(String text) throws IOException {
        if (Files.exists(path) && read().equals(Optional.of(text))) {
            return false;
        }
        write(text);
        return true;
    }

    /** What it holds; empty when there is no such file. */
    Optional<String> read() throws IOException {
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw new IOException(path + " is larger than " + MAX_BYTES + " bytes");
            }
            return Optional.of(new String(Files.readAllBytes(path), StandardCharsets.UTF_8));
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
    }

    void delete() throws IOException {
        Files.deleteIfExists(path);
    }
}
