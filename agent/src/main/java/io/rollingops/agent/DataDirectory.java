// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.UnitName;
import io.rollingops.agent.config.ConfigException;
import io.rollingops.certs.PemFiles;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The agent's directory: it belongs to one unit, and one process at a time uses it. The lock ends with the process,
 * however that ends.
 */
final class DataDirectory implements AutoCloseable {
    private static final int FORMAT = 1;

    private final Path directory;
    private final FileChannel channel;

    private DataDirectory(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Opens the directory, and makes it if it is not there.
     *
     * @throws ConfigException when it belongs to another unit, is in use, is of a newer version, or cannot be written
     */
    static DataDirectory open(Path directory, UnitName unit) {
        try {
            PemFiles.createSecretDirectory(directory);
            FileChannel channel =
                    FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                lock(channel, directory, unit);
                checkOwner(directory, unit);
                return new DataDirectory(directory, channel);
            } catch (IOException | ConfigException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new ConfigException("the data directory " + directory + " cannot be used (" + e
                    + "); see that this user may write it and that its disk is not full");
        }
    }

    Path path() {
        return directory;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static void lock(FileChannel channel, Path directory, UnitName unit) throws IOException {
        Optional<FileLock> lock;
        try {
            lock = Optional.ofNullable(channel.tryLock());
        } catch (OverlappingFileLockException e) {
            lock = Optional.empty();
        }
        if (lock.isEmpty()) {
            throw new ConfigException("another agent of " + unit + " uses " + directory
                    + "; stop it first, or give this one a data-directory of its own");
        }
    }

    private static void checkOwner(Path directory, UnitName unit) throws IOException {
        Path file = directory.resolve("rollingops.json");
        if (!Files.exists(file)) {
            PemFiles.writeSecret(
                    file,
                    JsonText.write(Json.object()
                            .put("format", FORMAT)
                            .put("unit", unit.toString())
                            .build()));
            return;
        }
        try {
            Json.Obj fields = JsonText.parseObject(Files.readString(file));
            long format = fields.integer("format");
            if (format > FORMAT) {
                throw new ConfigException(directory + " was written by a newer version of Rollingops (form " + format
                        + ", this one knows " + FORMAT + "); use that version");
            }
            if (!fields.string("unit").equals(unit.toString())) {
                throw new ConfigException(directory + " belongs to " + fields.string("unit") + ", this agent is " + unit
                        + "; give each agent a data-directory of its own");
            }
        } catch (JsonException e) {
            throw new ConfigException(
                    file + " is damaged (" + e.getMessage()
                            + "); it names the unit that the directory belongs to, write it anew or start with an empty directory");
        }
    }
}
