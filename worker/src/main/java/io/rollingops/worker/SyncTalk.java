// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.Operation;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.lock.EtcdClusterLock;
import io.rollingops.etcd.lock.LockKeys;
import io.rollingops.json.Json;
import io.rollingops.juju.LockSight;
import io.rollingops.local.Conversation;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.spi.ClusterLock.Reach;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/**
 * The synchronous lock of the unit in etcd: the same lock key, under the owner's name with {@code :sync} at the end, as
 * the original has it. Before it waits, the unit's own wish for the lock is given up, else hook and worker would wait for
 * each other (rule S1).
 */
final class SyncTalk {
    private static final String SYNC = ":sync";

    /** However short the time limit is, one attempt is made: so long it may take to learn whether etcd is there. */
    private static final Duration FIRST_ATTEMPT = Duration.ofSeconds(5);

    private final LockKeys keys;
    private final Worker worker;
    private final BiFunction<EtcdClient, LockKeys, EtcdClusterLock> locks;
    private final EtcdClient client;
    private final LongSupplier bootClock;

    /**
     * The synchronous lock of a unit.
     *
     * @param keys of the unit
     * @param locks makes a lock that has begun
     */
    SyncTalk(
            LockKeys keys,
            Worker worker,
            EtcdClient client,
            BiFunction<EtcdClient, LockKeys, EtcdClusterLock> locks,
            LongSupplier bootClock) {
        this.keys = keys;
        this.worker = worker;
        this.client = client;
        this.locks = locks;
        this.bootClock = bootClock;
    }

    /**
     * Holds one conversation: {@code held}, {@code timeout} or {@code away} to begin with, then word of the lock after
     * every change, until the caller goes or says anything.
     */
    void talk(long timeoutMillis, Conversation caller) throws IOException {
        worker.lend(true);
        EtcdClusterLock lock = locks.apply(client, new LockKeys(keys.clusterId(), keys.owner() + SYNC));
        try {
            lock.want(Operation.requested("rollingops.sync-lock", Json.Obj.EMPTY, OptionalInt.of(0), Instant.EPOCH));
            String outcome = outcome(lock, Duration.ofMillis(timeoutMillis));
            Json.ObjectBuilder answer = Json.object().put("outcome", outcome);
            if (outcome.equals("held")) {
                answer.put("lock", sight(lock));
            } else {
                lock.trouble().ifPresent(reason -> answer.put("reason", reason));
            }
            caller.send(answer.build());
            if (outcome.equals("held")) {
                hold(lock, caller);
            }
        } finally {
            lock.drop();
            lock.close();
            worker.lend(false);
        }
    }

    private static String outcome(EtcdClusterLock lock, Duration timeout) {
        CompletableFuture<String> known = new CompletableFuture<>();
        Runnable look = () -> {
            ClusterLock.State now = lock.state();
            if (now.hold() == Hold.HELD) {
                known.complete("held");
            } else if (now.reach() == Reach.AWAY) {
                known.complete("away");
            }
        };
        Runnable unfollow = lock.onChange(look);
        look.run();
        try {
            return within(known, timeout)
                    .or(() -> lock.state().reach() == Reach.UNKNOWN ? within(known, FIRST_ATTEMPT) : Optional.empty())
                    .orElseGet(() -> lock.state().reach() == Reach.UNKNOWN ? "away" : "timeout");
        } finally {
            unfollow.run();
        }
    }

    private static Optional<String> within(CompletableFuture<String> known, Duration limit) {
        try {
            return Optional.of(known.get(limit.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("away");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private void hold(EtcdClusterLock lock, Conversation caller) throws IOException {
        Runnable unfollow = lock.onChange(() -> tell(lock, caller));
        try {
            caller.receive(); // it says that it is done, or is gone
        } finally {
            unfollow.run();
        }
    }

    private void tell(EtcdClusterLock lock, Conversation caller) {
        try {
            caller.send(Json.object().put("lock", sight(lock)).build());
        } catch (IOException e) {
            // It is gone, and the lock goes with it.
        }
    }

    private Json.Obj sight(EtcdClusterLock lock) {
        long now = bootClock.getAsLong();
        ClusterLock.State state = lock.state();
        OptionalLong until =
                state.hold() == Hold.HELD ? HookTalk.trustedUntil(now, lock.trusted()) : OptionalLong.empty();
        return new LockSight(state, until, true).toJson();
    }
}
