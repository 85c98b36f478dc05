// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static io.rollingops.examples.juju.EtcdModel.delay;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.FakeTime;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The time of day on etcd: {@code app/1}, with its hooks and its worker, is an hour ahead of everybody. */
@RequiresEtcd
@Order(1)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EtcdClocksIT {
    private static final String AHEAD = "app/1";

    private FakeTime clock;
    private EtcdModel model;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeAll
    void deploy() throws IOException {
        clock = FakeTime.orSkip();
        model = EtcdModel.start(29);
        model.charm().deployOnEtcd("app", 2, Map.of("ROLLINGOPS_ETCD_LEASE_SECONDS", "10"));
        PreparedCertificate.giveOneThatIsDue(model.files("app/0"), "app", clock);
        model.deploy("other", 1, Map.of());
        setClock(AHEAD, "+1h");
        model.charm().settleOnEtcd("app");
        model.charm().settleOnEtcd("other");
    }

    @AfterAll
    void end() {
        if (model != null) {
            model.close();
        }
    }

    /** The stamps of its requests may put it behind others, and nothing else depends on the time of day. */
    @Test
    void a_unit_whose_hooks_and_worker_are_an_hour_ahead_takes_its_turns_like_the_others() {
        EtcdModel.Work work = model.work();
        List<String> units = List.of(AHEAD, "app/0", "other/0");
        units.forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        CharmUnderTest.assertOneAfterTheOther(work.settledAfter(2 * units.size()), units);
        model.ask(AHEAD, "failed-restart", EtcdModel.retries(1));
        model.ask(AHEAD, "restart", delay(0));
        model.ask("app/0", "restart", delay(0));
        work.settledAfter(14);
        work.assertNeverTwoAtOnce();
        assertThat(work.of(AHEAD).subList(2, 8))
                .containsExactly(
                        AHEAD + " begin failed-restart",
                        AHEAD + " end failed-restart",
                        AHEAD + " begin failed-restart",
                        AHEAD + " end failed-restart",
                        AHEAD + " begin restart",
                        AHEAD + " end restart");
        assertThat(Duration.between(workerBegan("app/0"), workerBegan(AHEAD)))
                .as("how far the clock of the worker is ahead")
                .isBetween(Duration.ofMinutes(40), Duration.ofMinutes(80));
        units.forEach(
                unit -> assertThat(model.juju().databag("restart", unit)).containsEntry("processing_backend", "etcd"));
        model.awaitFreeLock();
    }

    /**
     * A unit that works has no other hook, so it does not learn of a new certificate; and etcd, which is restarted when it
     * does, knows one certificate of an application only. So it is told last. The work takes two leases.
     */
    @Test
    void a_certificate_is_replaced_under_workers_that_run_and_the_one_with_the_lock_keeps_it() {
        List<String> units = List.of("app/0", AHEAD);
        String before = file("app/0", "client.pem");
        List<Long> starts = units.stream().map(model::starts).toList();
        EtcdModel.Work work = model.work();
        model.ask(AHEAD, "restart", delay(20));
        model.awaitWork(work, AHEAD + " begin restart");
        model.ask("app/0", "restart", delay(0));
        setClock("app/0", "+" + PreparedCertificate.AHEAD_OF_RENEWAL.toMinutes() + "m");
        model.juju().updateStatus("app/0");
        model.runUntil(
                "app/0 has the new certificate",
                () -> !file("app/0", "client.pem").equals(before));
        model.juju().setVariable("app/0", "LD_PRELOAD", "");

        CharmUnderTest.assertOneAfterTheOther(work.settledAfter(4), List.of(AHEAD, "app/0"));
        model.runUntil("etcd is told of it", () -> !told().equals(before));
        model.charm().settleOnEtcd("app");
        String after = file("app/0", "client.pem");
        assertThat(told()).isEqualTo(after).isEqualTo(file(AHEAD, "client.pem"));
        for (String unit : units) {
            model.await(
                    "etcd has accepted the new certificate of " + unit,
                    () -> file(unit, "accepted-client.pem").equals(after));
            assertThat(model.juju().log(unit)).noneMatch(line -> line.toString().contains("the lock in etcd is lost"));
        }
        assertThat(units.stream().map(model::starts).toList())
                .as("starts of workers")
                .isEqualTo(starts);
        List<String> hooks = model.juju().trace().stream()
                .map(entry -> entry.unit() + " " + entry.name())
                .toList();
        assertThat(hooks.lastIndexOf("app/0 secret-remove"))
                .as(
                        "the leader learns that nobody reads the old one, and tells etcd, after the last unit reads the new one")
                .isGreaterThan(hooks.lastIndexOf(AHEAD + " secret-changed"));

        EtcdModel.Work again = model.work();
        List<String> all = List.of(AHEAD, "app/0", "other/0");
        all.forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        CharmUnderTest.assertOneAfterTheOther(again.settledAfter(2 * all.size()), all);
        units.forEach(
                unit -> assertThat(model.juju().databag("restart", unit)).containsEntry("processing_backend", "etcd"));
        model.awaitFreeLock();
    }

    /** For the hooks that begin from now on, and what they start. */
    private void setClock(String unit, String offset) {
        clock.environment(offset).forEach((name, value) -> model.juju().setVariable(unit, name, value));
    }

    /** The certificate that the provider of etcd is to admit. */
    private String told() {
        return model.juju().secrets().stream()
                .filter(secret -> secret.owner().equals("app") && secret.label().endsWith(".mtls.secret"))
                .map(secret -> secret.content().getOrDefault("mtls-cert", "").strip())
                .findFirst()
                .orElseThrow();
    }

    private String file(String unit, String name) {
        Path file = model.files(unit).resolve("tls").resolve(name);
        try {
            return Files.exists(file) ? Files.readString(file).strip() : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** By its own clock. */
    private Instant workerBegan(String unit) {
        String line = model.workerLog(unit).get(0);
        return Instant.parse(line.substring(0, line.indexOf(' ')));
    }
}
