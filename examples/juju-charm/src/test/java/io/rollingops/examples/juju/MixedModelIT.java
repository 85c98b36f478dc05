// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static io.rollingops.examples.juju.EtcdModel.delay;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.etcd.RequiresEtcd;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * An application of the unchanged Python library and one of ours share a lock. The library looks every 15 or 30 seconds,
 * so a roll takes most of a minute; {@code mvn verify -pl examples/juju-charm -am -Dit.test=MixedModelIT
 * -Drollingops.mixed.rolls=10} does ten, and the build only two.
 */
@RequiresEtcd
@Order(1)
class MixedModelIT {
    private static final int ROLLS = Integer.getInteger("rollingops.mixed.rolls", 2);
    private static final Duration ROLL_MAX = Duration.ofMinutes(4);

    private EtcdModel model;

    @RegisterExtension
    final TellsStory story = new TellsStory(() -> model);

    @BeforeEach
    void start() throws IOException {
        model = EtcdModel.start(23);
    }

    @AfterEach
    void end() {
        model.close();
    }

    @Test
    void a_python_and_a_java_application_never_work_at_once_and_both_get_their_turns()
            throws IOException, InterruptedException {
        model.deploy("app", 2, Map.of());
        model.charm().deployOnEtcd(PythonCharm.prepare(model.juju().folder().resolve("python")), "snake", 1);
        model.charm().settleOnEtcd("app");
        model.juju().relate("snake", "etcd");
        model.charm().settle();
        List<String> units = new ArrayList<>(model.juju().units("app"));
        units.addAll(model.juju().units("snake"));
        for (int roll = 1; roll <= ROLLS; roll++) {
            EtcdModel.Work work = model.work();
            for (String unit : units) {
                assertThat(model.charm().run(unit, "restart", delay(0.5)).get("backend"))
                        .as("%s in roll %d", unit, roll)
                        .isEqualTo("etcd");
            }
            int lines = 2 * units.size();
            model.juju().runUntil("roll " + roll, () -> work.lines().size() >= lines, ROLL_MAX);
            model.juju().settle(ROLL_MAX);
            CharmUnderTest.assertOneAfterTheOther(work.lines(), units);
        }
    }
}
