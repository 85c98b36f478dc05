// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.AgentConfig;
import io.rollingops.agent.config.CommandSpec;
import io.rollingops.agent.config.ConfigException;
import io.rollingops.agent.config.EtcdConfig;
import io.rollingops.agent.control.ControlServer;
import io.rollingops.agent.process.CommandCallback;
import io.rollingops.agent.process.RunDirectories;
import io.rollingops.agent.upgrade.UpgradeAgent;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.local.BootClock;
import io.rollingops.local.LocalServer;
import io.rollingops.manager.Host;
import io.rollingops.manager.HostClock;
import io.rollingops.manager.RollingOpsManager;
import io.rollingops.manager.UnitEvent;
import io.rollingops.raft.Credentials;
import io.rollingops.raft.RaftNode;
import io.rollingops.raft.RaftPeerStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Builds a running agent from its configuration, from the outside in, and ends it in reverse. */
final class Wiring {
    private static final int TIMER_THREADS = 3;
    private static final long FAREWELL_SECONDS = 2;

    private final Path file;
    private final AgentConfig config;
    private final AgentLog log;
    private final Consumer<String> halt;
    private final CountDownLatch stopped = new CountDownLatch(1);

    /**
     * The wiring of one agent.
     *
     * @param file where the configuration stands
     * @param halt ends the process at once, with the reason
     */
    Wiring(Path file, AgentConfig config, AgentLog log, Consumer<String> halt) {
        this.file = file;
        this.config = config;
        this.log = log;
        this.halt = halt;
    }

    /** A running agent. */
    interface Agent {
        /** Gives the lock up, keeps what is queued, and ends everything. Blocks, for some seconds at most. */
        void stop() throws IOException, InterruptedException;
    }

    /**
     * Starts everything.
     *
     * @throws ConfigException when something is not as it must be, saying what to change; nothing is left running
     * @throws RollingOpsException.InvalidRequest the same
     */
    Agent start() throws IOException, InterruptedException {
        InstantSource calendar = InstantSource.system();
        Credentials credentials = Credentials.read(
                config.identity().certificate(),
                config.identity().key(),
                config.identity().authority(),
                calendar.instant());
        DataDirectory data = DataDirectory.open(config.dataDirectory(), config.unit());
        RunDirectories runs = new RunDirectories(data.path().resolve("runs"));
        for (Path leftover : runs.killLeftovers()) {
            log.info("killed-leftovers", "run", leftover.toString());
        }
        FileJournal journal = new FileJournal(data.path().resolve("journal"));
        RaftNode node = RaftNode.start(config.raft(), credentials, calendar, halt);
        RaftPeerStore store = node.store(credentials);

        ExecutorService serial = Executors.newSingleThreadExecutor(threads("rollingops-unit"));
        ExecutorService callbacks = Executors.newCachedThreadPool(threads("rollingops-callback"));
        ScheduledExecutorService timers = Executors.newScheduledThreadPool(TIMER_THREADS, threads("rollingops-timer"));
        Host host = new Host(serial, callbacks, timers, new HostClock(BootClock.ofThisMachine(), calendar), halt);
        Optional<SharedLock> shared = config.etcd()
                .map(etcd -> SharedLock.start(
                        etcd, config.unit(), config.identity().authority(), host.clock(), timers, log::accept));
        shared.map(SharedLock::config)
                .filter(EtcdConfig::isGuessable)
                .ifPresent(etcd -> log.warn(
                        "guessable-cluster-id",
                        "text",
                        "whoever may write to this etcd could guess the cluster id '" + etcd.clusterId()
                                + "' and take the lock; use a random one, as 'rollingops init' proposes"));
        shared.ifPresent(etcd -> followFile(etcd, timers));
        ScheduledExecutorService upgrading = Executors.newSingleThreadScheduledExecutor(threads("rollingops-upgrade"));
        UpgradeAgent upgrade = UpgradeAgent.start(
                store,
                config.upgrade(),
                data.path(),
                runs,
                config.lease().stopWithin(),
                calendar,
                upgrading,
                log::tell);
        RollingOpsManager manager = manager(store, host, journal, runs, shared, upgrade);
        LocalServer control = ControlServer.start(
                config.controlSocket(),
                new AgentControl(
                        manager,
                        store,
                        node,
                        shared,
                        upgrade,
                        calendar,
                        timers,
                        config.lease().stopWithin()));
        log.info(
                "started",
                "members",
                "" + config.raft().members().size(),
                "address",
                config.raft().own().host() + ":" + config.raft().own().port(),
                "socket",
                config.controlSocket().toString());
        return () -> {
            control.close();
            upgrade.close();
            manager.stop();
            boolean inOrder =
                    stopped.await(config.lease().stopWithin().toSeconds() + FAREWELL_SECONDS, TimeUnit.SECONDS);
            if (!inOrder) {
                log.error("stopped-without-store", "reason", "the store did not answer; the lease runs out by itself");
            }
            upgrading.shutdownNow();
            serial.shutdownNow();
            callbacks.shutdownNow();
            shared.ifPresent(SharedLock::close);
            timers.shutdownNow();
            node.close();
            journal.close();
            data.close();
        };
    }

    private void followFile(SharedLock etcd, ScheduledExecutorService timers) {
        EtcdAccess access =
                new EtcdAccess(file, config, SharedLock.settings(etcd.config()), etcd::use, new EtcdAccess.Story() {
                    @Override
                    public void changed(EtcdSettings settings) {
                        log.info("etcd-access-changed", "endpoints", endpoints(settings));
                    }

                    @Override
                    public void refused(String reason) {
                        log.warn("configuration-refused", "text", reason);
                    }
                });
        Future<?> unused =
                timers.scheduleWithFixedDelay(access::look, 0, EtcdAccess.EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static String endpoints(EtcdSettings settings) {
        return settings.endpoints().stream().map(EtcdEndpoint::toString).collect(Collectors.joining(","));
    }

    private RollingOpsManager manager(
            RaftPeerStore store,
            Host host,
            FileJournal journal,
            RunDirectories runs,
            Optional<SharedLock> shared,
            UpgradeAgent upgrade) {
        RollingOpsManager.Builder builder = RollingOpsManager.builder(
                        store, host, UUID.randomUUID().toString())
                .lease(config.lease())
                .retryPause(config.pause())
                .journal(journal)
                .story(event -> {
                    log.accept(event);
                    if (event instanceof UnitEvent.Stopped) {
                        stopped.countDown();
                    }
                });
        shared.ifPresent(etcd -> builder.clusterLock(etcd.lock(), etcd.config().onLoss()));
        builder.ownCallback(UpgradeAgent.NAME, upgrade::turn);
        for (CommandSpec spec : config.callbacks().values()) {
            CommandCallback callback = new CommandCallback(
                    config.unit(), spec, runs, config.lease().stopWithin());
            if (spec.hold()) {
                builder.holdingCallback(spec.id(), callback);
            } else {
                builder.callback(spec.id(), callback);
            }
        }
        return builder.start();
    }

    private static ThreadFactory threads(String name) {
        AtomicInteger made = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + made.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
