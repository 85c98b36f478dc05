// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What kind of cluster to start.
 *
 * @param members one or three
 * @param encryption between members and towards clients
 * @param users who may do what; none for a cluster that asks nobody who they are
 * @param heartbeat how often a leader shows that it lives
 * @param election after how long without that there is a new one
 */
public record EtcdOptions(int members, Encryption encryption, List<User> users, Duration heartbeat, Duration election) {
    /** How connections are protected. */
    public enum Encryption {
        NONE,
        /** Both sides show certificates; the client's common name is its user. */
        MUTUAL_TLS
    }

    /**
     * Somebody who may read and write the keys with a prefix.
     *
     * @param password without one, the user is known by certificate
     */
    public record User(String name, Optional<String> password, String prefix) {}

    public EtcdOptions {
        users = List.copyOf(users);
        if (members != 1 && members != 3) {
            throw new IllegalArgumentException("a cluster for tests has one member or three: " + members);
        }
    }

    /** Without encryption and users, and quick to notice that its leader is gone. */
    public static EtcdOptions members(int members) {
        return new EtcdOptions(members, Encryption.NONE, List.of(), Duration.ofMillis(50), Duration.ofMillis(500));
    }

    public EtcdOptions mutualTls() {
        return new EtcdOptions(members, Encryption.MUTUAL_TLS, users, heartbeat, election);
    }

    /** Turns users on and adds one who is known by the common name of the certificate. */
    public EtcdOptions user(String name, String prefix) {
        return user(new User(name, Optional.empty(), prefix));
    }

    /** Turns users on and adds one. */
    public EtcdOptions user(String name, String password, String prefix) {
        return user(new User(name, Optional.of(password), prefix));
    }

    private EtcdOptions user(User user) {
        return new EtcdOptions(
                members,
                encryption,
                Stream.concat(users.stream(), Stream.of(user)).toList(),
                heartbeat,
                election);
    }

    /** With timings like those of a cluster in production. */
    public EtcdOptions defaultTimings() {
        return new EtcdOptions(members, encryption, users, Duration.ofMillis(100), Duration.ofSeconds(1));
    }
}
