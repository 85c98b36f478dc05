// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.CharmMetadata;
import io.rollingops.testkit.juju.EmulatedCharm;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.HookRun;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.testkit.juju.SecretView;
import io.rollingops.testkit.juju.TraceEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Certificates and the relation to etcd, in the emulator, with the emulated provider and without a real etcd. */
class EtcdRelationTest {
    private static final Duration DUE = Duration.ofDays(2 * 365 + 1);

    @RegisterExtension
    final JujuExtension extension =
            JujuExtension.with(builder -> builder.seed(7).parallel(1));

    @TempDir
    private Path folder;

    private String authority = "";
    private String nextAuthority = "";

    @BeforeEach
    void makeAuthorities() throws Exception {
        authority = authority("one");
        nextAuthority = authority("two");
    }

    @Test
    void the_leader_makes_one_certificate_asks_for_etcd_and_every_unit_gets_its_files(JujuEmulator juju)
            throws Exception {
        RelatedCharm app = make(juju);
        int relation = app.deployRelated(3, "cluster1");

        assertThat(app.maker.made()).isEqualTo(1);
        SecretView secret = app.certificate();
        assertThat(juju.appDatabag("restart", "app")).containsEntry("rollingops-client-secret-id", secret.uri());
        ClientCertificate certificate = ClientCertificate.read(secret.content());
        assertThat(secret.content())
                .containsOnly(
                        Map.entry("client-cert", certificate.certificate()),
                        Map.entry("client-key", certificate.key()),
                        Map.entry("client-ca", certificate.authority()));
        assertThat(certificate.isOf(RelatedCharm.USER)).isTrue();
        assertThat(secret.grants()).as("units of an application need no grant").isEmpty();

        Map<String, String> request = juju.appDatabag("etcd", "app");
        EtcdRequest asked = EtcdRequest.find(request).orElseThrow();
        SecretView shown = app.secret(".mtls.secret");
        assertThat(request)
                .isEqualTo(new EtcdRequest(RelatedCharm.PREFIX, asked.salt(), Optional.of(shown.uri())).databag());
        assertThat(shown.label()).isEqualTo("etcd." + relation + "." + asked.id() + ".mtls.secret");
        assertThat(shown.content()).containsOnly(Map.entry("mtls-cert", certificate.certificate()));
        assertThat(shown.grants()).isEqualTo(Set.of("etcd"));
        assertThat(app.etcd.calls)
                .containsExactly(
                        "admit " + RelatedCharm.USER + " " + RelatedCharm.PREFIX + " " + certificate.certificate());

        for (String unit : juju.units("app")) {
            EtcdFiles files = app.files(unit);
            assertThat(files.local()).contains(certificate);
            assertThat(EtcdFiles.read(app.folder(unit)))
                    .contains(new EtcdAccess(
                            List.of("10.0.0.1:2379"),
                            files.authority().path(),
                            files.certificate().path(),
                            files.key().path()));
            assertThat(files.authority().read()).contains(authority);
            assertThat(modeOf(files.key().path())).isEqualTo("rw-------");
            assertThat(modeOf(files.configuration().path())).isEqualTo("rw-------");
            assertThat(modeOf(files.authority().path())).isEqualTo("rw-r--r--");
            assertThat(app.folder(unit).resolve("tls/making")).doesNotExist();
        }
    }

    @Test
    void the_configuration_of_etcdctl_has_the_form_of_the_original(JujuEmulator juju) throws IOException {
        RelatedCharm app = make(juju);
        app.deployRelated(1, "cluster1");
        Path base = app.folder("app/0");
        assertThat(Files.readString(base.resolve("etcd/etcdctl.json")))
                .isEqualTo("{\n  \"endpoints\": \"10.0.0.1:2379\",\n  \"cacert_path\": \"" + base
                        + "/etcd/server-ca.pem\",\n  \"cert_path\": \"" + base
                        + "/tls/client.pem\",\n  \"key_path\": \"" + base + "/tls/client.key\"\n}");
    }

    @Test
    void no_secret_stands_on_a_command_line(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deployRelated(2, "cluster1");
        app.moveCalendar(Duration.ofDays(2 * 365 + 1));
        app.updateStatus();
        assertThat(app.maker.made()).isEqualTo(2);
        for (TraceEntry entry : juju.trace()) {
            if (entry.unit().application().equals("app")) {
                assertThat(entry.commands().toString()).doesNotContain("BEGIN");
            }
        }
    }

    @Test
    void a_certificate_that_is_there_is_not_made_again_by_the_next_leader(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deployRelated(2, "cluster1");
        Map<String, String> request = juju.appDatabag("etcd", "app");
        juju.setLeader("app/1");
        app.settle();
        app.updateStatus();
        assertThat(app.maker.made()).isEqualTo(1);
        assertThat(app.certificate().revision()).isEqualTo(1);
        assertThat(juju.appDatabag("etcd", "app")).isEqualTo(request);
    }

    @Test
    void a_unit_that_does_not_lead_makes_none(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deployRelated(3, "cluster1");
        String leader = juju.leader("app").orElseThrow();
        for (String unit : juju.units("app")) {
            assertThat(app.count(unit, "secret-add")).isEqualTo(unit.equals(leader) ? 2 : 0);
        }
    }

    @Test
    void a_leader_that_came_after_the_certificate_asks_with_it(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deploy(2, "cluster1");
        assertThat(app.maker.made()).isEqualTo(1);
        juju.setLeader("app/1");
        juju.relate("app", "etcd");
        app.settle();
        assertThat(app.maker.made()).isEqualTo(1);
        assertThat(app.count("app/0", "secret-grant")).isZero();
        assertThat(app.secret(".mtls.secret").content())
                .containsEntry("mtls-cert", app.certificate().content().get("client-cert"));
        assertAccess(app);
    }

    @Test
    void a_leader_that_loses_its_office_while_it_shares_the_certificate_loses_nothing(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deploy(2, "");
        juju.relate("app", "etcd");
        app.settle();
        juju.faults().loseLeadershipBeforeCommit("app/0", "app/1");
        app.configure("cluster1");
        juju.settleWithErrors(Duration.ofSeconds(30));
        juju.units("app").stream().filter(unit -> juju.status(unit).inError()).forEach(juju::resolve);
        app.settle();
        app.updateStatus();
        assertThat(juju.secrets())
                .filteredOn(secret -> secret.label().equals("rollingops-client-cert"))
                .hasSize(1);
        assertAccess(app);
    }

    @Test
    void without_a_cluster_id_nothing_is_made_or_asked_until_there_is_one(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deployRelated(2, "  ");
        assertThat(app.maker.made()).isZero();
        assertThat(juju.appDatabag("etcd", "app")).isEmpty();
        assertThat(EtcdFiles.problem(app.folder("app/1"))).contains("the cluster id is not known yet");

        app.configure("cluster1");
        app.settle();
        assertAccess(app);
    }

    @Test
    void another_cluster_id_takes_effect_when_the_relation_is_made_anew(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        int relation = app.deployRelated(2, "cluster1");
        Map<String, String> request = juju.appDatabag("etcd", "app");
        app.configure("cluster2");
        app.settle();
        for (String unit : juju.units("app")) {
            assertThat(EtcdFiles.read(app.folder(unit))).as("keys of others").isEmpty();
            assertThat(EtcdFiles.problem(app.folder(unit)).orElseThrow())
                    .contains("/rollingops/default/cluster1/")
                    .contains("remove the relation to etcd and add it again");
        }
        assertThat(juju.appDatabag("etcd", "app")).isEqualTo(request);

        app.configure("cluster1");
        app.settle();
        assertAccess(app);

        app.configure("cluster2");
        juju.removeRelation(relation);
        app.settle();
        juju.relate("app", "etcd");
        app.settle();
        assertAccess(app);
        assertThat(EtcdRequest.find(juju.appDatabag("etcd", "app"))
                        .orElseThrow()
                        .resource())
                .isEqualTo("/rollingops/default/cluster2/");
        assertThat(app.maker.made()).isEqualTo(1);
    }

    @Test
    void a_cluster_id_that_cannot_be_part_of_a_key_is_told_and_not_asked_for(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deployRelated(1, "a/b");
        assertThat(juju.appDatabag("etcd", "app")).isEmpty();
        assertThat(EtcdFiles.problem(app.folder("app/0")).orElseThrow())
                .contains("cluster id")
                .contains("slash");
    }

    @Test
    void a_cluster_id_that_is_withdrawn_takes_the_access_along(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deployRelated(2, "cluster1");
        app.configure("");
        app.settle();
        for (String unit : juju.units("app")) {
            assertThat(EtcdFiles.problem(app.folder(unit))).contains("the cluster id is not known yet");
        }
    }

    @Test
    void a_provider_may_answer_late_and_until_then_the_unit_works_on_its_peers(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.provider.silence(true);
        app.deployRelated(2, "cluster1");
        assertThat(EtcdFiles.read(app.folder("app/0"))).isEmpty();
        assertThat(EtcdFiles.problem(app.folder("app/0"))).contains("the provider of etcd has not answered yet");
        ActionResult asked = juju.runAction("app/1", "restart", Map.of()).result();
        assertThat(asked.get("backend")).isEqualTo("peer");
        app.settle();
        assertThat(app.charm.notes()).containsExactly("begin app/1 restart", "end app/1 restart");
        assertThat(app.log("app/0"))
                .filteredOn(line -> line.contains("not answered yet"))
                .hasSize(1);

        app.provider.silence(false);
        app.passOn();
        assertAccess(app);
        assertThat(EtcdFiles.problem(app.folder("app/0"))).isEmpty();
    }

    @Test
    void an_answer_that_comes_again_changes_nothing(JujuEmulator juju) throws IOException {
        RelatedCharm app = make(juju);
        app.deployRelated(1, "cluster1");
        Path configuration = app.files("app/0").configuration().path();
        Path authorityFile = app.files("app/0").authority().path();
        List<Object> before = List.of(inode(configuration), inode(authorityFile));
        juju.faults().repeatNextChange("app/0");
        app.etcd.endpoints = List.of("10.0.0.2:2379");
        app.passOn();
        assertThat(inode(authorityFile)).isEqualTo(before.get(1));
        assertThat(inode(configuration)).isNotEqualTo(before.get(0));
        app.passOn();
        app.updateStatus();
        assertThat(inode(authorityFile)).isEqualTo(before.get(1));
    }

    @Test
    void endpoints_and_authority_are_followed_together_and_one_by_one(JujuEmulator juju) throws IOException {
        RelatedCharm app = make(juju);
        app.deployRelated(2, "cluster1");
        app.etcd.authority = nextAuthority;
        app.passOn();
        for (String unit : juju.units("app")) {
            assertThat(app.files(unit).authority().read()).contains(nextAuthority);
        }
        app.etcd.endpoints = List.of("10.0.0.2:2379", "10.0.0.3:2379");
        app.passOn();
        for (String unit : juju.units("app")) {
            assertThat(EtcdFiles.read(app.folder(unit)).orElseThrow().endpoints())
                    .containsExactly("10.0.0.2:2379", "10.0.0.3:2379");
        }
        app.etcd.authority = authority;
        app.etcd.endpoints = List.of("10.0.0.1:2379");
        app.passOn();
        for (String unit : juju.units("app")) {
            assertThat(app.files(unit).authority().read()).contains(authority);
            assertThat(EtcdFiles.read(app.folder(unit)).orElseThrow().endpoints())
                    .containsExactly("10.0.0.1:2379");
        }
    }

    @Test
    void an_authority_in_another_secret_is_followed(JujuEmulator juju) throws IOException {
        RelatedCharm app = make(juju);
        juju.deploy(new ToldProvider(), "etcd", 1);
        juju.deploy(app.charm, "app", 1);
        app.configure("cluster1");
        app.settle();
        int relation = juju.relate("app", "etcd");
        app.settle();
        for (String next : List.of(authority, nextAuthority)) {
            Path file = Files.writeString(folder.resolve("authority"), next);
            String label = "authority-" + juju.secrets().size();
            juju.exec("etcd/0", "secret-add --owner application --label " + label + " tls-ca#file=" + file);
            String secret = app.secret(label).uri();
            juju.exec("etcd/0", "secret-grant --relation " + relation + " " + secret);
            answer(juju, relation, "\"endpoints\":\"10.0.0.1:2379\",\"secret-tls\":\"" + secret + "\"");
            app.settle();
            assertThat(app.files("app/0").authority().read()).contains(next);
        }
        assertAccess(app);

        answer(juju, relation, "\"endpoints\":\"\",\"secret-tls\":\"secret:00000000000000000000\"");
        app.settle();
        assertThat(app.log("app/0")).anyMatch(line -> line.contains("has named no endpoints"));
        assertThat(app.files("app/0").authority().read())
                .as("what may still work is kept")
                .contains(nextAuthority);
        assertAccess(app);
    }

    private static void answer(JujuEmulator juju, int relation, String fields) {
        juju.exec(
                "etcd/0",
                "relation-set -r etcd-client:" + relation + " --app version=v1 requests=[{\"resource\":\""
                        + RelatedCharm.PREFIX + "\",\"request-id\":\"9e0fa9891722d8ca\"," + fields + "}]");
    }

    /** A provider that does what {@code juju exec} says: one hook command, with words between blanks. */
    private record ToldProvider() implements EmulatedCharm {
        @Override
        public CharmMetadata metadata() {
            return CharmMetadata.named("etcd").withProvider(EtcdProvider.ENDPOINT, "etcd_client");
        }

        @Override
        public void run(HookRun hook) {
            if (!hook.commands().isEmpty()) {
                List<String> words = List.of(hook.commands().split(" "));
                hook.run(words.get(0), words.subList(1, words.size()).toArray(String[]::new));
            }
        }
    }

    @Test
    void a_relation_that_is_removed_takes_the_access_along_and_one_that_is_added_again_gives_it_back(JujuEmulator juju)
            throws IOException {
        RelatedCharm app = make(juju);
        int relation = app.deployRelated(2, "cluster1");
        juju.removeRelation(relation);
        app.settle();
        for (String unit : juju.units("app")) {
            assertThat(app.files(unit).configuration().path()).doesNotExist();
            assertThat(app.files(unit).authority().path()).doesNotExist();
            assertThat(app.files(unit).local()).as("the certificate stays").isPresent();
        }
        app.updateStatus();
        juju.relate("app", "etcd");
        app.settle();
        assertAccess(app);
        assertThat(app.maker.made()).isEqualTo(1);
    }

    @Test
    void a_secret_without_a_field_is_told_once_and_the_unit_works_on_its_peers(JujuEmulator juju) throws Exception {
        RelatedCharm app = make(juju);
        app.deploy(1, "cluster1");
        SecretView good = app.certificate();
        juju.exec("app/0", "secret-set --owner application " + good.uri() + " client-cert=a client-ca=b");
        app.settle();
        juju.addUnits("app", 1);
        juju.relate("app", "etcd");
        app.settle();
        app.updateStatus();
        assertThat(EtcdFiles.read(app.folder("app/1"))).isEmpty();
        assertThat(app.log("app/1"))
                .filteredOn(
                        line -> line.contains("field 'client-key' is missing or empty") && line.contains(good.uri()))
                .hasSize(1);
        juju.runAction("app/1", "restart", Map.of()).result();
        app.settle();
        assertThat(app.charm.notes()).containsExactly("begin app/1 restart", "end app/1 restart");

        Path repaired = folder.resolve("repaired");
        Files.createDirectories(repaired);
        for (Map.Entry<String, String> field : good.content().entrySet()) {
            Files.writeString(repaired.resolve(field.getKey()), field.getValue());
        }
        juju.exec(
                "app/0",
                "secret-set --owner application " + good.uri()
                        + " client-cert#file=" + repaired.resolve("client-cert")
                        + " client-key#file=" + repaired.resolve("client-key")
                        + " client-ca#file=" + repaired.resolve("client-ca"));
        app.settle();
        app.updateStatus();
        assertAccess(app);
    }

    @Test
    void a_damaged_secret_does_not_replace_a_certificate_that_works(JujuEmulator juju) throws Exception {
        RelatedCharm app = make(juju);
        app.deployRelated(2, "cluster1");
        ClientCertificate before = app.files("app/1").local().orElseThrow();
        juju.exec(
                juju.leader("app").orElseThrow(),
                "secret-set --owner application " + app.certificate().uri()
                        + " client-cert=a client-key=b client-ca=c");
        app.settle();
        assertThat(app.files("app/1").local()).contains(before);
        assertThat(app.log("app/1")).anyMatch(line -> line.contains("'client-cert' is no certificate in PEM"));
    }

    @Test
    void an_authority_that_is_none_is_told_and_gives_no_access(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.etcd.authority = "no authority";
        app.deployRelated(1, "cluster1");
        assertThat(EtcdFiles.problem(app.folder("app/0")).orElseThrow()).contains("'tls-ca' is no certificate in PEM");
        app.etcd.authority = authority;
        app.passOn();
        app.updateStatus();
        assertAccess(app);
    }

    @Test
    void a_certificate_that_cannot_be_made_fails_no_hook_and_is_tried_again(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.maker.fail("the disk is full");
        app.deployRelated(2, "cluster1");
        assertThat(app.log("app/0")).anyMatch(line -> line.contains("the disk is full"));
        assertThat(juju.appDatabag("etcd", "app"))
                .as("no request without a certificate")
                .isEmpty();
        app.maker.fail("");
        app.updateStatus();
        assertAccess(app);
    }

    @Test
    void a_request_that_the_original_has_written_without_a_certificate_is_written_again(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        int relation = app.deployRelated(1, "");
        juju.exec(
                "app/0",
                "relation-set -r etcd:" + relation + " --app version=v1 requests=[{\"resource\":\""
                        + RelatedCharm.PREFIX
                        + "\",\"request-id\":\"9e0fa9891722d8ca\",\"salt\":\"Q3w4U0Byt0ix45cv\",\"secret-mtls\":null}]");
        app.configure("cluster1");
        app.settle();
        EtcdRequest request = EtcdRequest.find(juju.appDatabag("etcd", "app")).orElseThrow();
        assertThat(request.id()).isEqualTo("9e0fa9891722d8ca");
        assertThat(request.certificate()).contains(app.secret(".mtls.secret").uri());
        assertAccess(app);
    }

    @Test
    void a_certificate_is_replaced_before_its_end_and_the_one_before_is_kept_until_etcd_takes_the_new_one(
            JujuEmulator juju) throws Exception {
        RelatedCharm app = make(juju);
        app.deployRelated(3, "cluster1");
        ClientCertificate first = app.files("app/2").local().orElseThrow();
        app.moveCalendar(Duration.ofDays(2 * 365 - 1));
        app.updateStatus();
        assertThat(app.maker.made()).as("two years are not over").isEqualTo(1);

        app.moveCalendar(Duration.ofDays(2 * 365 + 1));
        app.updateStatus();
        assertThat(app.maker.made()).isEqualTo(2);
        ClientCertificate second = ClientCertificate.read(app.certificate().content());
        assertThat(second).isNotEqualTo(first);
        assertThat(app.secret(".mtls.secret").content()).containsOnly(Map.entry("mtls-cert", second.certificate()));
        assertThat(app.etcd.calls)
                .contains("admit " + RelatedCharm.USER + " " + RelatedCharm.PREFIX + " " + second.certificate());
        assertAccess(app);
        for (String unit : juju.units("app")) {
            assertThat(app.files(unit).local()).contains(second);
            EtcdAccess before = EtcdFiles.readPrevious(app.folder(unit)).orElseThrow();
            assertThat(before.certificate()).hasContent(first.certificate());
            assertThat(before.key()).hasContent(first.key());
            EtcdFiles.accepted(app.folder(unit), second.certificate());
        }
        app.updateStatus();
        for (String unit : juju.units("app")) {
            assertThat(EtcdFiles.readPrevious(app.folder(unit))).isEmpty();
        }
        assertThat(app.maker.made()).isEqualTo(2);
        assertThat(juju.trace())
                .as("what nobody reads any more is removed")
                .anyMatch(entry -> entry.name().equals("secret-remove") && entry.count("secret-remove") == 1);
    }

    /** The provider admits the newest only, and a unit that works has no other hook. */
    @Test
    void etcd_is_told_of_a_new_certificate_when_every_unit_has_it(JujuEmulator juju) throws Exception {
        RelatedCharm app = replacedExceptAt(juju, "app/2");
        app.updateStatusOf("app/0");
        assertThat(app.told()).as("app/2 has the old one only").isEqualTo(app.at("app/2"));

        juju.faults().feed("app/2");
        app.settle();
        assertThat(app.told()).isEqualTo(app.at("app/0")).isEqualTo(app.at("app/2"));
        assertThat(juju.appDatabag("restart", "app")).doesNotContainKey(EtcdLeader.UNTOLD);
        assertAccess(app);
    }

    @Test
    void a_unit_that_does_not_take_the_new_certificate_is_waited_for_a_day_and_no_longer(JujuEmulator juju)
            throws Exception {
        RelatedCharm app = replacedExceptAt(juju, "app/2");
        app.moveCalendar(DUE.plus(EtcdLeader.UNITS_WITHIN).minusHours(1));
        app.updateStatusOf("app/0");
        assertThat(app.told()).isEqualTo(app.at("app/2"));

        app.moveCalendar(DUE.plus(EtcdLeader.UNITS_WITHIN).plusHours(1));
        app.updateStatusOf("app/0");
        assertThat(app.told()).isEqualTo(app.at("app/0")).isNotEqualTo(app.at("app/2"));
        assertThat(juju.appDatabag("restart", "app")).doesNotContainKey(EtcdLeader.UNTOLD);
        juju.faults().feed("app/2");
        app.settle();
        assertThat(app.at("app/2")).isEqualTo(app.told());
        assertThat(app.maker.made()).isEqualTo(2);
    }

    /** Three units, whose leader app/0 has replaced the certificate; one of them was not told yet. */
    private RelatedCharm replacedExceptAt(JujuEmulator juju, String unit) throws Exception {
        RelatedCharm app = make(juju);
        app.deployRelated(3, "cluster1");
        assertThat(juju.leader("app")).contains("app/0");
        String first = app.at(unit);
        app.moveCalendar(DUE);
        juju.faults().starve(unit);
        juju.updateStatus("app/0");
        for (String other : List.of("app/0", "app/1")) {
            juju.runUntil(other + " has the new one", () -> !app.at(other).equals(first), Duration.ofSeconds(30));
        }
        assertThat(app.at(unit)).isEqualTo(first);
        assertThat(juju.appDatabag("restart", "app")).containsKey(EtcdLeader.UNTOLD);
        return app;
    }

    @Test
    void a_leader_that_has_not_heard_of_the_new_certificate_does_not_replace_it_again(JujuEmulator juju)
            throws Exception {
        RelatedCharm app = make(juju);
        app.deployRelated(2, "cluster1");
        app.moveCalendar(Duration.ofDays(2 * 365 + 1));
        juju.faults().starve("app/1");
        juju.updateStatus("app/0");
        juju.runUntil("it is replaced", () -> app.certificate().revision() == 2, Duration.ofSeconds(30));
        KnownCertificate old = KnownCertificate.read(app.files("app/1")).orElseThrow();
        juju.faults().feed("app/1");
        juju.setLeader("app/1");
        app.settle();
        old.write(app.files("app/1")); // as if the change had not been told
        app.updateStatus();
        assertThat(app.maker.made()).isEqualTo(2);
        assertThat(app.files("app/1").local())
                .contains(ClientCertificate.read(app.certificate().content()));
    }

    @Test
    void damaged_files_are_written_again(JujuEmulator juju) throws Exception {
        RelatedCharm app = make(juju);
        app.deployRelated(2, "cluster1");
        ClientCertificate good = app.files("app/1").local().orElseThrow();
        Path certificate = app.files("app/1").certificate().path();
        Files.writeString(certificate, good.certificate().substring(0, 100));
        Files.delete(app.files("app/1").configuration().path());
        app.updateStatus();
        assertThat(app.files("app/1").local()).contains(good);
        assertAccess(app);
    }

    @Test
    void a_valid_certificate_that_lies_in_the_leaders_folder_is_shared_instead_of_a_new_one(JujuEmulator juju)
            throws Exception {
        RelatedCharm app = make(juju);
        ClientCertificate local = TestCertificates.certificate(
                Files.createDirectories(folder.resolve("made")),
                RelatedCharm.USER,
                Instant.now(),
                Duration.ofDays(1000));
        app.files("app/0").replace(local);
        app.deployRelated(2, "cluster1");
        assertThat(juju.leader("app")).contains("app/0");
        assertThat(app.maker.made()).isZero();
        assertThat(ClientCertificate.read(app.certificate().content())).isEqualTo(local);
        assertThat(app.files("app/1").local()).contains(local);
    }

    @Test
    void one_that_is_about_to_end_or_another_applications_is_not_shared(JujuEmulator juju) throws Exception {
        RelatedCharm app = make(juju);
        app.files("app/0")
                .replace(TestCertificates.certificate(
                        Files.createDirectories(folder.resolve("made")),
                        "another",
                        Instant.now(),
                        Duration.ofDays(1000)));
        app.deployRelated(1, "cluster1");
        assertThat(app.maker.made()).isEqualTo(1);
        assertAccess(app);
    }

    @Test
    void a_hook_that_needs_nothing_asks_for_no_secret_and_no_databag_of_the_provider(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deployRelated(3, "cluster1");
        int before = juju.trace().size();
        for (String unit : juju.units("app")) {
            juju.runAction(unit, "restart", Map.of()).result();
        }
        app.settle();
        app.updateStatus();
        assertThat(app.charm.notes()).hasSize(6);
        String leader = juju.leader("app").orElseThrow();
        for (TraceEntry entry : juju.trace().subList(before, juju.trace().size())) {
            if (entry.unit().application().equals("app")) {
                assertThat(entry.count("secret-get")).as(entry.toString()).isZero();
                assertThat(entry.commands())
                        .filteredOn(call -> call.toString().contains("etcd"))
                        .as(entry.toString())
                        .hasSizeLessThanOrEqualTo(
                                !entry.name().equals("update-status")
                                        ? 0
                                        : entry.unit().toString().equals(leader) ? 2 : 1);
            }
        }
    }

    @Test
    void a_hook_that_shares_the_certificate_or_asks_for_etcd_grants_nothing(JujuEmulator juju) {
        RelatedCharm app = make(juju);
        app.deploy(3, "");
        for (String unit : juju.units("app")) {
            juju.runAction(unit, "restart", Map.of()).result();
        }
        app.configure("cluster1");
        juju.relate("app", "etcd");
        app.moveCalendar(Duration.ofDays(1));
        app.settle();
        app.moveCalendar(Duration.ofDays(3 * 365));
        juju.runAction("app/1", "restart", Map.of()).result();
        app.updateStatus();
        assertThat(app.maker.made()).isEqualTo(2);
        assertThat(app.charm.notes()).hasSize(8);
        assertThat(app.charm.violations(juju)).isEmpty();
        for (TraceEntry entry : juju.trace()) {
            boolean shares = entry.count("secret-add") + entry.count("secret-set") > 0;
            if (shares && entry.unit().application().equals("app")) {
                assertThat(app.log(entry.unit().toString())).isNotEmpty();
                assertThat(entry.commands())
                        .as(entry.toString())
                        .noneMatch(call -> call.command().equals("juju-log")
                                && call.toString().contains("granted unit="));
            }
        }
    }

    @Test
    void the_hooks_are_observed_only_when_etcd_is_configured() {
        RollingOpsSettings plain = RollingOpsSettings.onPeers("restart");
        assertThat(RollingOps.observedHooks(plain)).doesNotContain("start", "secret-changed", "config-changed");
        assertThat(RollingOps.observedHooks(plain.withEtcd("etcd", EtcdSettings.fromConfig("cluster-id"))))
                .containsAll(RollingOps.observedHooks(plain))
                .contains(
                        "etcd-relation-created",
                        "etcd-relation-changed",
                        "etcd-relation-broken",
                        "secret-changed",
                        "secret-remove",
                        "start",
                        "config-changed");
    }

    private RelatedCharm make(JujuEmulator juju) {
        RelatedCharm app = new RelatedCharm(juju, folder);
        app.etcd.authority = authority;
        return app;
    }

    private static void assertAccess(RelatedCharm app) {
        for (String unit : app.juju.units("app")) {
            assertThat(EtcdFiles.problem(app.folder(unit))).as(unit).isEmpty();
        }
    }

    private String authority(String name) throws Exception {
        return TestCertificates.certificate(
                        Files.createDirectories(folder.resolve(name)), name, Instant.now(), Duration.ofDays(10))
                .authority();
    }

    private static Object inode(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }

    private static String modeOf(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
