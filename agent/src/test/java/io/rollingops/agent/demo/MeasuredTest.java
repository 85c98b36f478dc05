// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the demo calls good, and everything that it must not. */
class MeasuredTest {
    private static final UnitName ONE = new UnitName("web", 0);
    private static final UnitName TWO = new UnitName("web", 1);
    private static final RollLog.Turn FIRST = new RollLog.Turn("web/0", 1, 100, 200);
    private static final RollLog.Turn SECOND = new RollLog.Turn("web/1", 2, 300, 400);
    private static final Prober.Outage ONE_DOWN = new Prober.Outage(ONE, 100, 110, 190, 200);
    private static final Prober.Outage TWO_DOWN = new Prober.Outage(TWO, 300, 310, 390, 400);
    private static final Map<UnitName, String> BEFORE = Map.of(ONE, "10", TWO, "20");
    private static final Map<UnitName, String> AFTER = Map.of(ONE, "11", TWO, "21");
    private static final Map<UnitName, Integer> ONE_TURN_EACH = Map.of();

    private final StringWriter printed = new StringWriter();

    @Test
    void one_after_the_other_and_each_once_is_good() {
        Measured roll = roll(List.of(FIRST, SECOND), ONE_DOWN, TWO_DOWN);

        assertThat(roll.problems()).isEmpty();
        assertThat(roll.mostDownAtOnce()).isEqualTo(1);
        assertThat(isGood(roll, List.of())).isTrue();
        assertThat(printed.toString()).contains("Good: one after the other", "never more than one of 2");
    }

    @Test
    void two_services_down_at_once_are_not_good() {
        Measured roll = roll(List.of(FIRST, SECOND), ONE_DOWN, new Prober.Outage(TWO, 180, 185, 390, 400));

        assertThat(roll.problems()).containsExactly("2 services were down at once");
        assertThat(isGood(roll, List.of())).isFalse();
        assertThat(printed.toString())
                .contains("UP TO 2 of 2", "PROBLEM      2 services were down at once", "That was wrong.");
    }

    /** Between the last answer and the first failed probe nobody knows: that is no proof of two down at once. */
    @Test
    void outages_that_only_may_have_met_are_good() {
        assertThat(roll(List.of(FIRST, SECOND), ONE_DOWN, new Prober.Outage(TWO, 180, 190, 390, 400))
                        .problems())
                .isEmpty();
    }

    @Test
    void a_service_that_is_down_twice_is_still_one_service() {
        Measured roll = roll(List.of(FIRST, SECOND), ONE_DOWN, new Prober.Outage(ONE, 100, 120, 150, 160));

        assertThat(roll.mostDownAtOnce()).isEqualTo(1);
    }

    @Test
    void two_callbacks_at_once_are_not_good_although_no_service_was_down() {
        assertThat(roll(List.of(FIRST, new RollLog.Turn("web/1", 2, 199, 400))).problems())
                .containsExactly("web/0 and web/1 ran at once");
    }

    @Test
    void a_fencing_token_that_does_not_grow_is_not_good() {
        assertThat(roll(List.of(FIRST, new RollLog.Turn("web/1", 1, 300, 400))).problems())
                .containsExactly("the fencing token of web/1 did not grow");
    }

    @Test
    void a_turn_too_many_and_one_too_few_are_not_good() {
        RollLog.Turn again = new RollLog.Turn("web/0", 2, 300, 400);

        assertThat(roll(List.of(FIRST, again)).problems())
                .containsExactly("web/0 ran 2 times instead of 1", "web/1 ran 0 times instead of 1");
        assertThat(new Measured(new RollLog(List.of(FIRST, again)), seen(), BEFORE, AFTER, Map.of(ONE, 2, TWO, 0))
                        .problems())
                .isEmpty();
    }

    @Test
    void a_service_that_was_not_replaced_is_not_good() {
        Measured roll = new Measured(
                new RollLog(List.of(FIRST, SECOND)), seen(), BEFORE, Map.of(ONE, "11", TWO, "20"), ONE_TURN_EACH);

        assertThat(roll.problems()).containsExactly("web/1 is still the same process");
    }

    @Test
    void a_service_with_another_release_than_wanted_is_not_good() {
        List<String> further = Demo.releases(Map.of(ONE, "11 1.0"), " 1.1");

        assertThat(further).containsExactly("web/0 says '11 1.0', not 1.1");
        assertThat(Demo.releases(Map.of(ONE, "11 1.1"), " 1.1")).isEmpty();
        assertThat(isGood(roll(List.of(FIRST, SECOND)), further)).isFalse();
        assertThat(printed.toString()).contains("PROBLEM      web/0 says");
    }

    private boolean isGood(Measured roll, List<String> further) {
        return Demo.isGood(new PrintWriter(printed), roll, further, "");
    }

    private static Measured roll(List<RollLog.Turn> turns, Prober.Outage... outages) {
        return new Measured(new RollLog(turns), seen(outages), BEFORE, AFTER, ONE_TURN_EACH);
    }

    private static List<Prober.Seen> seen(Prober.Outage... outages) {
        return List.of(ONE, TWO).stream()
                .map(unit -> new Prober.Seen(
                        unit,
                        50,
                        List.of(outages).stream()
                                .filter(outage -> outage.unit().equals(unit))
                                .toList()))
                .toList();
    }
}
