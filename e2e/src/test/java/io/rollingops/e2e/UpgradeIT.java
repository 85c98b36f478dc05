// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Upgrades of three agents with a version file and a health check, by the command line. */
@Timeout(240)
class UpgradeIT {
    private static final Duration LEASE = Duration.ofSeconds(10);
    private static final int FAILED = 1;
    private static final int REFUSED = 4;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    @Test
    void an_upgrade_that_fails_on_the_second_unit_is_rolled_back_and_then_succeeds()
            throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.startUpgradable(folder, LEASE)) {
            web.awaitUpgrade(UpgradeIT::allAreIdle);
            List<String> order = order(run(web, "upgrade", "check", "--to", "1.1"));
            assertThat(order).containsExactlyInAnyOrder("web/0", "web/1", "web/2");
            Files.writeString(folder.resolve("broken-1.1"), order.get(1));

            run(web, "upgrade", "start", "--to", "1.1");
            web.request("work", Map.of(), 0, 1, 2); // restarts, meanwhile
            Json.Obj failed = web.awaitUpgrade(seen -> seen.string("phase").equals("failed"));

            assertThat(states(failed))
                    .containsExactlyInAnyOrder(
                            order.get(0) + " completed", order.get(1) + " failed", order.get(2) + " ready");
            assertThat(versions(order)).containsExactly("1.1", "1.1", "1.0");
            assertThat(failed.string("next")).contains("rollingops upgrade retry " + order.get(1), "upgrade rollback");
            assertThat(run(web, "upgrade", "status"))
                    .contains("failed, to 1.1 (previous release 1.0)", "the workload is not well with 1.1");

            run(web, "upgrade", "rollback", "--reason", "it is not well");
            web.awaitUpgrade(UpgradeIT::isOver);
            assertThat(versions(order)).containsExactly("1.0", "1.0", "1.0");

            Cli again = web.begin(1, "upgrade", "start", "--to", "1.1", "--wait");
            assertThat(again.await()).as(again.err()).isEqualTo(FAILED);
            assertThat(again.out())
                    .contains(order.get(0) + "  completed", order.get(1) + " failed", "rollingops upgrade retry");
            Files.delete(folder.resolve("broken-1.1"));
            assertThat(run(web, "upgrade", "retry", order.get(1), "--reason", "mended", "--wait"))
                    .contains(order.get(2) + "  completed", "all units are done");
            Json.Obj over = web.awaitUpgrade(seen -> isOver(seen) && allHave(seen, "1.1"));

            assertThat(versions(order)).containsExactly("1.1", "1.1", "1.1");
            assertThat(states(over)).containsExactlyInAnyOrder("web/0 idle", "web/1 idle", "web/2 idle");
            assertThat(Files.readAllLines(folder.resolve("brought")))
                    .as("who was replaced: not the third before the first success, and in the same order twice")
                    .containsExactly(
                            order.get(0) + " 1.1",
                            order.get(1) + " 1.1",
                            order.get(1) + " 1.0",
                            order.get(0) + " 1.0",
                            order.get(0) + " 1.1",
                            order.get(1) + " 1.1",
                            order.get(1) + " 1.1",
                            order.get(2) + " 1.1");
            web.assertHistoryIsClean();
            assertThat(web.log().runs()).as("eight turns and three restarts").hasSize(11);
        }
    }

    @Test
    void a_turn_that_a_crash_ended_begins_again_and_a_halt_waits_for_the_operator()
            throws IOException, InterruptedException {
        try (TestApplication web = TestApplication.startUpgradable(folder, Duration.ofSeconds(2))) {
            web.awaitUpgrade(UpgradeIT::allAreIdle);
            Path unfit = Files.writeString(folder.resolve("unfit"), "");
            Cli refused = web.begin(0, "upgrade", "start", "--to", "1.1");
            assertThat(refused.await()).isEqualTo(REFUSED);
            assertThat(refused.err()).contains("The check of the workload says no", "a disk is full", "overrule");
            Files.delete(unfit);
            List<String> order = order(run(web, "upgrade", "plan", "--to", "1.1"));
            int first = number(order.get(0));
            Path hold = Files.writeString(folder.resolve("hold"), "");

            run(web, "upgrade", "start", "--to", "1.1", "--pause-after", "1");
            web.awaitThat(() -> Files.exists(folder.resolve("brought")));
            web.agent(first).kill();
            Files.delete(hold);
            web.agent(first).start();
            web.awaitUpgrade(seen -> seen.string("phase").equals("paused"));

            assertThat(versions(order)).containsExactly("1.1", "1.0", "1.0");
            Cli older = web.begin(0, "upgrade", "start", "--to", "0.9");
            assertThat(older.await()).isEqualTo(REFUSED);
            assertThat(older.err()).contains("cluster already upgrading");
            run(web, "upgrade", "resume");
            web.awaitUpgrade(seen -> isOver(seen) && allHave(seen, "1.1"));
            assertThat(versions(order)).containsExactly("1.1", "1.1", "1.1");
            assertThat(Files.readAllLines(folder.resolve("brought")))
                    .containsExactly(
                            order.get(0) + " 1.1", order.get(0) + " 1.1", order.get(1) + " 1.1", order.get(2) + " 1.1");
        }
    }

    private static String run(TestApplication web, String... arguments) throws IOException, InterruptedException {
        Cli command = web.begin(1, arguments);
        assertThat(command.await()).as(command.err()).isZero();
        return command.out();
    }

    /** From {@code checked; the order is web/2, web/1, web/0}. */
    private static List<String> order(String answer) {
        String prefix = "checked; the order is ";
        assertThat(answer).startsWith(prefix);
        return List.of(answer.strip().substring(prefix.length()).split(", "));
    }

    private List<String> versions(List<String> units) throws IOException {
        List<String> versions = new ArrayList<>();
        for (String unit : units) {
            versions.add(Files.readString(folder.resolve("state-" + number(unit) + "/VERSION"))
                    .strip());
        }
        return versions;
    }

    private static int number(String unit) {
        return Integer.parseInt(unit.substring(unit.indexOf('/') + 1));
    }

    private static boolean isOver(Json.Obj seen) {
        return seen.string("phase").equals("idle");
    }

    private static boolean allAreIdle(Json.Obj seen) {
        return states(seen).stream().filter(state -> state.endsWith(" idle")).count() == TestApplication.UNITS;
    }

    private static boolean allHave(Json.Obj seen, String release) {
        return TestApplication.units(seen).stream()
                .allMatch(unit -> unit.find("installed").isPresent()
                        && unit.string("installed").equals(release));
    }

    private static List<String> states(Json.Obj seen) {
        return TestApplication.units(seen).stream()
                .map(unit -> unit.string("unit") + " " + unit.string("state"))
                .toList();
    }
}
