// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.UnitName;
import io.rollingops.spi.Journal;
import io.rollingops.spi.PeerStore;
import io.rollingops.testing.InMemoryPeerStore;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/** One unit's host in a test: real threads, a clock that the test can move forward, and the story to wait for. */
final class TestHost implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 20;

    private final ExecutorService serial = Executors.newSingleThreadExecutor();
    private final ExecutorService callbacks = Executors.newCachedThreadPool();
    private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(2);
    private final AtomicLong skippedNanos = new AtomicLong();
    private final AtomicLong wallJumpNanos = new AtomicLong();
    private final BlockingQueue<UnitEvent> story = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> halts = new LinkedBlockingQueue<>();
    private final Host host;

    TestHost() {
        HostClock clock = new HostClock(this::nanos, this::wall);
        host = new Host(serial, callbacks, timers, clock, halts::add);
    }

    RollingOpsManager.Builder manager(InMemoryPeerStore store, String unit, String process) {
        return manager(store.as(UnitName.parse(unit)), process);
    }

    RollingOpsManager.Builder manager(PeerStore store, String process) {
        return RollingOpsManager.builder(store, host, process).story(story::add).journal(Journal.none());
    }

    /** Lets time pass, for both clocks. */
    void skip(long seconds) {
        skippedNanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    /** Lets the time of day jump, and no time pass. */
    void jumpWall(long seconds) {
        wallJumpNanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    <T extends UnitEvent> T await(Class<T> kind) throws InterruptedException {
        return await(kind, event -> true);
    }

    <T extends UnitEvent> T await(Class<T> kind, Predicate<T> wanted) throws InterruptedException {
        while (true) {
            UnitEvent event = story.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("no " + kind.getSimpleName() + " within " + PATIENCE_SECONDS + " s");
            }
            if (kind.isInstance(event) && wanted.test(kind.cast(event))) {
                return kind.cast(event);
            }
        }
    }

    /** What has been told of that kind and was not waited for; other events stay to be waited for. */
    <T extends UnitEvent> List<T> told(Class<T> kind) {
        return story.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    String awaitHalt() throws InterruptedException {
        String reason = halts.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (reason == null) {
            throw new AssertionError("nobody asked for a halt");
        }
        return reason;
    }

    boolean wasHalted() {
        return !halts.isEmpty();
    }

    private long nanos() {
        return System.nanoTime() + skippedNanos.get();
    }

    private Instant wall() {
        return InstantSource.system().instant().plusNanos(skippedNanos.get() + wallJumpNanos.get());
    }

    @Override
    public void close() {
        for (ExecutorService executor : List.of(serial, callbacks, timers)) {
            executor.shutdownNow();
        }
    }
}
