// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.testkit.juju.TraceEntry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Rolls on the peer relation, in the emulator and without processes: the behaviour of hooks and databags. */
class PeerRollTest {
    private static final String NO_GRANT = "granted_unit";

    @RegisterExtension
    final JujuExtension extension =
            JujuExtension.with(builder -> builder.seed(7).parallel(1));

    @TempDir
    private Path folder;

    private RollingCharm charm = new RollingCharm(Path.of(""));

    @BeforeEach
    void makeCharm() {
        charm = new RollingCharm(folder);
    }

    @Test
    void a_single_unit_queues_is_granted_works_and_releases(JujuEmulator juju) {
        deploy(juju, 1);
        ActionResult asked = juju.runAction("app/0", "restart", Map.of()).result();
        assertThat(asked.message()).isEmpty();
        assertThat(asked.get("status")).isEqualTo("waiting");
        assertThat(asked.get("backend")).isEqualTo("peer");
        assertThat(juju.databag("restart", "app/0"))
                .containsEntry("state", "request")
                .containsEntry("protocol", "2")
                .containsEntry("processing_backend", "peer");

        charm.settle(juju);
        assertThat(charm.notes()).containsExactly("begin app/0 restart", "end app/0 restart");
        assertThat(juju.databag("restart", "app/0"))
                .containsEntry("state", "idle")
                .containsEntry("operations", "[]")
                .containsEntry("done_epoch", "1")
                .containsKey("executed_at");
        assertThat(juju.appDatabag("restart", "app"))
                .containsEntry("grant_epoch", "1")
                .doesNotContainKeys(NO_GRANT, "granted_at");
    }

    @Test
    void five_units_roll_one_after_the_other_in_the_order_of_their_requests(JujuEmulator juju) {
        deploy(juju, 5);
        for (String unit : List.of("app/3", "app/0", "app/4", "app/1", "app/2")) {
            juju.runAction(unit, "restart", Map.of()).result();
        }
        charm.settle(juju);
        assertThat(charm.notes())
                .containsExactly(
                        "begin app/3 restart",
                        "end app/3 restart",
                        "begin app/0 restart",
                        "end app/0 restart",
                        "begin app/4 restart",
                        "end app/4 restart",
                        "begin app/1 restart",
                        "end app/1 restart",
                        "begin app/2 restart",
                        "end app/2 restart");
    }

    @Test
    void a_hook_that_grants_writes_nothing_else_and_runs_no_callback(JujuEmulator juju) {
        deploy(juju, 3);
        for (String unit : juju.units("app")) {
            juju.runAction(unit, "restart", Map.of()).result();
        }
        charm.settle(juju);
        assertThat(charm.notes()).hasSize(6);
        for (TraceEntry entry : juju.trace()) {
            assertThat(entry.count("relation-set")).as(entry.toString()).isLessThanOrEqualTo(1);
        }
    }

    private void deploy(JujuEmulator juju, int units) {
        juju.deploy(charm, "app", units);
        charm.settle(juju);
    }
}
