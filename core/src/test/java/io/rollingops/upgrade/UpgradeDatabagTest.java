// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.rollingops.UnitName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What stands in the databags, ours and the original's, whole and damaged. */
class UpgradeDatabagTest {

    @ParameterizedTest
    @EnumSource(UpgradeState.class)
    void a_state_is_the_lower_case_word_of_the_original(UpgradeState state) {
        assertThat(UpgradeState.ofWire(state.wire())).contains(state);
        assertThat(UpgradeState.ofWire(state.name())).isEmpty();
    }

    @Test
    void a_databag_of_the_original_tells_a_state_and_nothing_else() {
        UnitUpgrade unit = UnitUpgrade.read(Map.of("state", "ready", "sync-standbys", "app/1"));
        assertThat(unit.is(UpgradeState.READY)).isTrue();
        assertThat(unit.tellsReleases()).isFalse();
        assertThat(unit.damage()).isEmpty();
        assertThat(unit.hasNoted(7)).isTrue();
    }

    @Test
    void only_keys_that_change_are_written_and_an_empty_value_deletes() {
        UnitUpgrade ready = UnitUpgrade.read(Map.of(
                "state",
                "ready",
                "upgrade-round",
                "3",
                "upgrade-offered",
                "2",
                "upgrade-installed",
                "1",
                "other",
                "x"));
        assertThat(UnitUpgrade.changes(ready, ready.begun()))
                .isEqualTo(Map.of("state", "upgrading", "upgrade-installed", ""));
        assertThat(UnitUpgrade.changes(ready, ready.completed()))
                .isEqualTo(Map.of("state", "completed", "upgrade-done", "3"));
    }

    @Test
    void a_problem_survives_the_databag_and_a_damaged_one_is_shown_as_it_is() {
        Problem problem = new Problem("it \"fails\"", "exit status 1", "look");
        assertThat(Problem.read(problem.write())).isEqualTo(problem);
        assertThat(Problem.read("what?")).isEqualTo(new Problem("what?", "", ""));
        assertThat(new Problem("x".repeat(Problem.MAX_CHARS + 1), "", "").message())
                .hasSize(Problem.MAX_CHARS);
    }

    @ParameterizedTest
    @CsvSource({"state,READY", "upgrade-round,-1", "upgrade-round,many"})
    void what_a_unit_says_that_cannot_be_read_is_named(String key, String value) {
        UnitUpgrade unit = UnitUpgrade.read(Map.of(key, value));
        assertThat(unit.damage()).containsOnlyKeys(key);
        assertThat(unit.hasNoted(0)).isEqualTo(!key.equals("upgrade-round"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "upgrade-stack;[0, 1",
                "upgrade-stack;{}",
                "upgrade-stack;[-1]",
                "upgrade-stack;[1, 1]",
                "upgrade-stack;['1']",
                "upgrade-stack;[2147483648]",
                "upgrade-round;1.5",
                "upgrade-pause;soon",
                "upgrade-orders;[1]",
                "upgrade-orders;[{\"round\": 1, \"order\": \"dance\", \"reason\": \"\"}]"
            })
    void what_the_application_says_that_cannot_be_read_is_named(String key, String value) {
        assertThat(ApplicationUpgrade.read("app", Map.of(key, value)).damage()).containsOnlyKeys(key);
    }

    @Test
    void the_application_is_written_as_it_was_read() {
        Map<String, String> bag = Map.of(
                "dependencies", "{}",
                "upgrade-stack", "[0, 2, 1]",
                "upgrade-round", "4",
                "upgrade-pause", "1",
                "upgrade-orders", "[{\"round\": 4, \"order\": \"leave-out\", \"unit\": 3, \"reason\": \"dead\"}]",
                "upgrade-target", "1.1",
                "upgrade-previous", "1.0");
        ApplicationUpgrade read = ApplicationUpgrade.read("app", bag);
        assertThat(read.damage()).isEmpty();
        assertThat(ApplicationUpgrade.changes(ApplicationUpgrade.read("app", Map.of()), read))
                .isEqualTo(bag);
        assertThat(read.stack().top()).contains(UpgradeWorld.unit(1));
    }

    @Test
    void a_stack_has_a_limit() {
        List<UnitName> many = IntStream.range(0, UpgradeStack.MAX_UNITS)
                .mapToObj(UpgradeWorld::unit)
                .toList();
        UpgradeStack full = new UpgradeStack(many);
        assertThat(UpgradeStack.read("app", full.write())).isEqualTo(full);
        List<UnitName> tooMany = IntStream.rangeClosed(0, UpgradeStack.MAX_UNITS)
                .mapToObj(UpgradeWorld::unit)
                .toList();
        assertThatIllegalArgumentException().isThrownBy(() -> new UpgradeStack(tooMany));
    }

    @Test
    void the_state_of_lowest_rank_is_the_applications_and_a_missing_one_is_told() {
        UnitUpgrade failed = UnitUpgrade.read(Map.of("state", "failed"));
        UnitUpgrade ready = UnitUpgrade.read(Map.of("state", "ready"));
        assertThat(ClusterState.of(Map.of(UpgradeWorld.unit(0), ready, UpgradeWorld.unit(1), failed)))
                .isEqualTo(new ClusterState.Is(UpgradeState.FAILED));
        assertThat(ClusterState.of(Map.of())).isEqualTo(new ClusterState.NoUnits());
        assertThat(ClusterState.of(Map.of(UpgradeWorld.unit(0), ready, UpgradeWorld.unit(1), UnitUpgrade.NEW)))
                .isInstanceOfSatisfying(
                        ClusterState.Unknown.class,
                        unknown -> assertThat(unknown.units()).containsOnlyKeys(UpgradeWorld.unit(1)));
    }

    @Test
    void a_unit_that_is_done_for_a_round_is_so_for_earlier_ones() {
        UnitUpgrade unit = UnitUpgrade.read(Map.of("state", "completed", "upgrade-done", "4"));
        assertThat(unit.done()).isEqualTo(OptionalLong.of(4));
        assertThat(List.of(unit.isDoneFor(3), unit.isDoneFor(4), unit.isDoneFor(5)))
                .containsExactly(true, true, false);
        assertThat(unit.idle().done()).isEmpty();
    }

    @Test
    void an_order_without_reason_is_not_accepted() {
        assertThatIllegalArgumentException().isThrownBy(() -> new UpgradeCommand.Abandon(" "));
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new UpgradeCommand.Check(Optional.empty(), new UpgradePause.Never(), Optional.of("")));
    }
}
