// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.agent.Doctor;
import io.rollingops.agent.Finding;
import io.rollingops.agent.Finding.Level;
import io.rollingops.agent.config.ApplicationFiles;
import io.rollingops.testkit.etcd.EtcdCertificates.Issued;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What {@code rollingops doctor} says of a configuration beside a real etcd with certificates and roles. */
@RequiresEtcd
@Timeout(120)
class DoctorIT {
    private static final String CLUSTER = "5eed5eed-5eed-4eed-8eed-5eed5eed5eed";

    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(1)
            .mutualTls()
            .user("web", "/rollingops/default/" + CLUSTER + "/")
            .grant("web", "/rollingops/private/5eed-web/")
            .user("plain", "/rollingops/default/" + CLUSTER + "/")
            .user("stranger", "/rollingops/default/other/"));

    @TempDir
    Path folder;

    private Path own;

    @BeforeEach
    void prepare() throws IOException {
        UnitName unit = new UnitName("web", 0);
        own = ApplicationFiles.create(
                        folder.resolve("web"), "web", InstantSource.system().instant())
                .writeUnit(unit, List.of("127.0.0.1"), InstantSource.system().instant());
    }

    @Test
    void everything_is_as_it_should_be() throws IOException {
        List<Finding> findings = examine(section("web", CLUSTER, ETCD.cluster().endpoints()));

        assertThat(findings)
                .filteredOn(finding -> finding.level() != Level.GOOD)
                .extracting(Finding::text)
                .singleElement()
                .asString()
                .contains("no agent answers");
        assertThat(findings)
                .anyMatch(finding ->
                        finding.remedy().equals("start it: rollingops agent --config " + own.resolve("agent.yaml")))
                .anyMatch(saying("the certificate for connections between members is valid until"));
        assertThat(findings)
                .anyMatch(saying("the lock is free"))
                .anyMatch(saying("/rollingops/private/5eed-web/ may be written"))
                .anyMatch(saying("shows the same as this machine's"));
        assertThat(ETCD.cluster().etcdctl("get", "--prefix", "/rollingops/", "--keys-only"))
                .doesNotContain("doctor");
    }

    @Test
    void a_role_without_the_private_prefix_is_a_warning_with_the_command_to_mend_it() throws IOException {
        assertThat(examine(section("plain", CLUSTER, ETCD.cluster().endpoints())))
                .filteredOn(finding -> finding.level() == Level.WARNING)
                .anyMatch(finding -> finding.text().contains("could end the lease")
                        && finding.remedy().contains("etcdctl role grant-permission")
                        && finding.remedy().contains("/rollingops/private/5eed-web/"));
    }

    @Test
    void missing_rights_on_the_cluster_are_bad_and_the_right_that_is_missing_is_named() throws IOException {
        assertThat(examine(section("stranger", CLUSTER, ETCD.cluster().endpoints())))
                .filteredOn(finding -> finding.level() == Level.BAD)
                .anyMatch(finding -> finding.text().contains("permission denied")
                        && finding.remedy().contains("/rollingops/default/" + CLUSTER + "/"));
    }

    @Test
    void files_of_the_connections_that_do_not_belong_together_are_told_before_the_agent_finds_them()
            throws IOException {
        Files.copy(own.resolve("unit.key"), own.resolve("tls.key"), StandardCopyOption.REPLACE_EXISTING);

        assertThat(examine(section("web", CLUSTER, ETCD.cluster().endpoints())))
                .filteredOn(finding -> finding.level() == Level.BAD)
                .singleElement()
                .matches(finding ->
                        finding.text().contains(own.resolve("tls.key").toString())
                                && !finding.remedy().isEmpty());
    }

    @Test
    void a_cluster_id_that_can_be_guessed_is_a_warning() throws IOException {
        assertThat(examine(section("web", "prod", ETCD.cluster().endpoints()))).anyMatch(saying("can be guessed"));
    }

    @Test
    void an_endpoint_where_nobody_is_and_a_wrong_authority_are_told() throws IOException {
        assertThat(examine(section("web", CLUSTER, "127.0.0.1:1")))
                .filteredOn(finding -> finding.level() == Level.BAD)
                .anyMatch(saying("127.0.0.1:1"));
        String wrong = section("web", CLUSTER, ETCD.cluster().endpoints())
                .replace(
                        ETCD.cluster().certificates().authority().toString(),
                        own.resolve("authority.pem").toString());
        assertThat(examine(wrong))
                .filteredOn(finding -> finding.level() == Level.BAD)
                .anyMatch(saying("check the authorities' file"));
    }

    private static Predicate<Finding> saying(String text) {
        return finding -> finding.text().contains(text);
    }

    private List<Finding> examine(String section) throws IOException {
        Path file = Files.writeString(own.resolve("agent.yaml"), """
                unit: web/0
                data-directory: data
                members:
                  - {unit: web/0, address: "127.0.0.1:7946"}
                identity: {certificate: unit.pem, key: unit.key, authority: authority.pem}
                tls: {certificate: tls.pem, key: tls.key, authority: authority.pem}
                %s""".formatted(section));
        List<Finding> findings = new ArrayList<>();
        new Doctor(findings::add).examine(file);
        return findings;
    }

    private static String section(String user, String cluster, String endpoints) {
        Issued issued = ETCD.cluster().certificates().issue(user);
        return """
                etcd:
                  cluster-id: %s
                  model: 5eed
                  endpoints: ['https://%s']
                  tls: {authority: %s, certificate: %s, key: %s}
                """.formatted(
                cluster, endpoints, ETCD.cluster().certificates().authority(), issued.certificate(), issued.key());
    }
}
