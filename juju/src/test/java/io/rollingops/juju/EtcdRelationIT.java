// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.testkit.juju.ProvidedEtcd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What hooks write into a unit's folder, held against a real etcd: {@code etcdctl} with those files. */
@RequiresEtcd
class EtcdRelationIT {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final String USER = "KgcMWdu7VAKMRCJfUWJi57";
    private static final String KEY = "/rollingops/default/cluster1/key";

    @RegisterExtension
    final JujuExtension extension =
            JujuExtension.with(builder -> builder.seed(7).parallel(1));

    @TempDir
    private Path folder;

    @Test
    void with_the_files_a_unit_reaches_the_keys_of_its_cluster_and_no_others(JujuEmulator juju) throws Exception {
        try (ProvidedEtcd etcd = ProvidedEtcd.start(1)) {
            RollingCharm charm = charm();
            int relation = deploy(juju, charm, new EtcdProvider(etcd));
            for (String unit : juju.units("app")) {
                EtcdAccess access = EtcdFiles.read(folder(unit)).orElseThrow();
                assertThat(etcdctl(access, "put", KEY, unit).output()).contains("OK");
                assertThat(etcdctl(access, "get", "--print-value-only", KEY).output())
                        .isEqualTo(unit + "\n");
                assertThat(etcdctl(access, "put", "/rollingops/default/other/key", unit)
                                .output())
                        .contains("permission denied");
            }
            juju.removeRelation(relation);
            settle(juju, charm);
            assertThat(etcd.cluster().etcdctl("user", "list")).doesNotContain(USER);
            assertThat(EtcdFiles.read(folder("app/0"))).isEmpty();
        }
    }

    @Test
    void while_a_certificate_is_replaced_one_of_the_two_pairs_is_always_accepted(JujuEmulator juju) throws Exception {
        try (ProvidedEtcd etcd = ProvidedEtcd.start(1)) {
            RollingCharm charm = charm();
            EtcdProvider provider = new EtcdProvider(etcd);
            deploy(juju, charm, provider);
            provider.silence(true);
            charm.setCalendar(Duration.ofDays(2 * 365 + 1));
            juju.units("app").forEach(juju::updateStatus);
            settle(juju, charm);
            for (String unit : juju.units("app")) {
                EtcdAccess now = EtcdFiles.read(folder(unit)).orElseThrow();
                EtcdAccess before = EtcdFiles.readPrevious(folder(unit)).orElseThrow();
                assertThat(etcdctl(now, "put", KEY, "now").exitCode())
                        .as("the provider has not taken it up yet")
                        .isNotZero();
                assertThat(etcdctl(before, "put", KEY, "before").output()).contains("OK");
            }
            provider.silence(false);
            juju.updateStatus("etcd/0");
            settle(juju, charm);
            for (String unit : juju.units("app")) {
                EtcdAccess now = EtcdFiles.read(folder(unit)).orElseThrow();
                assertThat(etcdctl(now, "put", KEY, "now").output()).contains("OK");
                assertThat(etcdctl(EtcdFiles.readPrevious(folder(unit)).orElseThrow(), "put", KEY, "before")
                                .exitCode())
                        .isNotZero();
            }
        }
    }

    private RollingCharm charm() {
        return new RollingCharm(
                folder,
                settings -> settings.withEtcd(EtcdSettings.of("etcd", EtcdSettings.fromConfig("cluster-id"))
                        .withPrograms(System.getProperty("java.class.path"))));
    }

    private static int deploy(JujuEmulator juju, RollingCharm charm, EtcdProvider provider) {
        juju.deploy(provider, "etcd", 1);
        juju.deploy(charm, "app", 2);
        juju.configure("app", Map.of("cluster-id", Json.of("cluster1")));
        settle(juju, charm);
        int relation = juju.relate("app", "etcd");
        settle(juju, charm);
        return relation;
    }

    private static void settle(JujuEmulator juju, RollingCharm charm) {
        juju.settle(LIMIT);
        charm.settle(juju);
    }

    private Path folder(String unit) {
        return folder.resolve(unit.replace('/', '-'));
    }

    private record Ended(int exitCode, String output) {}

    /** As the original runs it: everything in five variables. */
    private static Ended etcdctl(EtcdAccess access, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("etcdctl");
        builder.command().addAll(List.of(arguments));
        builder.environment().keySet().removeIf(variable -> variable.startsWith("ETCD"));
        builder.environment()
                .putAll(Map.of(
                        "ETCDCTL_API", "3",
                        "ETCDCTL_ENDPOINTS", String.join(",", access.endpoints()),
                        "ETCDCTL_CACERT", access.authority().toString(),
                        "ETCDCTL_CERT", access.certificate().toString(),
                        "ETCDCTL_KEY", access.key().toString()));
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return new Ended(process.exitValue(), output);
    }
}
