// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.testkit.etcd.EtcdCluster;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.EtcdProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A real etcd for an {@link EtcdProvider} to hand out, with mutual TLS and a user for each common name. As at the real
 * provider, a client is let in by trusting its certificate, and a new certificate takes the place of the user's old one;
 * for either, the members are restarted one by one. Needs {@code etcd}, {@code etcdctl} and {@code openssl}; a test says so
 * with {@link io.rollingops.testkit.etcd.RequiresEtcd}.
 */
public final class ProvidedEtcd implements EtcdAccess, AutoCloseable {
    private final EtcdCluster cluster;
    private final Path trusted;
    private final String authority;
    private final Map<String, String> certificates = new TreeMap<>();

    private ProvidedEtcd(EtcdCluster cluster) {
        this.cluster = cluster;
        this.trusted = cluster.certificates().authority();
        try {
            this.authority = Files.readString(trusted);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts it, and waits until it serves.
     *
     * @param members one or three
     */
    public static ProvidedEtcd start(int members) {
        return new ProvidedEtcd(EtcdCluster.start(
                EtcdOptions.members(members).mutualTls().user("nobody", "/nobody/"))); // a user turns users on
    }

    /** The servers, to be killed, frozen and asked as their administrator. */
    public EtcdCluster cluster() {
        return cluster;
    }

    @Override
    public List<String> endpoints() {
        return cluster.members().stream().map(EtcdProcess::endpoint).toList();
    }

    @Override
    public String serverCa() {
        return authority;
    }

    @Override
    public String version() {
        return "3.6.1";
    }

    @Override
    public void admit(String certificate, String user, String prefix) {
        boolean isNew = !certificates.containsKey(user);
        if (certificate.equals(certificates.put(user, certificate))) {
            return;
        }
        trust();
        if (isNew) {
            cluster.etcdctl("user", "add", user, "--no-password");
            cluster.etcdctl("role", "add", user);
            cluster.etcdctl("role", "grant-permission", user, "--prefix=true", "readwrite", prefix);
            cluster.etcdctl("user", "grant-role", user, user);
        }
    }

    @Override
    public void expel(String user) {
        if (certificates.remove(user) != null) {
            cluster.etcdctl("role", "delete", user);
            cluster.etcdctl("user", "delete", user);
            trust();
        }
    }

    private void trust() {
        StringBuilder all = new StringBuilder(authority);
        certificates.values().forEach(certificate -> all.append('\n').append(certificate.strip()));
        try {
            Files.writeString(trusted, all.append('\n'));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (EtcdProcess member : cluster.members()) {
            member.restart();
            cluster.awaitHealthy();
        }
    }

    @Override
    public void close() {
        cluster.close();
    }
}
