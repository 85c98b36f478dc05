// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.manager.RetryPause;
import io.rollingops.spi.SyncLockBackend;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * How a charm rolls.
 *
 * @param peerRelation the name of the peer relation that keeps queues and grants
 * @param callbacks the work, by id
 * @param syncLocks the synchronous locks that the charm brings, by id
 * @param pause how long a unit waits after a failed attempt
 * @param folder below which each unit keeps a folder of its own
 * @param etcd how it shares a lock with other applications, if it does
 */
public record RollingOpsSettings(
        String peerRelation,
        Map<String, HookCallback> callbacks,
        Map<String, SyncLockBackend> syncLocks,
        RetryPause pause,
        Path folder,
        Optional<EtcdSettings> etcd) {
    /** Where units keep their files, unless said otherwise; the original's place. */
    public static final Path DEFAULT_FOLDER = Path.of("/var/lib/rollingops");

    public RollingOpsSettings {
        callbacks = Map.copyOf(callbacks);
        syncLocks = Map.copyOf(syncLocks);
    }

    /** Settings without callbacks; the {@code with} methods add to it. */
    public static RollingOpsSettings onPeers(String peerRelation) {
        return new RollingOpsSettings(
                peerRelation, Map.of(), Map.of(), RetryPause.NONE, DEFAULT_FOLDER, Optional.empty());
    }

    /** With a callback more. */
    public RollingOpsSettings withCallback(String id, HookCallback callback) {
        Map<String, HookCallback> more = new TreeMap<>(callbacks);
        if (id.isBlank() || more.putIfAbsent(id, callback) != null) {
            throw new IllegalArgumentException("callback id '" + id + "' is blank or taken");
        }
        return new RollingOpsSettings(peerRelation, more, syncLocks, pause, folder, etcd);
    }

    /** With a synchronous lock more. */
    public RollingOpsSettings withSyncLock(String id, SyncLockBackend backend) {
        Map<String, SyncLockBackend> more = new TreeMap<>(syncLocks);
        if (id.isBlank() || more.putIfAbsent(id, backend) != null) {
            throw new IllegalArgumentException("synchronous lock id '" + id + "' is blank or taken");
        }
        return new RollingOpsSettings(peerRelation, callbacks, more, pause, folder, etcd);
    }

    /** With another pause after a failed attempt. */
    public RollingOpsSettings withPause(RetryPause newPause) {
        return new RollingOpsSettings(peerRelation, callbacks, syncLocks, newPause, folder, etcd);
    }

    /** With another folder. */
    public RollingOpsSettings withFolder(Path newFolder) {
        return new RollingOpsSettings(peerRelation, callbacks, syncLocks, pause, newFolder, etcd);
    }

    /**
     * With a lock that is shared with other applications, through the etcd at a relation.
     *
     * @param relation of interface {@code etcd_client}
     * @param clusterId what the applications have in common; absent or blank while it is not known
     */
    public RollingOpsSettings withEtcd(String relation, Function<Hook, Optional<String>> clusterId) {
        return withEtcd(EtcdSettings.of(relation, clusterId));
    }

    /** As {@link #withEtcd(String, Function)}, with more settings. */
    public RollingOpsSettings withEtcd(EtcdSettings newEtcd) {
        return new RollingOpsSettings(peerRelation, callbacks, syncLocks, pause, folder, Optional.of(newEtcd));
    }

    Set<String> callbackIds() {
        return new TreeSet<>(callbacks.keySet());
    }
}
