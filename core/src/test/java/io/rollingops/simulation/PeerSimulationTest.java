// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The safety of the peer protocol. Whoever fails here prints the command that runs that seed again alone, with its story.
 *
 * <p>A longer campaign: {@code mvn test -pl core -Dtest=PeerSimulationTest -Drollingops.seeds=1000000}.
 */
@Order(1)
class PeerSimulationTest {
    private static final long SEEDS = Long.getLong("rollingops.seeds", 20_000);
    private static final long SEEDS_FOR_A_BUG = 20_000;
    private static final long SEEDS_WITH_LONG_PAUSES = 4_000;

    /** Each found a rare mistake once, so these are tried first. Only an order: when none finds it any more, all are tried. */
    private static final List<Long> FOUND_BEFORE =
            List.of(5_603L, 6_077L, 6_528L, 7_333L, 10_009L, 10_012L, 10_149L, 17_510L);

    @Test
    void whatever_fails_no_two_units_run_at_once_and_nothing_is_lost(TestInfo test) {
        assertThat(stories(
                        test,
                        Seeds.below(SEEDS),
                        seed -> PeerSimulation.run(seed, false),
                        seed -> PeerSimulation.replay(seed, false)))
                .isEmpty();
    }

    @Test
    void nor_do_they_when_etcd_fails_and_units_change_between_etcd_and_peers(TestInfo test) {
        assertThat(stories(
                        test,
                        Seeds.below(SEEDS),
                        seed -> PeerSimulation.run(seed, true),
                        seed -> PeerSimulation.replay(seed, true)))
                .isEmpty();
    }

    /** What went wrong, each with the command that tries its seed again. */
    private static List<String> stories(
            TestInfo test,
            LongStream seeds,
            LongFunction<PeerSimulation.Result> run,
            LongFunction<PeerSimulation.Result> replay) {
        return unclean(test, seeds, run)
                .limit(3)
                .map(result -> "again: " + Seeds.again(test, result.seed()) + "\n"
                        + replay.apply(result.seed()).story())
                .toList();
    }

    private static Stream<PeerSimulation.Result> unclean(
            TestInfo test, LongStream seeds, LongFunction<PeerSimulation.Result> run) {
        return seeds.parallel()
                .mapToObj(seed -> {
                    try {
                        return run.apply(seed);
                    } catch (RuntimeException | AssertionError broken) {
                        throw Seeds.broke(test, seed, broken);
                    }
                })
                .filter(result -> !result.isClean());
    }

    @Test
    void what_fails_is_told_with_the_command_that_runs_it_again(TestInfo test) {
        List<String> stories = stories(
                test,
                LongStream.range(0, 200),
                seed -> PeerSimulation.run(seed, false, Bug.NO_DEADLINE),
                seed -> PeerSimulation.run(seed, false, Bug.NO_DEADLINE));
        assertThat(stories)
                .isNotEmpty()
                .allSatisfy(
                        story -> assertThat(story)
                                .matches(
                                        "(?s)again: mvn test -pl core -Dtest='PeerSimulationTest#"
                                                + "what_fails_is_told_with_the_command_that_runs_it_again' -Drollingops.seed=(\\d+)\nseed \\1: .*"));
        assertThatThrownBy(() -> unclean(test, LongStream.of(7), seed -> {
                            throw new IllegalStateException("broken");
                        })
                        .toList())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("-Drollingops.seed=7");
    }

    @ParameterizedTest
    @EnumSource(value = Bug.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void a_mistake_put_in_on_purpose_is_found(Bug bug, TestInfo test) {
        boolean withEtcd = bug.name().startsWith("ETCD") || bug.name().startsWith("BLOCK");
        LongFunction<PeerSimulation.Result> run = seed -> PeerSimulation.run(seed, withEtcd, bug);
        Optional<PeerSimulation.Result> found = unclean(
                        test, FOUND_BEFORE.stream().mapToLong(Long::longValue), run)
                .findAny()
                .or(() ->
                        unclean(test, LongStream.range(0, SEEDS_FOR_A_BUG), run).findAny());
        assertThat(found).isPresent();
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
    void a_pause_longer_than_the_lease_breaks_exclusion_and_nothing_else(TestInfo test) {
        List<PeerSimulation.Result> broken = unclean(
                        test,
                        LongStream.range(0, SEEDS_WITH_LONG_PAUSES),
                        seed -> PeerSimulation.runWithLongPauses(seed, false))
                .toList();
        assertThat(broken)
                .isNotEmpty()
                .allSatisfy(
                        result -> assertThat(result.violations()).allMatch(violation -> violation.startsWith("I1 ")));
    }

    @Test
    void with_hold_a_pause_of_any_length_keeps_exclusion(TestInfo test) {
        assertThat(stories(
                        test,
                        Seeds.below(SEEDS_WITH_LONG_PAUSES),
                        seed -> PeerSimulation.runWithLongPauses(seed, true),
                        seed -> PeerSimulation.replayWithLongPauses(seed, true)))
                .isEmpty();
    }
}
