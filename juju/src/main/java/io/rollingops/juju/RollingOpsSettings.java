// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.manager.RetryPause;
import io.rollingops.spi.SyncLockBackend;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How a charm rolls.
 *
 * @param peerRelation the name of the peer relation that keeps queues and grants
 * @param callbacks the work, by id
 * @param syncLocks the synchronous locks that the charm brings, by id
 * @param pause how long a unit waits after a failed attempt
 * @param folder below which each unit keeps a folder of its own
 */
public record RollingOpsSettings(
        String peerRelation,
        Map<String, HookCallback> callbacks,
        Map<String, SyncLockBackend> syncLocks,
        RetryPause pause,
        Path folder) {
    /** Where units keep their files, unless said otherwise; the original's place. */
    public static final Path DEFAULT_FOLDER = Path.of("/var/lib/rollingops");

    public RollingOpsSettings {
        callbacks = Map.copyOf(callbacks);
        syncLocks = Map.copyOf(syncLocks);
    }

    /** Settings without callbacks; the {@code with} methods add to it. */
    public static RollingOpsSettings onPeers(String peerRelation) {
        return new RollingOpsSettings(peerRelation, Map.of(), Map.of(), RetryPause.NONE, DEFAULT_FOLDER);
    }

    /** With a callback more. */
    public RollingOpsSettings withCallback(String id, HookCallback callback) {
        Map<String, HookCallback> more = new TreeMap<>(callbacks);
        if (id.isBlank() || more.putIfAbsent(id, callback) != null) {
            throw new IllegalArgumentException("callback id '" + id + "' is blank or taken");
        }
        return new RollingOpsSettings(peerRelation, more, syncLocks, pause, folder);
    }

    /** With a synchronous lock more. */
    public RollingOpsSettings withSyncLock(String id, SyncLockBackend backend) {
        Map<String, SyncLockBackend> more = new TreeMap<>(syncLocks);
        if (id.isBlank() || more.putIfAbsent(id, backend) != null) {
            throw new IllegalArgumentException("synchronous lock id '" + id + "' is blank or taken");
        }
        return new RollingOpsSettings(peerRelation, callbacks, more, pause, folder);
    }

    /** With another pause after a failed attempt. */
    public RollingOpsSettings withPause(RetryPause newPause) {
        return new RollingOpsSettings(peerRelation, callbacks, syncLocks, newPause, folder);
    }

    /** With another folder. */
    public RollingOpsSettings withFolder(Path newFolder) {
        return new RollingOpsSettings(peerRelation, callbacks, syncLocks, pause, newFolder);
    }

    Set<String> callbackIds() {
        return new TreeSet<>(callbacks.keySet());
    }
}
