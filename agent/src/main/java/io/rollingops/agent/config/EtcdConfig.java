// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.lock.LockSettings;
import io.rollingops.manager.ClusterLossPolicy;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The lock that this application shares with others.
 *
 * @param clusterId what the applications have in common
 * @param model tells apart units of the same name in different applications; derived from the application's authority
 *     when it is not given
 * @param endpoints where etcd is, with commas in between
 * @param tls the PEM files for it
 * @param user the user of etcd and the file with the password
 * @param lock the times of the lock
 * @param onLoss what happens while the lock cannot be had
 */
public record EtcdConfig(
        String clusterId,
        Optional<String> model,
        String endpoints,
        Optional<EtcdSettings.Tls> tls,
        Optional<User> user,
        LockSettings lock,
        ClusterLossPolicy onLoss) {
    /** A cluster id that is shorter than this can be guessed, and whoever may write to etcd could take the lock. */
    private static final int HARD_TO_GUESS = 20;

    /** A user of etcd. */
    public record User(String name, Path passwordFile) {}

    /** The same lock, reached as the other one is. */
    EtcdConfig reachedLike(EtcdConfig other) {
        return new EtcdConfig(clusterId, model, other.endpoints, other.tls, other.user, lock, onLoss);
    }

    /** Whether others could come upon the same cluster id by chance or on purpose. */
    public boolean isGuessable() {
        return clusterId.length() < HARD_TO_GUESS;
    }
}
