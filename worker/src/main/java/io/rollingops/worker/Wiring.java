// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.lock.EtcdClusterLock;
import io.rollingops.etcd.lock.LockEvent;
import io.rollingops.etcd.lock.LockKeys;
import io.rollingops.etcd.lock.LockObserver;
import io.rollingops.etcd.lock.LockSettings;
import io.rollingops.etcd.lock.LockView;
import io.rollingops.json.Json;
import io.rollingops.juju.WorkerConfig;
import io.rollingops.local.BootClock;
import io.rollingops.local.LocalServer;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.ClusterLock.Reach;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Builds a running worker, from the outside in, and ends it in reverse. */
final class Wiring {
    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);
    private static final Duration LOOK_IN_TROUBLE_EVERY = Duration.ofSeconds(1);
    private static final int TIMER_THREADS = 2;
    private static final long FAREWELL_SECONDS = 5;

    private final Path folder;
    private final WorkerConfig config;
    private final WorkerLog log;
    private final HostClock clock = new HostClock(BootClock.ofThisMachine(), InstantSource.system());
    private final CountDownLatch ending = new CountDownLatch(1);

    Wiring(Path folder, WorkerConfig config, WorkerLog log) {
        this.folder = folder;
        this.config = config;
        this.log = log;
    }

    /** Runs until a hook ends it, or {@link #end} does; returns when everything has been given up. */
    void run() throws IOException, InterruptedException {
        ExecutorService serial = Executors.newSingleThreadExecutor(threads("rollingops-worker"));
        ExecutorService waiting = Executors.newCachedThreadPool(threads("rollingops-waiting"));
        ScheduledExecutorService timers = Executors.newScheduledThreadPool(TIMER_THREADS, threads("rollingops-timer"));
        LockKeys keys = LockKeys.of(config.clusterId(), config.model(), config.unit());
        EtcdConnection etcd = EtcdConnection.open(
                folder, keys.lock(), new EtcdConnection.Ports(serial, waiting, clock.boot(), log::info));
        EtcdClusterLock lock = lock(etcd.client(), keys, serial, timers, event -> {
            log.info("etcd: " + event.text());
            if (event instanceof LockEvent.CallFailed) {
                serial.execute(() -> etcd.look(false)); // perhaps it accepts another certificate by now
            }
        });
        Worker worker = new Worker(
                lock,
                new WorkerProtocol(config.unit(), config.onEtcdLoss()),
                new JujuExec(config, waiting, log::info),
                serial,
                (delay, task) -> after(timers, delay, task),
                log::info);
        SyncTalk sync = new SyncTalk(
                keys,
                worker,
                etcd.client(),
                (client, other) -> lock(client, other, serial, timers, event -> log.info("etcd: " + event.text())),
                clock.boot());
        HookTalk talk = new HookTalk(
                config,
                lock,
                worker,
                sync,
                () -> report(lock, new LockObserver(etcd.client(), keys)),
                new HookTalk.Ports(
                        clock.boot(),
                        lock::trusted,
                        waiting,
                        (delay, task) -> after(timers, delay, task),
                        () -> serial.execute(() -> etcd.look(isAnswered(lock))),
                        this::end));
        worker.start();
        lookAgain(etcd, lock, serial, timers);
        LocalServer server = LocalServer.start(folder.resolve(WorkerConfig.SOCKET), "worker", talk);
        log.info("started cluster=" + config.clusterId() + " owner=" + keys.owner() + " lease="
                + config.lease().toSeconds() + "s");

        ending.await();
        CountDownLatch idle = new CountDownLatch(1);
        worker.stop(idle::countDown);
        if (!idle.await(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
            log.error("a hook still runs under the lock; its lease runs out by itself");
        }
        server.close();
        lock.close();
        etcd.close();
        serial.shutdownNow();
        timers.shutdownNow();
        waiting.shutdownNow();
        log.info("ended");
    }

    /** Has it end in order. May be called from any thread, more than once. */
    void end(String reason) {
        log.info("ending: " + reason);
        ending.countDown();
    }

    private EtcdClusterLock lock(
            EtcdClient client,
            LockKeys keys,
            ExecutorService serial,
            ScheduledExecutorService timers,
            Consumer<LockEvent> story) {
        return new EtcdClusterLock(
                        client,
                        keys,
                        LockSettings.of(config.lease()),
                        clock,
                        serial,
                        (delay, task) -> after(timers, delay, task),
                        story)
                .start();
    }

    private static boolean isAnswered(EtcdClusterLock lock) {
        return lock.trouble().isEmpty() && lock.state().reach() != Reach.UNKNOWN;
    }

    private static void lookAgain(
            EtcdConnection etcd, EtcdClusterLock lock, ExecutorService serial, ScheduledExecutorService timers) {
        after(timers, isAnswered(lock) ? LOOK_EVERY : LOOK_IN_TROUBLE_EVERY, () -> {
            try {
                serial.execute(() -> etcd.look(isAnswered(lock)));
                lookAgain(etcd, lock, serial, timers);
            } catch (RejectedExecutionException e) {
                // The process is ending.
            }
        });
    }

    /** For people: what is known here, and what etcd says of the lock if it answers. */
    private static Json.Obj report(EtcdClusterLock lock, LockObserver observer) {
        Json.ObjectBuilder report = Json.object()
                .put("reach", lock.state().reach().name())
                .put("for_seconds", lock.sinceReachChanged().toSeconds());
        lock.trouble().ifPresent(reason -> report.put("trouble", reason));
        if (lock.state().reach() != Reach.AWAY) {
            try {
                view(report, observer.look().join());
            } catch (CompletionException e) {
                report.put(
                        "trouble",
                        String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()));
            }
        }
        return report.build();
    }

    private static void view(Json.ObjectBuilder report, LockView view) {
        Optional<LockView.Holder> holder = view.holder();
        holder.ifPresent(known -> {
            report.put("holder", known.owner()).put("token", known.token());
            known.leaseLeft().ifPresent(left -> report.put("lease_left_seconds", left.toSeconds()));
        });
        report.put(
                "waiters",
                new Json.Arr(view.waiters().stream().<Json>map(Json::of).toList()));
    }

    private static void after(ScheduledExecutorService timers, Duration delay, Runnable task) {
        try {
            Future<?> unused = timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The process is ending.
        }
    }

    private static ThreadFactory threads(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}
