// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The safety of the peer protocol. One seed again, with its story:
 *
 * <pre>mvn -pl core test -Dtest=PeerSimulationTest -Drollingops.seed=123</pre>
 *
 * <p>A longer campaign: {@code -Drollingops.seeds=1000000}.
 */
@Order(1)
class PeerSimulationTest {
    private static final long SEEDS = Long.getLong("rollingops.seeds", 20_000);
    private static final long SEEDS_FOR_A_BUG = 20_000;

    /** Each found a rare mistake once, so these are tried first. Only an order: when none finds it any more, all are tried. */
    private static final List<Long> FOUND_BEFORE =
            List.of(5_603L, 6_077L, 6_528L, 7_333L, 10_009L, 10_012L, 10_149L, 17_510L);

    @Test
    void whatever_fails_no_two_units_run_at_once_and_nothing_is_lost() {
        assertThat(stories(false)).isEmpty();
    }

    @Test
    void nor_do_they_when_etcd_fails_and_units_change_between_etcd_and_peers() {
        assertThat(stories(true)).isEmpty();
    }

    private static List<String> stories(boolean withEtcd) {
        Optional<Long> one = Optional.ofNullable(Long.getLong("rollingops.seed"));
        LongStream seeds = one.map(LongStream::of).orElseGet(() -> LongStream.range(0, SEEDS));
        return seeds.parallel()
                .mapToObj(seed -> PeerSimulation.run(seed, withEtcd))
                .filter(result -> !result.isClean())
                .limit(3)
                .map(result -> PeerSimulation.replay(result.seed(), withEtcd).story())
                .toList();
    }

    @ParameterizedTest
    @EnumSource(value = Bug.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void a_mistake_put_in_on_purpose_is_found(Bug bug) {
        boolean withEtcd = bug.name().startsWith("ETCD") || bug.name().startsWith("BLOCK");
        Optional<PeerSimulation.Result> found = firstUnclean(
                        FOUND_BEFORE.stream().mapToLong(Long::longValue), withEtcd, bug)
                .or(() -> firstUnclean(LongStream.range(0, SEEDS_FOR_A_BUG), withEtcd, bug));
        assertThat(found).isPresent();
    }

    private static Optional<PeerSimulation.Result> firstUnclean(LongStream seeds, boolean withEtcd, Bug bug) {
        return seeds.parallel()
                .mapToObj(seed -> PeerSimulation.run(seed, withEtcd, bug))
                .filter(result -> !result.isClean())
                .findAny();
    }

    @Test
    void the_same_seed_gives_the_same_history() {
        for (long seed = 0; seed < 20; seed++) {
            boolean withEtcd = seed % 2 == 0;
            assertThat(PeerSimulation.run(seed, withEtcd).history())
                    .isEqualTo(PeerSimulation.run(seed, withEtcd).history());
        }
    }

    /** What the table of faults does not promise: exclusion while a holder sleeps longer than its lease lives. */
    @Test
    void a_pause_longer_than_the_lease_breaks_exclusion_and_nothing_else() {
        List<PeerSimulation.Result> broken = LongStream.range(0, 4_000)
                .parallel()
                .mapToObj(seed -> PeerSimulation.runWithLongPauses(seed, false))
                .filter(result -> !result.isClean())
                .toList();
        assertThat(broken)
                .isNotEmpty()
                .allSatisfy(
                        result -> assertThat(result.violations()).allMatch(violation -> violation.startsWith("I1 ")));
    }

    @Test
    void with_hold_a_pause_of_any_length_keeps_exclusion() {
        List<PeerSimulation.Result> broken = LongStream.range(0, 4_000)
                .parallel()
                .mapToObj(seed -> PeerSimulation.runWithLongPauses(seed, true))
                .filter(result -> !result.isClean())
                .toList();
        assertThat(broken.stream().map(PeerSimulation.Result::story)).isEmpty();
    }
}
