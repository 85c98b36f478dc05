// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.agent.config.ConfigException;
import io.rollingops.agent.config.EtcdConfig;
import io.rollingops.agent.control.EtcdReport;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.grpc.GrpcEtcdClient;
import io.rollingops.etcd.lock.EtcdClusterLock;
import io.rollingops.etcd.lock.InTurn;
import io.rollingops.etcd.lock.LockEvent;
import io.rollingops.etcd.lock.LockKeys;
import io.rollingops.etcd.lock.LockObserver;
import io.rollingops.etcd.lock.LockView;
import io.rollingops.json.Json;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.ClusterLock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The agent's end of the lock in etcd, with its client. */
final class SharedLock implements AutoCloseable {
    private final EtcdConfig config;
    private final GrpcEtcdClient client;
    private final EtcdClusterLock lock;

    private SharedLock(EtcdConfig config, GrpcEtcdClient client, EtcdClusterLock lock) {
        this.config = config;
        this.client = client;
        this.lock = lock;
    }

    /**
     * Connects; etcd need not be there.
     *
     * @param authority the application's certificate: what tells its units from those of other applications
     */
    static SharedLock start(
            EtcdConfig config,
            UnitName unit,
            Path authority,
            HostClock clock,
            ScheduledExecutorService timers,
            Consumer<LockEvent> story) {
        InTurn executor = new InTurn();
        GrpcEtcdClient client = new GrpcEtcdClient(settings(config), executor);
        EtcdClusterLock lock = new EtcdClusterLock(
                client,
                keys(config, unit, authority),
                config.lock(),
                clock,
                executor,
                (delay, task) -> {
                    if (!timers.isShutdown()) { // nothing needs doing later when the agent ends
                        Future<?> unused = timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
                    }
                },
                story);
        return new SharedLock(config, client, lock.start());
    }

    /** The keys of a unit in etcd. */
    static LockKeys keys(EtcdConfig config, UnitName unit, Path authority) {
        return LockKeys.of(config.clusterId(), config.model().orElseGet(() -> model(unit, authority)), unit);
    }

    /** What an etcd client needs to know. */
    static EtcdSettings settings(EtcdConfig config) {
        return new EtcdSettings(
                EtcdEndpoint.parseList(config.endpoints()),
                config.tls(),
                config.user().map(user -> new EtcdSettings.Credentials(user.name(), password(user.passwordFile()))));
    }

    /**
     * Reaches etcd in another way from now on; lock, lease and watches stay.
     *
     * @throws io.rollingops.RollingOpsException.InvalidRequest if the certificates cannot be used; nothing has changed then
     */
    void use(EtcdSettings settings) {
        client.reload(settings);
    }

    EtcdClusterLock lock() {
        return lock;
    }

    EtcdConfig config() {
        return config;
    }

    /**
     * For the status: what is known of the lock, and what etcd says of it within the client's limit.
     *
     * @param backend under which lock this unit's operations run now
     */
    Json.Obj report(ProcessingBackend backend) {
        Optional<LockView> view = Optional.empty();
        try {
            if (lock.state().reach() != ClusterLock.Reach.AWAY) {
                view = Optional.of(new LockObserver(client, lock.keys()).look().join());
            }
        } catch (CompletionException e) {
            // What is known without etcd has to do.
        }
        return EtcdReport.of(
                config.clusterId(),
                new EtcdReport.Own(lock.keys().owner(), config.onLoss(), backend),
                lock.state(),
                lock.sinceReachChanged(),
                lock.trouble(),
                view);
    }

    @Override
    public void close() {
        lock.close();
        client.close();
    }

    private static String model(UnitName unit, Path authority) {
        try {
            String certificate = Files.readString(authority, StandardCharsets.US_ASCII);
            return UUID.nameUUIDFromBytes((unit.application() + "\n" + certificate).getBytes(StandardCharsets.UTF_8))
                    .toString();
        } catch (IOException e) {
            throw new ConfigException(authority + " cannot be read: " + e);
        }
    }

    private static String password(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new ConfigException("the password for etcd cannot be read from " + file + ": " + e);
        }
    }
}
