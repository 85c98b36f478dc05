// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.RollingOpsException;
import io.rollingops.json.JsonException;
import io.rollingops.juju.WorkerConfig;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The worker of one unit of a charm: {@code WorkerMain FOLDER}, started by a hook with the unit's folder. It is the one that
 * has locked a file there, whatever its process number is; a second one ends. Exit status 0, also when it was told to end;
 * 1 when it could not do its work, and the log in the folder says why.
 */
public final class WorkerMain {
    /** How long a new worker waits for the one before it to end. */
    private static final Duration HANDS_OVER_WITHIN = Duration.ofSeconds(20);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final long FAREWELL_SECONDS = 8;

    private WorkerMain() {}

    /** Runs the worker until it is told to end. */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 1) {
            System.err.println("usage: WorkerMain FOLDER");
            System.exit(2);
        }
        System.exit(run(Path.of(args[0])));
    }

    private static int run(Path folder) throws IOException, InterruptedException {
        try (FileChannel file = FileChannel.open(
                folder.resolve(WorkerConfig.LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            Optional<FileLock> alone = lock(file);
            if (alone.isEmpty()) {
                System.err.println("another worker of this unit lives; this one ends");
                return 0;
            }
            WorkerConfig config = WorkerConfig.parse(Files.readString(folder.resolve(WorkerConfig.FILE)));
            try (WorkerLog log = WorkerLog.open(folder, config)) {
                return run(folder, config, log);
            }
        } catch (JsonException e) {
            System.err.println(folder.resolve(WorkerConfig.FILE) + " cannot be understood: " + e.getMessage());
            return 1;
        }
    }

    private static int run(Path folder, WorkerConfig config, WorkerLog log) throws InterruptedException {
        Wiring wiring = new Wiring(folder, config, log);
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endInOrder(wiring, ended), "rollingops-end"));
        try {
            wiring.run();
            return 0;
        } catch (IOException | RollingOpsException e) {
            log.error("the worker cannot work: " + e.getMessage());
            return 1;
        } finally {
            ended.countDown();
        }
    }

    private static void endInOrder(Wiring wiring, CountDownLatch ended) {
        if (ended.getCount() == 0) {
            return;
        }
        wiring.end("the process was told to end");
        try {
            boolean unused = ended.await(FAREWELL_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Optional<FileLock> lock(FileChannel file) throws IOException {
        long deadline = System.nanoTime() + HANDS_OVER_WITHIN.toNanos();
        FileLock lock = file.tryLock();
        while (lock == null && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
            lock = file.tryLock();
        }
        return Optional.ofNullable(lock);
    }
}
