// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The safety of upgrades, and that they come to an end. Whoever fails here prints the command that runs that seed again
 * alone, with its story.
 *
 * <p>A longer campaign: {@code mvn test -pl core -Dtest=UpgradeSimulationTest -Drollingops.seeds=1000000}.
 */
class UpgradeSimulationTest {
    private static final long SEEDS = Long.getLong("rollingops.seeds", 20_000);
    private static final long SEEDS_FOR_A_BUG = 20_000;

    @Test
    void whatever_fails_no_two_units_upgrade_at_once_and_a_person_always_finds_the_way_out(TestInfo test) {
        List<String> stories = Seeds.below(SEEDS)
                .mapToObj(seed -> run(test, seed))
                .filter(result -> !result.isClean())
                .limit(3)
                .map(result -> "again: " + Seeds.again(test, result.seed()) + "\n"
                        + UpgradeSimulation.replay(result.seed(), UpgradeBug.NONE)
                                .story())
                .toList();
        assertThat(stories).isEmpty();
    }

    private static UpgradeSimulation.Result run(TestInfo test, long seed) {
        try {
            return UpgradeSimulation.run(seed, UpgradeBug.NONE);
        } catch (RuntimeException | AssertionError broken) {
            throw Seeds.broke(test, seed, broken);
        }
    }

    @ParameterizedTest
    @EnumSource(value = UpgradeBug.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void a_mistake_put_in_on_purpose_is_found(UpgradeBug bug) {
        Optional<UpgradeSimulation.Result> found = LongStream.range(0, SEEDS_FOR_A_BUG)
                .parallel()
                .mapToObj(seed -> UpgradeSimulation.run(seed, bug))
                .filter(result -> !result.isClean())
                .findAny();
        assertThat(found).isPresent();
    }

    @Test
    void the_same_seed_gives_the_same_history() {
        for (long seed = 0; seed < 20; seed++) {
            assertThat(UpgradeSimulation.replay(seed, UpgradeBug.NONE).diary())
                    .isNotEmpty()
                    .isEqualTo(UpgradeSimulation.replay(seed, UpgradeBug.NONE).diary());
        }
    }
}
