// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The unchanged Python library on a real etcd that the emulated provider hands out: certificates, secrets, locks. */
@RequiresEtcd
@Execution(ExecutionMode.CONCURRENT)
class PythonCharmOnEtcdIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    /** What the library makes of the model's UUID and the application's name. */
    private static final String USER = "KgcMWdu7VAKMRCJfUWJi57";

    private static final String PREFIX = "/rollingops/default/cluster1/";
    private static final String PRIVATE = "/var/lib/rollingops";

    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    @TempDir
    private Path folder;

    @Test
    void two_units_get_certificates_and_an_etcd_and_share_its_lock(JujuEmulator juju) throws Exception {
        try (ProvidedEtcd etcd = ProvidedEtcd.start(1)) {
            Path transitions = Files.createFile(folder.resolve("transitions"));
            juju.deploy(new EtcdProvider(etcd), "etcd", 1);
            juju.deploy(
                    PythonCharm.prepare(juju.folder().resolve("python")),
                    "app",
                    2,
                    Map.of(
                            "transitions", Json.of(transitions.toString()),
                            "cluster-id", Json.of("cluster1")));
            Isolation isolation = juju.isolation("app/0");
            assumeTrue(isolation.separate(), isolation::reason);
            juju.settle(LIMIT);
            juju.relate("app", "etcd");
            juju.settle(LIMIT);
            assertRelated(juju);
            assertThat(etcd.cluster().etcdctl("user", "list")).contains(USER);

            for (String unit : juju.units("app")) {
                ActionResult asked = juju.runAction(unit, "restart", Map.of("delay", new Json.Real(0.5)))
                        .result();
                assertThat(asked.get("backend")).isEqualTo("etcd");
            }
            juju.runUntil("both have restarted", () -> lines(transitions).size() == 6, LIMIT);
            juju.settle(LIMIT);
            assertOneAfterTheOther(lines(transitions));
            for (String unit : juju.units("app")) {
                assertThat(juju.databag("restart", unit))
                        .containsEntry("processing_backend", "etcd")
                        .containsEntry("operations", "[]")
                        .containsKey("etcd-rollingops-worker-pid");
                assertThat(juju.processes(unit)).as("the worker stays").isNotEmpty();
            }
        }
    }

    private static void assertRelated(JujuEmulator juju) throws IOException {
        Map<String, String> request = juju.appDatabag("etcd", "app");
        assertThat(request).containsEntry("version", "v1");
        assertThat(request.get("requests"))
                .matches("\\[\\{\"resource\": \"" + PREFIX + "\", \"request-id\": \"[0-9a-f]{16}\", \"salt\":"
                        + " \"[A-Za-z0-9]{16}\", \"extra-user-roles\": null, \"extra-group-roles\": null,"
                        + " \"external-node-connectivity\": false, \"entity-type\": null, \"entity-permissions\": null,"
                        + " \"secret-mtls\": \"secret:[0-9a-v]{20}\"}\\]");
        assertThat(juju.secrets())
                .extracting(SecretView::label)
                .contains("rollingops-client-cert")
                .anyMatch(label -> label.matches("etcd\\.[0-9]+\\.[0-9a-f]{16}\\.mtls\\.secret"));
        for (String unit : juju.units("app")) {
            assertThat(juju.databag("etcd", unit)).containsKey("data");
            Path files = juju.privateFolder(unit, PRIVATE);
            assertThat(modeOf(files.resolve("etcd/etcdctl.json"))).isEqualTo("rw-------");
            assertThat(modeOf(files.resolve("tls/client.key"))).isEqualTo("rw-------");
            assertThat(files.resolve("etcd/server-ca.pem")).isNotEmptyFile();
            assertThat(juju.trace(unit))
                    .as("one answer, then silence")
                    .filteredOn(entry -> entry.description().matches("etcd-relation-changed \\(etcd:[0-9]+, etcd\\)"))
                    .hasSize(1);
        }
    }

    private static String modeOf(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private static void assertOneAfterTheOther(List<String> lines) {
        List<String> work =
                lines.stream().filter(line -> !line.contains(" action ")).toList();
        List<String> units = new ArrayList<>();
        for (int i = 0; i < work.size(); i += 2) {
            assertThat(work.get(i + 1)).isEqualTo(work.get(i).replace(" begin ", " end "));
            units.add(work.get(i).substring(0, work.get(i).indexOf(' ')));
        }
        assertThat(units).containsExactlyInAnyOrder("app/0", "app/1");
    }

    private static List<String> lines(Path transitions) {
        try {
            return Files.readAllLines(transitions).stream()
                    .map(line -> line.substring(line.indexOf(' ') + 1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
