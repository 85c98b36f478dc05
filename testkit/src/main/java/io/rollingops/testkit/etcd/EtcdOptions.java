// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * What kind of cluster to start.
 *
 * @param members one or three
 * @param encryption between members and towards clients
 * @param users who may do what; none for a cluster that asks nobody who they are
 * @param heartbeat how often a leader shows that it lives
 * @param election after how long without that there is a new one
 * @param requestBytesMax what a request may be at most; without it, etcd's own limit
 */
public record EtcdOptions(
        int members,
        Encryption encryption,
        List<User> users,
        Duration heartbeat,
        Duration election,
        OptionalInt requestBytesMax) {
    /** How connections are protected. */
    public enum Encryption {
        NONE,
        /** Both sides show certificates; the client's common name is its user. */
        MUTUAL_TLS
    }

    /**
     * Somebody who may read and write the keys with any of the prefixes.
     *
     * @param password without one, the user is known by certificate
     */
    public record User(String name, Optional<String> password, List<String> prefixes) {
        public User {
            prefixes = List.copyOf(prefixes);
        }
    }

    public EtcdOptions {
        users = List.copyOf(users);
        if (members != 1 && members != 3) {
            throw new IllegalArgumentException("a cluster for tests has one member or three: " + members);
        }
    }

    /** Without encryption and users, and quick to notice that its leader is gone. */
    public static EtcdOptions members(int members) {
        return new EtcdOptions(
                members,
                Encryption.NONE,
                List.of(),
                Duration.ofMillis(50),
                Duration.ofMillis(500),
                OptionalInt.empty());
    }

    public EtcdOptions mutualTls() {
        return new EtcdOptions(members, Encryption.MUTUAL_TLS, users, heartbeat, election, requestBytesMax);
    }

    /** Turns users on and adds one who is known by the common name of the certificate. */
    public EtcdOptions user(String name, String prefix) {
        return user(new User(name, Optional.empty(), List.of(prefix)));
    }

    /** Turns users on and adds one. */
    public EtcdOptions user(String name, String password, String prefix) {
        return user(new User(name, Optional.of(password), List.of(prefix)));
    }

    /** Lets a user that was added read and write the keys with one more prefix. */
    public EtcdOptions grant(String name, String prefix) {
        List<User> changed = users.stream()
                .map(user -> user.name().equals(name)
                        ? new User(
                                name,
                                user.password(),
                                Stream.concat(user.prefixes().stream(), Stream.of(prefix))
                                        .toList())
                        : user)
                .toList();
        return new EtcdOptions(members, encryption, changed, heartbeat, election, requestBytesMax);
    }

    private EtcdOptions user(User user) {
        return new EtcdOptions(
                members,
                encryption,
                Stream.concat(users.stream(), Stream.of(user)).toList(),
                heartbeat,
                election,
                requestBytesMax);
    }

    /** Refuses requests that are larger. */
    public EtcdOptions requestBytesMax(int bytes) {
        return new EtcdOptions(members, encryption, users, heartbeat, election, OptionalInt.of(bytes));
    }

    /** With timings like those of a cluster in production. */
    public EtcdOptions defaultTimings() {
        return new EtcdOptions(
                members, encryption, users, Duration.ofMillis(100), Duration.ofSeconds(1), requestBytesMax);
    }
}
