// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.juju.Departures;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.UnitStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random models with etcd in which everything goes wrong that can: killed hooks, hook commands and commits that fail, leaders
 * that come and go or only believe that they lead, relations that are removed and added, providers that fall silent and
 * change what they hand out, certificates that near their end. Afterwards every unit has its access, with the one
 * certificate that the application has, and units still roll one at a time.
 */
class EtcdRelationFaultsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final List<String> COMMANDS = List.of(
            "secret-get", "secret-add", "secret-set", "secret-grant", "relation-get", "relation-ids", "config-get");
    private static final int UNITS_MAX = 4;
    private static final int ROUNDS = 30;

    @TempDir
    private Path folder;

    static LongStream seeds() {
        return LongStream.range(0, Long.getLong("rollingops.seeds", 8));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatever_fails_every_unit_gets_its_access(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        try (JujuEmulator juju = JujuEmulator.builder()
                .seed(seed)
                .parallel(1)
                .leaderNotifiesItself(random.nextBoolean())
                .departures(random.nextBoolean() ? Departures.AT_ONCE : Departures.WHEN_REMOVED)
                .build()) {
            RelatedCharm app = new RelatedCharm(juju, folder);
            app.etcd.authority = authority(0);
            juju.deploy(app.provider, "etcd", 1);
            juju.deploy(app.charm, "app", 2);
            List<Integer> relations = new ArrayList<>(List.of(juju.relate("app", "etcd")));
            app.configure(random.nextBoolean() ? "cluster1" : "");
            for (int round = 0; round < ROUNDS; round++) {
                disturb(app, relations, random, round);
                for (int steps = random.nextInt(5); steps > 0; steps--) {
                    juju.step();
                }
            }
            heal(app, relations);
            assertAllIsWell(app);
        }
    }

    private void disturb(RelatedCharm app, List<Integer> relations, SplittableRandom random, int round)
            throws Exception {
        JujuEmulator juju = app.juju;
        List<String> units = juju.units("app");
        String unit = units.get(random.nextInt(units.size()));
        switch (random.nextInt(15)) {
            case 0 -> juju.faults().killAtCommand(unit, 1 + random.nextInt(12));
            case 1 -> juju.faults().failCommit(unit);
            case 2 -> juju.faults().failCommand(unit, COMMANDS.get(random.nextInt(COMMANDS.size())));
            case 3 -> juju.faults().loseLeadershipBeforeCommit(unit, units.get(random.nextInt(units.size())));
            case 4 -> juju.setLeader(unit);
            case 5 -> juju.faults().alsoLeads(unit);
            case 6 -> juju.faults().repeatNextChange(unit);
            case 7 -> app.configure(random.nextInt(3) == 0 ? "" : "cluster1");
            case 8 -> app.provider.silence(random.nextBoolean());
            case 9 -> {
                app.etcd.authority = authority(round);
                app.etcd.endpoints = List.of("10.0.0." + (1 + random.nextInt(200)) + ":2379");
                juju.updateStatus("etcd/0");
            }
            case 10 -> {
                if (relations.isEmpty()) {
                    relations.add(juju.relate("app", "etcd"));
                } else {
                    app.provider.silence(false);
                    juju.settleWithErrors(LIMIT);
                    resolve(juju);
                    juju.settleWithErrors(LIMIT);
                    juju.removeRelation(relations.remove(0));
                    juju.settleWithErrors(LIMIT);
                }
            }
            case 11 -> {
                if (units.size() < UNITS_MAX) {
                    juju.addUnits("app", 1);
                }
            }
            case 12 -> app.moveCalendar(Duration.ofDays(random.nextInt(2) * (2 * 365L + 1)));
            case 13 -> juju.runAction(unit, "restart", Map.of());
            default -> {
                if (!app.charm.queueWake(juju)) {
                    juju.updateStatus(unit);
                }
            }
        }
        resolve(juju);
    }

    private void heal(RelatedCharm app, List<Integer> relations) {
        JujuEmulator juju = app.juju;
        juju.units("app").forEach(juju.faults()::knowsItsLeader);
        app.charm.forgetWakes();
        app.provider.silence(false);
        app.configure("cluster1");
        if (relations.isEmpty()) {
            relations.add(juju.relate("app", "etcd"));
        }
        for (int times = 0; times < 4; times++) {
            juju.settleWithErrors(LIMIT);
            resolve(juju);
            juju.settleWithErrors(LIMIT);
            juju.updateStatus("etcd/0");
            juju.units("app").forEach(juju::updateStatus);
            juju.settleWithErrors(LIMIT);
            while (app.charm.queueWake(juju)) {
                juju.settleWithErrors(LIMIT);
            }
        }
        app.settle();
    }

    private static void assertAllIsWell(RelatedCharm app) throws Exception {
        JujuEmulator juju = app.juju;
        assertThat(juju.secrets())
                .filteredOn(secret -> secret.label().equals(EtcdLeader.LABEL))
                .hasSize(1);
        ClientCertificate certificate = ClientCertificate.read(app.certificate().content());
        String shown = EtcdRequest.find(juju.appDatabag("etcd", "app"))
                .flatMap(EtcdRequest::certificate)
                .orElseThrow();
        assertThat(juju.secrets())
                .filteredOn(secret -> secret.uri().equals(shown))
                .singleElement()
                .satisfies(secret -> assertThat(secret.content())
                        .containsOnly(Map.entry(EtcdRequest.MTLS_FIELD, certificate.certificate())));
        for (String unit : juju.units("app")) {
            assertThat(EtcdFiles.problem(app.folder(unit)))
                    .as(() -> unit + "\n" + juju.story())
                    .isEmpty();
            assertThat(app.files(unit).local()).as(unit).contains(certificate);
            assertThat(app.files(unit).authority().read()).contains(app.etcd.authority);
            assertThat(EtcdFiles.read(app.folder(unit)).orElseThrow().endpoints())
                    .isEqualTo(app.etcd.endpoints);
            assertThat(app.folder(unit).resolve("tls/making")).doesNotExist();
        }
        assertThat(app.charm.violations(juju)).isEmpty();
    }

    private static void resolve(JujuEmulator juju) {
        juju.statuses().stream()
                .filter(UnitStatus::inError)
                .forEach(status -> juju.resolve(status.unit().toString()));
    }

    private String authority(int number) throws Exception {
        return TestCertificates.certificate(
                        Files.createDirectories(folder.resolve("authority")),
                        "authority-" + number,
                        Instant.now(),
                        Duration.ofDays(10))
                .authority();
    }
}
