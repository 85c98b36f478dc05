// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import io.rollingops.RollingOpsException;
import io.rollingops.spi.SyncLockBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A synchronous lock between all units of one machine: an exclusive lock of a file, which ends with its process. */
final class FileLock implements SyncLockBackend {
    private static final long TRY_EVERY_MILLIS = 50;

    private final Path file;
    private Optional<FileChannel> channel = Optional.empty();

    FileLock(Path file) {
        this.file = file;
    }

    @Override
    public void acquire(Duration timeout) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        try {
            Files.createDirectories(file.toAbsolutePath().resolveSibling("."));
            FileChannel opened = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            while (opened.tryLock() == null) {
                if (System.nanoTime() - end > 0) {
                    opened.close();
                    throw new RollingOpsException.LockTimeout(file + " is locked for longer than " + timeout);
                }
                TimeUnit.MILLISECONDS.sleep(TRY_EVERY_MILLIS);
            }
            channel = Optional.of(opened);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot lock " + file, e);
        }
    }

    @Override
    public void release() {
        try {
            channel.orElseThrow().close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unlock " + file, e);
        }
    }
}
