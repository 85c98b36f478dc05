// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.manager.ClusterLossPolicy;
import java.util.List;
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
        int begun = 0;
        int begunWithToken = 0;
        for (long seed = Math.max(only, 0); seed < (only < 0 ? SEEDS : only + 1); seed++) {
            WorkerSimulation simulation = new WorkerSimulation(seed, policy, false);
            List<String> violations = simulation.run();
            assertThat(violations).as("seed %d, %s", seed, policy).isEmpty();
            begun += simulation.begun();
            begunWithToken += simulation.begunWithToken();
        }
        assertThat(begunWithToken)
                .as("of %d callbacks under the shared lock", begun)
                .isGreaterThan(0);
    }

    @Test
    void a_hook_that_does_not_hear_that_its_lock_is_lost_is_found() {
        long seed = 0;
        while (seed < SEEDS
                && new WorkerSimulation(seed, ClusterLossPolicy.BLOCK, true)
                        .run()
                        .isEmpty()) {
            seed++;
        }
        assertThat(seed).isLessThan(SEEDS);
    }
}
