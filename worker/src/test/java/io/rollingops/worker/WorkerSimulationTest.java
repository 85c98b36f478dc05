// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.manager.ClusterLossPolicy;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever fails, charms that share a lock keep what is promised. One seed can be run again alone: {@code mvn test -pl
 * worker -am -Dtest=WorkerSimulationTest -Drollingops.seed=17 -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class WorkerSimulationTest {
    private static final int SEEDS = 300;

    @ParameterizedTest
    @EnumSource(ClusterLossPolicy.class)
    void whatever_fails_nobody_runs_beside_another_and_everything_is_done(ClusterLossPolicy policy) {
        long only = Long.getLong("rollingops.seed", -1);
        LongStream seeds = only < 0 ? LongStream.range(0, SEEDS) : LongStream.of(only);
        List<Run> runs = seeds.parallel().mapToObj(seed -> Run.of(seed, policy)).toList();
        int begun = 0;
        int begunWithToken = 0;
        for (Run run : runs) {
            assertThat(run.violations()).as("seed %d, %s", run.seed(), policy).isEmpty();
            begun += run.begun();
            begunWithToken += run.begunWithToken();
        }
        assertThat(begunWithToken)
                .as("of %d callbacks under the shared lock", begun)
                .isGreaterThan(0);
    }

    @Test
    void a_hook_that_does_not_hear_that_its_lock_is_lost_is_found() {
        assertThat(LongStream.range(0, SEEDS)
                        .parallel()
                        .mapToObj(seed -> new WorkerSimulation(seed, ClusterLossPolicy.BLOCK, true).run())
                        .anyMatch(violations -> !violations.isEmpty()))
                .isTrue();
    }

    /** What became of a seed; seeds are independent of each other, so several run at once. */
    private record Run(long seed, List<String> violations, int begun, int begunWithToken) {
        private static Run of(long seed, ClusterLossPolicy policy) {
            WorkerSimulation simulation = new WorkerSimulation(seed, policy, false);
            return new Run(seed, simulation.run(), simulation.begun(), simulation.begunWithToken());
        }
    }
}
