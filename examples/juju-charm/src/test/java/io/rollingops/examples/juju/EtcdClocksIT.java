// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static io.rollingops.examples.juju.EtcdModel.delay;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The time of day on etcd: {@code app/1}, with its hooks and its worker, is an hour ahead of everybody; and after two years
 * a certificate is replaced. Every test leaves all units idle.
 */
@RequiresEtcd
@Order(1)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EtcdClocksIT {
    private static final String AHEAD = "app/1";

    /** A third of three years before the end of a certificate, and a day. */
    private static final String CERTIFICATE_IS_DUE = "+731d";

    private Path library = Path.of("");
    private EtcdModel model;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeAll
    void deploy() throws IOException {
        Optional<Path> found = faketime();
        assumeTrue(found.isPresent(), "the library of faketime is not installed (Debian: libfaketime)");
        library = found.get();
        model = EtcdModel.start(29);
        model.deploy("app", 2, Map.of());
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
        for (int roll = 0; roll < 2; roll++) {
            units.forEach(unit -> model.ask(unit, "restart", delay(0.2)));
            work.settledAfter(2 * units.size() * (roll + 1));
            CharmUnderTest.assertOneAfterTheOther(
                    work.lines().subList(2 * units.size() * roll, work.lines().size()), units);
        }
        model.ask(AHEAD, "failed-restart", EtcdModel.retries(1));
        model.ask(AHEAD, "restart", delay(0));
        model.ask("app/0", "restart", delay(0));
        work.settledAfter(20);
        work.assertNeverTwoAtOnce();
        assertThat(work.of(AHEAD).subList(4, 10))
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
     * The leader makes the new certificate in the hook in which it finds the old one due; etcd is restarted with it, and knows the
     * old one no more.
     */
    @Test
    void a_certificate_is_replaced_under_workers_that_run_and_the_one_with_the_lock_keeps_it() {
        List<String> units = List.of("app/0", AHEAD);
        String before = file("app/0", "client.pem");
        Map<String, Long> starts = new HashMap<>();
        units.forEach(unit -> starts.put(unit, model.starts(unit)));
        EtcdModel.Work work = model.work();
        model.ask(AHEAD, "restart", delay(20)); // so long it cannot learn of the new certificate, and etcd can
        model.awaitWork(work, AHEAD + " begin restart");
        model.ask("app/0", "restart", delay(0));
        setClock("app/0", CERTIFICATE_IS_DUE);
        model.juju().updateStatus("app/0");
        model.runUntil(
                "the certificate is replaced",
                () -> model.juju().log("app/0").stream()
                        .anyMatch(line -> line.toString().contains("replaced the certificate")));
        model.juju().setVariable("app/0", "LD_PRELOAD", "");
        model.juju().updateStatus("app/0");
        model.runUntil(
                "app/0 has the new certificate",
                () -> !file("app/0", "client.pem").equals(before));
        String holder = model.holder();
        assertThat(work.lines().size() > 1 || holder.equals(EtcdModel.owner(AHEAD)))
                .as("who works has the lock: '%s', %s", holder, work.lines())
                .isTrue();
        CharmUnderTest.assertOneAfterTheOther(work.settledAfter(4), units);
        model.juju().updateStatus(AHEAD);
        model.charm().settleOnEtcd("app");

        for (String unit : units) {
            assertThat(file(unit, "client.pem")).as(unit).isNotEqualTo(before);
            model.await(
                    "etcd has accepted the new certificate of " + unit,
                    () -> file(unit, "accepted-client.pem").equals(file(unit, "client.pem")));
            assertThat(model.starts(unit)).as("starts of %s", unit).isEqualTo(starts.get(unit));
            assertThat(model.juju().log(unit)).noneMatch(line -> line.toString().contains("the lock in etcd is lost"));
        }
        assertThat(file(AHEAD, "client.pem")).isEqualTo(file("app/0", "client.pem"));
        EtcdModel.Work again = model.work();
        List<String> all = List.of(AHEAD, "app/0", "other/0");
        all.forEach(unit -> model.ask(unit, "restart", delay(0.2)));
        CharmUnderTest.assertOneAfterTheOther(again.settledAfter(2 * all.size()), all);
        units.forEach(
                unit -> assertThat(model.juju().databag("restart", unit)).containsEntry("processing_backend", "etcd"));
        model.awaitFreeLock();
    }

    /** For the hooks that begin from now on, and what they start. Dates of files stay: by those Java knows its archives. */
    private void setClock(String unit, String offset) {
        Map.of(
                        "LD_PRELOAD",
                        library.toString(),
                        "FAKETIME",
                        offset,
                        "FAKETIME_DONT_FAKE_MONOTONIC",
                        "1",
                        "NO_FAKE_STAT",
                        "1")
                .forEach((name, value) -> model.juju().setVariable(unit, name, value));
    }

    /** By its own clock. */
    private Instant workerBegan(String unit) {
        String line = model.workerLog(unit).get(0);
        return Instant.parse(line.substring(0, line.indexOf(' ')));
    }

    private String file(String unit, String name) {
        Path file = model.files(unit).resolve("tls").resolve(name);
        try {
            return Files.exists(file) ? Files.readString(file).strip() : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<Path> faketime() throws IOException {
        for (String folder : List.of("/usr/lib", "/lib")) {
            if (!Files.isDirectory(Path.of(folder))) {
                continue;
            }
            try (Stream<Path> found =
                    Files.find(Path.of(folder), 4, (path, attributes) -> path.endsWith("libfaketimeMT.so.1"))) {
                Optional<Path> first = found.findFirst();
                if (first.isPresent()) {
                    return first;
                }
            }
        }
        return Optional.empty();
    }
}
