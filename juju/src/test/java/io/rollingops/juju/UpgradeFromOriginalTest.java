// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.CharmMetadata;
import io.rollingops.testkit.juju.EmulatedCharm;
import io.rollingops.testkit.juju.HookRun;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Units whose databags the original library wrote are taken over as they are, one by one. */
class UpgradeFromOriginalTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String FIRST = "1771848000.123456";
    private static final String SECOND = "1771848001.5";

    @RegisterExtension
    final JujuExtension extension =
            JujuExtension.with(builder -> builder.seed(3).parallel(1));

    @TempDir
    private Path folder;

    @Test
    void queues_attempts_and_order_are_taken_over(JujuEmulator juju) {
        juju.deploy(new Original(), "app", 3);
        juju.settle(LIMIT);
        writes(juju, "app/1", "state=request", "operations=[" + operation("restart", SECOND, 0) + "]");
        writes(
                juju,
                "app/2",
                "state=retry-hold",
                "operations=[" + operation("failed-restart", FIRST, 2) + "," + operation("restart", SECOND, 0) + "]",
                "executed_at=1771848009.25");

        RollingCharm charm = new RollingCharm(folder);
        juju.upgrade("app", charm);
        charm.settle(juju);

        assertThat(charm.notes().stream().filter(note -> note.startsWith("begin ")))
                .as("the third attempt was the last of two retries; requests go before retries")
                .containsExactly("begin app/1 restart", "begin app/2 failed-restart", "begin app/2 restart");
        for (String unit : List.of("app/1", "app/2")) {
            assertThat(juju.databag("restart", unit))
                    .containsEntry("protocol", "2")
                    .containsEntry("etcd_cleanup_needed", "true");
        }
        assertThat(juju.databag("restart", "app/2").get("outcomes"))
                .contains("\"op_id\":\"" + FIRST + "-failed-restart\",\"outcome\":\"dropped\"")
                .contains("\"attempt\":3");
    }

    @Test
    void units_that_still_run_the_original_get_no_grant_are_named_and_lose_nothing(JujuEmulator juju) {
        juju.deploy(new Original(), "app", 3);
        juju.settle(LIMIT);
        writes(juju, "app/1", "state=request", "operations=[" + operation("restart", FIRST, 0) + "]");
        juju.faults().starve("app/1"); // its upgrade has not come yet
        RollingCharm charm = new RollingCharm(folder);
        juju.upgrade("app", charm);
        charm.settle(juju);
        ActionResult asked = juju.runAction("app/2", "restart", Map.of()).result();
        assertThat(asked.get("to-upgrade")).isEqualTo("[app/1]");
        charm.settle(juju);
        assertThat(charm.notes()).containsExactly("begin app/2 restart", "end app/2 restart");
        assertThat(juju.databag("restart", "app/1"))
                .containsEntry("state", "request")
                .doesNotContainKey("protocol");

        juju.faults().feed("app/1");
        charm.settle(juju);
        assertThat(charm.notes()).endsWith("begin app/1 restart", "end app/1 restart");
        assertThat(juju.databag("restart", "app/1")).containsEntry("operations", "[]");
    }

    @Test
    void a_grant_of_an_original_leader_is_waited_for_until_its_unit_is_upgraded(JujuEmulator juju) {
        juju.deploy(new Original(), "app", 3);
        juju.settle(LIMIT);
        writes(juju, "app/1", "state=request", "operations=[" + operation("restart", FIRST, 0) + "]");
        juju.exec("app/0", "relation-set -r restart:0 --app granted_unit=app/1 granted_at=1771848002.5");
        juju.faults().starve("app/1"); // it may be working
        RollingCharm charm = new RollingCharm(folder);
        juju.upgrade("app", charm);
        charm.settle(juju);
        juju.runAction("app/2", "restart", Map.of()).result();
        charm.settle(juju);
        assertThat(charm.notes()).isEmpty();

        juju.faults().feed("app/1");
        charm.settle(juju);
        assertThat(charm.notes())
                .containsExactly(
                        "begin app/1 restart", "end app/1 restart", "begin app/2 restart", "end app/2 restart");
        assertThat(juju.appDatabag("restart", "app")).containsEntry("grant_epoch", "2");
    }

    @Test
    void a_unit_that_etcd_processed_goes_on_on_its_peers_and_its_old_worker_is_stopped(JujuEmulator juju)
            throws IOException, InterruptedException {
        juju.deploy(new Original(), "app", 2);
        juju.settle(LIMIT);
        Process worker = process("x/charmlibs/rollingops/_etcd/_rollingops.py", "app/1");
        Process other = process("x/charmlibs/rollingops/_etcd/_rollingops.py", "app/7");
        try {
            writes(juju, "app/0", "etcd-rollingops-worker-pid=" + other.pid());
            writes(
                    juju,
                    "app/1",
                    "state=request",
                    "operations=[" + operation("restart", FIRST, 1) + "]",
                    "etcd-rollingops-worker-pid=" + worker.pid());
            juju.exec("app/1", "relation-set -r restart:0 processing_backend=etcd etcd_cleanup_needed=false");
            RollingCharm charm = new RollingCharm(folder);
            juju.upgrade("app", charm);
            charm.settle(juju);
            assertThat(charm.notes()).containsExactly("begin app/1 restart", "end app/1 restart");
            assertThat(juju.databag("restart", "app/1"))
                    .containsEntry("processing_backend", "peer")
                    .containsEntry("etcd_cleanup_needed", "true")
                    .doesNotContainKey("etcd-rollingops-worker-pid");
            assertThat(worker.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(other.isAlive())
                    .as("the number stands for another unit's process")
                    .isTrue();
            assertThat(juju.databag("restart", "app/0")).doesNotContainKey("etcd-rollingops-worker-pid");
        } finally {
            worker.destroy();
            other.destroy();
        }
    }

    /** A process with such a command line that waits until its input ends. */
    private static Process process(String program, String unit) throws IOException {
        return new ProcessBuilder("sh", "-c", "cat; true", program, "--unit-name", unit).start();
    }

    @Test
    void what_the_library_before_the_original_left_does_no_harm(JujuEmulator juju) {
        juju.deploy(new Original(), "app", 2);
        juju.settle(LIMIT);
        juju.exec("app/0", "relation-set -r restart:0 state=release");
        juju.exec("app/1", "relation-set -r restart:0 state=acquire");
        RollingCharm charm = new RollingCharm(folder);
        juju.upgrade("app", charm);
        charm.settle(juju);
        juju.runAction("app/1", "restart", Map.of()).result();
        charm.settle(juju);
        assertThat(charm.notes()).containsExactly("begin app/1 restart", "end app/1 restart");
    }

    /** What the original keeps beside state and queue is written too. */
    private static void writes(JujuEmulator juju, String unit, String... values) {
        String all = String.join(" ", values) + " processing_backend=peer etcd_cleanup_needed=true";
        assertThat(juju.exec(unit, "relation-set -r restart:0 " + all).exitCode())
                .isZero();
    }

    private static String operation(String callback, String requestedAt, int attempt) {
        return "{\"callback_id\":\"" + callback + "\",\"requested_at\":\"" + requestedAt
                + "\",\"max_retry\":2,\"attempt\":" + attempt + ",\"result\":null,\"kwargs\":{}}";
    }

    /** Stands for a charm with the original: does nothing by itself, and runs the hook commands that it is given. */
    private static final class Original implements EmulatedCharm {
        @Override
        public CharmMetadata metadata() {
            return CharmMetadata.named("rolling").withPeer("restart", "rolling_op");
        }

        @Override
        public void run(HookRun hook) {
            if (!hook.commands().isEmpty()) {
                List<String> words = List.of(hook.commands().split(" "));
                hook.run(words.get(0), words.subList(1, words.size()).toArray(String[]::new));
            }
        }
    }
}
