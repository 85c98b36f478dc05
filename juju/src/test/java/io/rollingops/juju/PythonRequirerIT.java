// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.Isolation;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.testkit.juju.SecretView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The unchanged Python requirer beside ours, on the same emulated provider. */
class PythonRequirerIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String PRIVATE = "/var/lib/rollingops";

    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    @TempDir
    private Path folder;

    private String authority = "";

    @BeforeEach
    void makeAuthority() throws Exception {
        authority = TestCertificates.certificate(
                        Files.createDirectories(folder.resolve("authority")),
                        "etcd",
                        Instant.now(),
                        Duration.ofDays(10))
                .authority();
    }

    @Test
    void both_requirers_leave_the_same_in_databags_and_secrets(JujuEmulator juju) throws Exception {
        RelatedCharm ours = new RelatedCharm(juju, folder);
        ours.etcd.authority = authority;
        deployPython(juju, ours);
        Map<String, String> python = publicState(juju);

        try (JujuEmulator other = JujuEmulator.builder().seed(7).build()) {
            RelatedCharm java = new RelatedCharm(other, folder);
            java.etcd.authority = authority;
            java.deployRelated(2, "cluster1");
            assertThat(publicState(other)).isEqualTo(python);
        }
    }

    @Test
    void an_application_of_the_python_library_is_taken_over_with_its_certificate_and_its_request(JujuEmulator juju)
            throws Exception {
        RelatedCharm ours = new RelatedCharm(juju, folder);
        ours.etcd.authority = authority;
        deployPython(juju, ours);
        Map<String, String> request = juju.appDatabag("etcd", "app");
        SecretView secret = ours.certificate();

        juju.upgrade("app", ours.charm);
        ours.settle();
        assertThat(juju.appDatabag("etcd", "app")).isEqualTo(request);
        assertThat(ours.maker.made()).isZero();
        assertThat(ours.certificate()).isEqualTo(secret);
        for (String unit : juju.units("app")) {
            assertThat(EtcdFiles.problem(ours.folder(unit))).isEmpty();
            assertThat(ours.files(unit).local()).contains(ClientCertificate.read(secret.content()));
        }
    }

    @Test
    void an_application_of_ours_is_taken_over_by_the_python_library_at_the_providers_next_change(JujuEmulator juju)
            throws Exception {
        RelatedCharm ours = new RelatedCharm(juju, folder);
        ours.etcd.authority = authority;
        ours.deployRelated(2, "cluster1");
        SecretView secret = ours.certificate();
        Map<String, String> request = juju.appDatabag("etcd", "app");

        juju.upgrade("app", PythonRequirer.prepare(juju.folder().resolve("python")));
        juju.configure(
                "app",
                Map.of("transitions", Json.of(folder.resolve("transitions").toString())));
        requireIsolation(juju);
        juju.settle(LIMIT);
        ours.etcd.endpoints = List.of("10.0.0.1:2379", "10.0.0.2:2379");
        juju.updateStatus("etcd/0");
        juju.settle(LIMIT);
        assertThat(ours.certificate().content()).isEqualTo(secret.content());
        assertThat(juju.appDatabag("etcd", "app")).isEqualTo(request);
        for (String unit : juju.units("app")) {
            Path files = juju.privateFolder(unit, PRIVATE);
            assertThat(files.resolve("etcd/etcdctl.json")).content().contains("10.0.0.1:2379,10.0.0.2:2379");
            assertThat(files.resolve("etcd/server-ca.pem")).isNotEmptyFile();
        }
    }

    private void deployPython(JujuEmulator juju, RelatedCharm ours) throws Exception {
        juju.deploy(ours.provider, "etcd", 1);
        juju.deploy(
                PythonRequirer.prepare(juju.folder().resolve("python")),
                "app",
                2,
                Map.of(
                        "transitions", Json.of(folder.resolve("transitions").toString()),
                        "cluster-id", Json.of("cluster1")));
        requireIsolation(juju);
        juju.settle(LIMIT);
        juju.relate("app", "etcd");
        juju.settle(LIMIT);
    }

    private static void requireIsolation(JujuEmulator juju) {
        Isolation isolation = juju.isolation("app/0");
        assumeTrue(isolation.separate(), isolation::reason);
    }

    /** What others see of an application, with what is random given names. */
    private static Map<String, String> publicState(JujuEmulator juju) throws Exception {
        EtcdRequest request = EtcdRequest.find(juju.appDatabag("etcd", "app")).orElseThrow();
        Map<String, String> random = new TreeMap<>();
        random.put(request.salt(), "SALT");
        random.put(request.id(), "REQUEST-ID");
        Map<String, String> state = new TreeMap<>();
        for (SecretView secret : juju.secrets()) {
            if (secret.owner().equals("app")) {
                random.put(secret.uri(), "ID of " + secret.label().replace(request.id(), "REQUEST-ID"));
                state.put(
                        "secret " + secret.label(),
                        new TreeSet<>(secret.content().keySet()) + " for " + secret.grants() + " " + describe(secret));
            }
        }
        juju.appDatabag("etcd", "app").forEach((key, value) -> state.put("etcd " + key, value));
        juju.appDatabag("restart", "app").forEach((key, value) -> {
            if (key.equals(EtcdLeader.POINTER)) {
                state.put("restart " + key, value);
            }
        });
        return state.entrySet().stream()
                .collect(Collectors.toMap(
                        entry -> named(random, entry.getKey()),
                        entry -> named(random, entry.getValue()),
                        (one, other) -> one,
                        TreeMap::new));
    }

    /** The form of its PEM texts and whose certificate it is; keys and validities differ. */
    private static String describe(SecretView secret) throws Exception {
        Map<String, String> forms = new TreeMap<>();
        for (Map.Entry<String, String> field : secret.content().entrySet()) {
            String pem = field.getValue();
            String form =
                    pem.substring(0, pem.indexOf('\n')) + (pem.endsWith("\n") ? " with" : " without") + " line end";
            if (pem.contains("CERTIFICATE")) {
                X509Certificate certificate = ClientCertificate.certificate(field.getKey(), pem);
                form += " " + certificate.getSubjectX500Principal() + " by " + certificate.getIssuerX500Principal()
                        + " " + (certificate.getBasicConstraints() >= 0);
            }
            forms.put(field.getKey(), form);
        }
        return forms.toString();
    }

    private static String named(Map<String, String> random, String text) {
        String named = text;
        for (Map.Entry<String, String> entry : random.entrySet()) {
            named = named.replace(entry.getKey(), entry.getValue());
        }
        return named;
    }
}
