// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.io.PrintWriter;
import java.io.Writer;
import org.junit.jupiter.api.Test;

/** When somebody who waits for an upgrade is told that it is over, and how. */
class UpgradeWatchTest {

    @Test
    void as_long_as_it_goes_on_there_is_no_verdict() {
        assertThat(UpgradeWatch.Verdict.of(
                        report("upgrading", unit("completed", "1.1", true), unit("upgrading", "", true))))
                .isEmpty();
    }

    @Test
    void it_is_over_when_all_have_what_they_should_have() {
        assertThat(UpgradeWatch.Verdict.of(report("idle", unit("idle", "1.1", true), unit("idle", "1.1", true))))
                .contains(new UpgradeWatch.Verdict(ExitCodes.OK, "all units are done"));
        assertThat(UpgradeWatch.Verdict.of(report("idle", unit("idle", "1.1", true), unit("idle", "1.0", true))))
                .as("it was abandoned, or the unit skipped")
                .contains(new UpgradeWatch.Verdict(
                        ExitCodes.FAILED, "the upgrade has ended, and web/1 does not have 1.1"));
    }

    @Test
    void a_halt_is_what_was_ordered() {
        assertThat(UpgradeWatch.Verdict.of(
                        report("paused", unit("completed", "1.1", true), unit("ready", "1.0", true))))
                .contains(new UpgradeWatch.Verdict(ExitCodes.OK, "the upgrade halts\nresume or go back"));
    }

    @Test
    void a_failure_counts_once_its_unit_knows_the_last_order_and_not_before() {
        Json.Obj old = report("failed", unit("failed", "", false));
        assertThat(UpgradeWatch.Verdict.of(old)).isEmpty();
        Json.Obj onTheWayBack = JsonText.parseObject(JsonText.write(old)
                .replace("\"noted\":false", "\"noted\":true")
                .replace("\"target\":\"1.1\"", "\"target\":\"1.0\""));
        assertThat(UpgradeWatch.Verdict.of(onTheWayBack)).isEmpty();
        assertThat(UpgradeWatch.Verdict.of(report("failed", unit("failed", "", true))))
                .contains(new UpgradeWatch.Verdict(ExitCodes.FAILED, "web/0 failed\nresume or go back"));
    }

    @Test
    void a_damaged_databag_needs_a_person() {
        assertThat(UpgradeWatch.Verdict.of(report("damaged", unit("ready", "1.0", true))))
                .contains(new UpgradeWatch.Verdict(ExitCodes.FAILED, "resume or go back"));
    }

    @Test
    void every_step_is_told_once_and_nothing_from_before_the_order() {
        UpgradeWatch watch = new UpgradeWatch(new PrintWriter(Writer.nullWriter()));
        assertThat(watch.news(report("upgrading", unit("failed", "", false), unit("ready", "1.0", true))))
                .isEmpty();
        Json.Obj begun = report("upgrading", unit("upgrading", "", true), unit("ready", "1.0", true));
        assertThat(watch.news(begun)).containsExactly("web/0  upgrading");
        assertThat(watch.news(begun)).isEmpty();
        assertThat(watch.news(report("upgrading", unit("completed", "1.1", true), unit("upgrading", "", true))))
                .containsExactly("web/0  completed", "web/1  upgrading");
    }

    private static Json.Obj report(String phase, String... units) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < units.length; i++) {
            text.append(i == 0 ? "" : ",").append(units[i].replace("UNIT", "web/" + i));
        }
        return JsonText.parseObject("{\"phase\":\"" + phase
                + "\",\"target\":\"1.1\",\"next\":\"resume or go back\",\"units\":[" + text + "]}");
    }

    private static String unit(String state, String installed, boolean noted) {
        return "{\"unit\":\"UNIT\",\"state\":\"" + state + "\",\"wanted\":\"1.1\",\"noted\":" + noted
                + (installed.isEmpty() ? "" : ",\"installed\":\"" + installed + "\"") + "}";
    }
}
