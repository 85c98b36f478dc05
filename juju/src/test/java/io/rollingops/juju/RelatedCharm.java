// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.LogLine;
import io.rollingops.testkit.juju.SecretView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CopyOnWriteArrayList;

/** An application {@code app} of {@link RollingCharm} that may share a lock, and a provider {@code etcd} of no real etcd. */
final class RelatedCharm {
    static final String USER = "KgcMWdu7VAKMRCJfUWJi57";
    static final String PREFIX = "/rollingops/default/cluster1/";

    private static final Duration LIMIT = Duration.ofSeconds(60);

    final FakeEtcd etcd = new FakeEtcd();
    final EtcdProvider provider = new EtcdProvider(etcd);
    final TestCertificates maker;
    final RollingCharm charm;
    final JujuEmulator juju;

    private final Path folder;
    private Duration ahead = Duration.ZERO;

    RelatedCharm(JujuEmulator juju, Path folder) {
        this.juju = juju;
        this.folder = folder;
        this.maker = new TestCertificates(
                () -> Clock.offset(Clock.systemUTC(), ahead).instant());
        this.charm = new RollingCharm(
                folder,
                settings -> settings.withEtcd(EtcdSettings.of("etcd", EtcdSettings.fromConfig("cluster-id"))
                        .withMaker(maker)));
    }

    /** The etcd that is handed out: notes who was let in with which certificate. */
    static final class FakeEtcd implements io.rollingops.testkit.juju.EtcdAccess {
        final List<String> calls = new CopyOnWriteArrayList<>();
        volatile List<String> endpoints = List.of("10.0.0.1:2379");
        volatile String authority = "";

        @Override
        public List<String> endpoints() {
            return endpoints;
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
            String call = "admit " + user + " " + prefix + " " + certificate.strip();
            if (!calls.contains(call)) {
                calls.add(call);
            }
        }

        @Override
        public void expel(String user) {
            calls.add("expel " + user);
        }
    }

    /** Deploys both; they are not related yet. */
    void deploy(int units, String clusterId) {
        juju.deploy(provider, "etcd", 1);
        juju.deploy(charm, "app", units);
        configure(clusterId);
        settle();
    }

    /** Deploys both, and relates them. */
    int deployRelated(int units, String clusterId) {
        deploy(units, clusterId);
        int relation = juju.relate("app", "etcd");
        settle();
        return relation;
    }

    void configure(String clusterId) {
        juju.configure("app", Map.of("cluster-id", Json.of(clusterId)));
    }

    void settle() {
        juju.settle(LIMIT);
        charm.settle(juju);
    }

    /** Lets the provider see what changed at its etcd, and the application what that changes. */
    void passOn() {
        juju.updateStatus("etcd/0");
        settle();
    }

    void updateStatus() {
        juju.units("app").forEach(juju::updateStatus);
        settle();
    }

    /** For one unit; the others may be kept from their hooks. */
    void updateStatusOf(String unit) {
        long before = updates(unit);
        juju.updateStatus(unit);
        juju.runUntil("update-status of " + unit, () -> updates(unit) > before, LIMIT);
    }

    private long updates(String unit) {
        return juju.trace(unit).stream()
                .filter(entry -> entry.name().equals("update-status"))
                .count();
    }

    void moveCalendar(Duration newAhead) {
        ahead = newAhead;
        charm.setCalendar(newAhead);
    }

    Path folder(String unit) {
        return folder.resolve(unit.replace('/', '-'));
    }

    EtcdFiles files(String unit) {
        return new EtcdFiles(folder(unit));
    }

    SecretView secret(String labelEnd) {
        return juju.secrets().stream()
                .filter(secret -> secret.label().endsWith(labelEnd))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException("no secret " + labelEnd));
    }

    SecretView certificate() {
        return secret("rollingops-client-cert");
    }

    /** The certificate that the provider of etcd was told of last. */
    String told() {
        return secret(".mtls.secret")
                .content()
                .getOrDefault(EtcdRequest.MTLS_FIELD, "")
                .strip();
    }

    /** The certificate that a unit has. */
    String at(String unit) {
        try {
            return files(unit).certificate().read().orElse("").strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How often a unit has called a hook command up to now. */
    long count(String unit, String command) {
        return juju.trace(unit).stream()
                .mapToLong(entry -> entry.count(command))
                .sum();
    }

    List<String> log(String unit) {
        return new ArrayList<>(juju.log(unit).stream().map(LogLine::message).toList());
    }
}
