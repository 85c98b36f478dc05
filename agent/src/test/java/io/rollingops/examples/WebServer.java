// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples;

import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.manager.Host;
import io.rollingops.manager.HostClock;
import io.rollingops.manager.RollingOpsManager;
import io.rollingops.raft.Credentials;
import io.rollingops.raft.RaftMember;
import io.rollingops.raft.RaftNode;
import io.rollingops.raft.RaftSettings;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * A service with Rollingops inside: the program of the README. Its units restart themselves one at a time.
 *
 * <p>{@code System.nanoTime} stands still while the machine is suspended. On one that may be, give a clock that does not.
 */
final class WebServer implements AutoCloseable {
    private final ExecutorService serial = Executors.newSingleThreadExecutor();
    private final ExecutorService callbacks = Executors.newCachedThreadPool();
    private final ScheduledExecutorService timers = Executors.newScheduledThreadPool(2);
    private final RaftNode node;
    private final RollingOpsManager manager;

    /**
     * One unit of the service.
     *
     * @param self which one
     * @param group all of them
     * @param files its folder, as {@code rollingops init} makes it
     * @param tls from the same folder; nothing while all are on loopback
     */
    WebServer(UnitName self, List<RaftMember> group, Path files, Optional<RaftSettings.Tls> tls, Runnable restart) {
        InstantSource calendar = InstantSource.system();
        // README: begin
        Credentials own = Credentials.read(
                files.resolve("unit.pem"),
                files.resolve("unit.key"),
                files.resolve("authority.pem"),
                calendar.instant());
        RaftSettings settings =
                new RaftSettings(self, group, false, files.resolve("raft"), tls, RaftSettings.Elections.LAN);
        node = RaftNode.start(settings, own, calendar, WebServer::halt);

        Host host = new Host(serial, callbacks, timers, new HostClock(System::nanoTime, calendar), WebServer::halt);
        manager = RollingOpsManager.builder(
                        node.store(own), host, UUID.randomUUID().toString())
                .callback("restart", context -> {
                    restart.run(); // under the lock; context.token() is the fencing token
                    return OperationResult.RELEASE;
                })
                .start();
        // README: end
    }

    /** Something changed that needs a restart, when it is our turn. */
    void configurationChanged() {
        // README: begin
        manager.requestAsyncLock("restart");
        // README: end
    }

    RollingOpsManager manager() {
        return manager;
    }

    private static void halt(String reason) {
        System.err.println("halting: " + reason);
        Runtime.getRuntime().halt(70);
    }

    @Override
    public void close() {
        manager.stop();
        List.of(serial, callbacks, timers).forEach(ExecutorService::shutdown);
        node.close();
    }
}
