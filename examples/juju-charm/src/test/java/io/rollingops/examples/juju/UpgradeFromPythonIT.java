// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.Isolation;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An application that runs the unchanged Python library becomes one of ours in the middle of a roll. */
class UpgradeFromPythonIT {
    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(11));

    @Test
    void what_python_units_had_queued_is_run_after_the_upgrade(JujuEmulator juju)
            throws IOException, InterruptedException {
        CharmUnderTest ours = new CharmUnderTest(juju);
        Path python = PythonCharm.prepare(juju.folder().resolve("python"));
        ours.deploy(python, 3);
        Isolation isolation = juju.isolation("app/0");
        assumeTrue(isolation.separate(), isolation::reason);
        juju.faults().starve("app/0"); // it leads, so nobody is granted while the old code runs
        Map<String, Json> twice = Map.of("max-retry", Json.of(2));
        ours.run("app/1", "failed-restart", twice);
        ours.run("app/1", "restart", Map.of());
        ours.run("app/2", "deferred-restart", twice);
        assertThat(ours.work()).isEmpty();
        assertThat(juju.databag("restart", "app/1")).doesNotContainKey("protocol");

        juju.upgrade("app", ours.folder());
        juju.faults().feed("app/0");
        ours.settleAfter(3 + 2 * (3 + 1 + 3));
        assertThat(ours.work())
                .containsSubsequence(
                        "app/1 end failed-restart",
                        "app/1 end failed-restart",
                        "app/1 end failed-restart",
                        "app/1 end restart");
        assertThat(ours.work().stream().filter(line -> line.equals("app/2 end deferred-restart")))
                .hasSize(3);
        assertThat(ours.work()).hasSize(2 * (3 + 1 + 3));
        for (String unit : juju.units("app")) {
            assertThat(juju.databag("restart", unit)).containsEntry("protocol", "2");
            assertThat(juju.databag("restart", unit).getOrDefault("operations", "[]"))
                    .isEqualTo("[]");
        }
    }
}
