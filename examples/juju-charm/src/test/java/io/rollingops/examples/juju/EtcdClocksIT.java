// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static io.rollingops.examples.juju.EtcdModel.delay;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.FakeTime;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
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

    private EtcdModel model;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeAll
    void deploy() throws IOException {
        FakeTime clock = FakeTime.orSkip();
        model = EtcdModel.start(29);
        model.deploy("app", 2, Map.of());
        model.deploy("other", 1, Map.of());
        clock.environment("+1h").forEach((name, value) -> model.juju().setVariable(AHEAD, name, value));
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

    /** By its own clock. */
    private Instant workerBegan(String unit) {
        String line = model.workerLog(unit).get(0);
        return Instant.parse(line.substring(0, line.indexOf(' ')));
    }
}
