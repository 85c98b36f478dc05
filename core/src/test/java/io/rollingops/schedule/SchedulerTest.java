// SPDX-License-Identifier: Apache-2.0
package io.rollingops.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SchedulerTest {
    private static final Slot FREE = new Slot(Optional.empty(), false);

    @Test
    void an_open_grant_is_never_taken_back() {
        Slot open = new Slot(Optional.of(unit(2)), true);
        assertThat(Scheduler.decide(open, List.of(view(0, Intent.RETRY_HOLD, 1, 1), view(1, Intent.REQUEST, 0, 0))))
                .isEqualTo(new Decision.Keep(unit(2)));
    }

    @Test
    void nobody_is_granted_when_nobody_asks() {
        assertThat(Scheduler.decide(FREE, List.of())).isEqualTo(new Decision.Idle());
        assertThat(Scheduler.decide(FREE, List.of(view(0, Intent.IDLE, 0, 7)))).isEqualTo(new Decision.Idle());
    }

    @Test
    void the_unit_that_holds_on_for_a_retry_goes_before_any_request() {
        Slot answered = new Slot(Optional.of(unit(1)), false);
        assertThat(Scheduler.decide(answered, List.of(view(0, Intent.REQUEST, 1, 0), view(1, Intent.RETRY_HOLD, 9, 5))))
                .isEqualTo(new Decision.Grant(unit(1)));
    }

    @Test
    void a_hold_that_was_passed_over_is_an_ordinary_retry() {
        Slot answered = new Slot(Optional.of(unit(0)), false);
        assertThat(Scheduler.decide(
                        answered,
                        List.of(
                                view(0, Intent.IDLE, 0, 6),
                                view(1, Intent.RETRY_HOLD, 1, 5),
                                view(2, Intent.REQUEST, 9, 0))))
                .isEqualTo(new Decision.Grant(unit(2)));
        assertThat(Scheduler.decide(
                        answered, List.of(view(1, Intent.RETRY_HOLD, 1, 5), view(2, Intent.RETRY_RELEASE, 9, 4))))
                .isEqualTo(new Decision.Grant(unit(2)));
        assertThat(Scheduler.decide(
                        answered, List.of(view(1, Intent.RETRY_HOLD, 1, 3), view(2, Intent.RETRY_RELEASE, 9, 4))))
                .isEqualTo(new Decision.Grant(unit(1)));
    }

    @Test
    void the_oldest_request_goes_first() {
        assertThat(Scheduler.decide(FREE, List.of(view(0, Intent.REQUEST, 30, 0), view(1, Intent.REQUEST, 20, 9))))
                .isEqualTo(new Decision.Grant(unit(1)));
    }

    @Test
    void requests_go_before_retries() {
        assertThat(Scheduler.decide(FREE, List.of(view(0, Intent.RETRY_RELEASE, 1, 1), view(1, Intent.REQUEST, 20, 9))))
                .isEqualTo(new Decision.Grant(unit(1)));
    }

    @Test
    void the_retry_whose_answer_lies_furthest_back_goes_first() {
        assertThat(Scheduler.decide(
                        FREE, List.of(view(0, Intent.RETRY_RELEASE, 1, 9), view(1, Intent.RETRY_RELEASE, 20, 8))))
                .isEqualTo(new Decision.Grant(unit(1)));
    }

    @Test
    void equal_ranks_are_settled_by_the_name() {
        assertThat(Scheduler.decide(FREE, List.of(view(10, Intent.REQUEST, 5, 0), view(2, Intent.REQUEST, 5, 0))))
                .isEqualTo(new Decision.Grant(unit(2)));
        assertThat(Scheduler.decide(
                        FREE, List.of(view(10, Intent.RETRY_RELEASE, 5, 3), view(2, Intent.RETRY_RELEASE, 6, 3))))
                .isEqualTo(new Decision.Grant(unit(2)));
    }

    @ParameterizedTest
    @EnumSource(Hindrance.class)
    void a_unit_with_a_hindrance_is_passed_over(Hindrance hindrance) {
        Slot answered = new Slot(Optional.of(unit(0)), false);
        UnitView hindered = new UnitView(unit(0), Intent.RETRY_HOLD, 1, 1, Optional.of(hindrance));
        assertThat(Scheduler.decide(answered, List.of(hindered, view(1, Intent.RETRY_RELEASE, 9, 9))))
                .isEqualTo(new Decision.Grant(unit(1)));
        assertThat(Scheduler.decide(answered, List.of(hindered))).isEqualTo(new Decision.Idle());
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void the_order_in_which_units_are_listed_never_matters(long seed) {
        Random random = new Random(seed);
        List<UnitView> units = new ArrayList<>();
        IntStream.range(0, 1 + random.nextInt(8))
                .forEach(i -> units.add(new UnitView(
                        unit(i),
                        List.of(Intent.values()).get(random.nextInt(4)),
                        random.nextInt(4),
                        random.nextInt(4),
                        random.nextInt(5) == 0 ? Optional.of(Hindrance.OFFLINE) : Optional.empty())));
        Slot slot = new Slot(Optional.of(unit(random.nextInt(units.size()))), false);

        Decision decision = Scheduler.decide(slot, units);
        for (int i = 0; i < 5; i++) {
            Collections.shuffle(units, random);
            assertThat(Scheduler.decide(slot, units)).isEqualTo(decision);
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static UnitView view(int number, Intent intent, long headOrder, long doneEpoch) {
        return new UnitView(unit(number), intent, headOrder, doneEpoch, Optional.empty());
    }

    private static UnitName unit(int number) {
        return new UnitName("app", number);
    }
}
