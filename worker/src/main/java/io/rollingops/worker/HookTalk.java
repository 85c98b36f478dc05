// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.RollingOpsException;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.juju.HookTraces;
import io.rollingops.juju.LockSight;
import io.rollingops.juju.WorkerConfig;
import io.rollingops.local.Conversation;
import io.rollingops.local.LocalServer;
import io.rollingops.spi.ClusterLock;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What hooks of the unit ask its worker over the socket, and what they are told.
 *
 * <ul>
 *   <li>{@code hook}: a hook is there; it is told of the lock at once and after every change, until it is gone. Its last
 *       word is {@code leave}.
 *   <li>{@code sync}: wants the synchronous lock, and keeps it for as long as it stays.
 *   <li>{@code look}: who has the lock and who waits for it.
 *   <li>{@code stop}: the unit needs no worker any more.
 * </ul>
 */
final class HookTalk implements LocalServer.Handler {
    private static final long DECIDES_WITHIN_SECONDS = 4;

    private final WorkerConfig config;
    private final ClusterLock lock;
    private final Worker worker;
    private final SyncTalk sync;
    private final Supplier<Json.Obj> report;
    private final Ports ports;

    /**
     * What it needs of its process.
     *
     * @param bootClock counts suspended time
     * @param trusted how much longer a lock that is held can be relied upon without another answer of etcd
     * @param telling sends what changed; may wait
     * @param timers for what is repeated
     * @param looked a hook was here, which may have changed the files about etcd
     * @param end ends this process, with the reason
     */
    record Ports(
            LongSupplier bootClock,
            Supplier<Optional<Duration>> trusted,
            Executor telling,
            Worker.Timers timers,
            Runnable looked,
            Consumer<String> end) {}

    /**
     * The handler of a worker's socket.
     *
     * @param report who has the lock and who waits for it; may wait
     */
    HookTalk(
            WorkerConfig config,
            ClusterLock lock,
            Worker worker,
            SyncTalk sync,
            Supplier<Json.Obj> report,
            Ports ports) {
        this.config = config;
        this.lock = lock;
        this.worker = worker;
        this.sync = sync;
        this.report = report;
        this.ports = ports;
    }

    @Override
    public void handle(Json.Obj request, Conversation caller) throws IOException, InterruptedException {
        try {
            switch (request.string("do")) {
                case "hook" -> hook(request, caller);
                case "sync" -> sync.talk(request.integer("timeout_ms"), caller);
                case "look" -> caller.send(report.get());
                case "stop" -> {
                    caller.send(Json.object().put("stopping", true).build());
                    ports.end().accept("a hook says that the unit needs no worker any more");
                }
                default ->
                    throw new RollingOpsException.InvalidRequest(
                            "a worker does not know the request '" + request.string("do") + "'");
            }
        } catch (JsonException e) {
            throw new RollingOpsException.InvalidRequest("the request cannot be understood: " + e.getMessage(), e);
        }
    }

    private void hook(Json.Obj request, Conversation caller) throws IOException, InterruptedException {
        if (!WorkerConfig.of(request.object("config")).equals(config)) {
            caller.send(Json.object()
                    .put("other", "the worker that is there has another configuration; it ends")
                    .build());
            ports.end().accept("a hook wants a worker with another configuration");
            return;
        }
        ports.looked().run();
        long number = request.find("dispatch").isPresent() ? request.integer("dispatch") : 0;
        boolean isForRun = begins(number);
        Teller teller = new Teller(caller, isForRun);
        caller.send(teller.message());
        Runnable unfollow = lock.onChange(teller::tellSoon);
        teller.repeat();
        try {
            for (Optional<Json.Obj> message = caller.receive(); message.isPresent(); message = caller.receive()) {
                worker.left(number, HookTraces.of(message.get().object("traces")));
                caller.send(Json.object().put("left", true).build());
            }
        } finally {
            unfollow.run();
            teller.end();
        }
    }

    private boolean begins(long number) throws InterruptedException {
        CompletableFuture<Boolean> isForRun = new CompletableFuture<>();
        worker.began(number, isForRun::complete);
        try {
            return isForRun.get(DECIDES_WITHIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new RollingOpsException.Unavailable(
                    "the worker is busy or ending; it is asked again in the next hook");
        }
    }

    /** The clock is read before what is left: the time in between must not count as trusted. */
    static OptionalLong trustedUntil(long now, Optional<Duration> left) {
        return left.isPresent() ? OptionalLong.of(now + left.get().toNanos()) : OptionalLong.empty();
    }

    /** Tells one hook of the lock; what changes while it is being told is told as one. */
    private final class Teller {
        private final Conversation hook;
        private final boolean isForRun;
        private boolean isDue;
        private boolean ended;

        Teller(Conversation hook, boolean isForRun) {
            this.hook = hook;
            this.isForRun = isForRun;
        }

        Json.Obj message() {
            ClusterLock.State state = lock.state();
            OptionalLong trustedUntil = OptionalLong.empty();
            if (state.hold() == ClusterLock.Hold.HELD) {
                trustedUntil = trustedUntil(
                        ports.bootClock().getAsLong(), ports.trusted().get());
            }
            return Json.object()
                    .put("lock", new LockSight(state, trustedUntil, isForRun).toJson())
                    .build();
        }

        void tellSoon() {
            synchronized (this) {
                if (isDue || ended) {
                    return;
                }
                isDue = true;
            }
            ports.telling().execute(this::tell);
        }

        private void tell() {
            synchronized (this) {
                isDue = false;
            }
            try {
                hook.send(message());
            } catch (IOException e) {
                end(); // the hook is over
            }
        }

        /** A lease that was renewed is no change of the lock, but can be relied upon for longer. */
        void repeat() {
            ports.timers().after(config.lease().dividedBy(12), () -> {
                tellSoon();
                if (!hasEnded()) {
                    repeat();
                }
            });
        }

        private synchronized boolean hasEnded() {
            return ended;
        }

        synchronized void end() {
            ended = true;
        }
    }
}
