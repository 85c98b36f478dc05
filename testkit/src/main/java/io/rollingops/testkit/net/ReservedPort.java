// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A TCP port on loopback for a server that a test starts, stops and starts again.
 *
 * <p>While the server is down nobody else may take its port. So the port lies below the range from which the system serves
 * outgoing connections, and a lock on a file keeps it from other tests on the machine, in this process and others, until
 * {@link #close}.
 */
public final class ReservedPort implements AutoCloseable {
    private static final int FIRST = 20_000;
    private static final int LAST = 32_000;
    private static final int TRIES_MAX = 1_000;

    private final int number;
    private final FileChannel lock;

    private ReservedPort(int number, FileChannel lock) {
        this.number = number;
        this.lock = lock;
    }

    public static ReservedPort take() {
        Path locks =
                Path.of(System.getProperty("java.io.tmpdir"), "rollingops-ports-" + System.getProperty("user.name"));
        try {
            Files.createDirectories(locks);
            for (int tries = 0; tries < TRIES_MAX; tries++) {
                int candidate = ThreadLocalRandom.current().nextInt(FIRST, LAST);
                FileChannel lock = tryLock(locks.resolve(Integer.toString(candidate)));
                if (lock != null) {
                    if (isFree(candidate)) {
                        return new ReservedPort(candidate, lock);
                    }
                    lock.close();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot reserve a port by a lock in " + locks, e);
        }
        throw new IllegalStateException("no port between " + FIRST + " and " + LAST + " is free");
    }

    private static @Nullable FileChannel tryLock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // another test in this process has it
        }
        channel.close();
        return null;
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    public int number() {
        return number;
    }

    /** Lets others have the port. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot give back port " + number, e);
        }
    }
}
