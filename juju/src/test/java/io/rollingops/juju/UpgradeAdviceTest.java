// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.manager.Explanation;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.Substrate;
import io.rollingops.upgrade.UpgradeView;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever an upgrade waits for, an operator is told what, and what to type. */
class UpgradeAdviceTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            idle      | 1 | []     | none          | x | no upgrade is going on | ""
            idle      | 2 | []     | none          | x | app/0 has a new program and its old workload | pre-upgrade-check
            idle      | 1 | [0, 1] | none          | x | the upgrade is checked | juju refresh app; or juju run app/leader abandon-upgrade
            failed    | 2 | [0, 1] | none          | x | app/1 failed | juju run app/leader retry-upgrade unit=app/1
            recovery  | 2 | [0, 1] | none          | x | app/1 waits for the previous release | juju refresh app to the previous revision
            upgrading | 2 | [0, 1] | none          | x | app/1 is upgrading | a turn that was lost begins again by itself
            ready     | 2 | [0, 1] | upgrade-pause | 0 | the upgrade pauses | juju run app/leader resume-upgrade
            ready     | 3 | [1, 0] | none          | x | app/1 has the program of 3, not of 2 | juju refresh app to the revision that all shall have
            idle      | 1 | [1, 0] | none          | x | app/1 has no new program yet | juju run app/leader skip-upgrade unit=app/1 gone=true
            asleep    | 1 | [0, 1] | none          | x | app/1 cannot be read | remove app/1 and add another unit
            ready     | 2 | [0, 1] | upgrade-round | x | the application's databag cannot be read | juju run app/leader abandon-upgrade
            ready     | 2 | [0, 1] | none          | x | it is the turn of app/1 | ""
            """)
    void every_obstacle_comes_with_what_to_do(
            String state, String program, String stack, String key, String value, String reason, String remedy) {
        boolean isBegun = !state.equals("idle") || stack.equals("[1, 0]");
        Map<String, String> application = Map.of("upgrade-stack", stack, key, value);
        UnitName self = new UnitName("app", 0);
        UnitName second = new UnitName("app", 1);
        UpgradeView view = UpgradeView.read(
                self,
                true,
                new OwnFacts(
                        Substrate.VM,
                        new DependencyDocument(Map.of()),
                        new Release("2"),
                        Optional.empty(),
                        Map.of(),
                        false),
                List.of(self, second),
                Map.of(self, bag(isBegun ? "ready" : "idle", isBegun ? "2" : program), second, bag(state, program)),
                application,
                OptionalInt.empty());

        Explanation told = UpgradeAdvice.of(view);

        assertThat(told.reason()).startsWith(reason);
        if (remedy.isEmpty()) {
            assertThat(told.remedy()).isEmpty();
        } else {
            assertThat(told.remedy()).contains(remedy);
        }
    }

    private static Map<String, String> bag(String state, String program) {
        return Map.of("state", state, "upgrade-offered", program, "upgrade-installed", "1");
    }
}
