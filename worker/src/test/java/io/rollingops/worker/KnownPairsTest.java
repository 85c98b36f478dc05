// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.worker.KnownPairs.Access;
import io.rollingops.worker.KnownPairs.Step;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KnownPairsTest {
    private static final Access OLD = new Access("etcd:2379", "old");
    private static final Access NEW = new Access("etcd:2379", "new");

    @Test
    void nothing_is_done_while_the_present_pair_is_used() {
        KnownPairs pairs = new KnownPairs(NEW, NEW, Optional.empty());
        assertThat(pairs.next(false, true)).isEqualTo(Step.REST);
        assertThat(pairs.next(false, false)).as("there is no other one to try").isEqualTo(Step.REST);
        assertThat(new KnownPairs(NEW, NEW, Optional.of(OLD)).next(false, true)).isEqualTo(Step.REST);
    }

    @Test
    void a_new_place_is_used_at_once_with_the_pair_that_works() {
        Access moved = new Access("other:2379", "new");
        assertThat(new KnownPairs(NEW, moved, Optional.empty()).next(false, true))
                .isEqualTo(Step.USE_PRESENT);
        assertThat(new KnownPairs(OLD, moved, Optional.of(new Access("other:2379", "old"))).next(true, true))
                .isEqualTo(Step.USE_PREVIOUS);
    }

    @Test
    void a_pair_that_works_is_kept_from_where_it_lies_now_until_the_new_one_is_accepted() {
        KnownPairs pairs = new KnownPairs(OLD, NEW, Optional.of(OLD));
        assertThat(pairs.next(false, true)).isEqualTo(Step.USE_PREVIOUS);
        assertThat(pairs.next(true, true)).isEqualTo(Step.TRY_PRESENT);
        assertThat(pairs.next(true, false)).isEqualTo(Step.TRY_PRESENT);
    }

    @Test
    void a_new_pair_that_etcd_does_not_answer_gives_way_to_the_one_before_if_that_is_accepted() {
        assertThat(new KnownPairs(NEW, NEW, Optional.of(OLD)).next(false, false))
                .isEqualTo(Step.TRY_PREVIOUS);
    }

    @Test
    void a_pair_that_is_kept_nowhere_gives_way_at_once() {
        assertThat(new KnownPairs(OLD, NEW, Optional.empty()).next(false, true)).isEqualTo(Step.USE_PRESENT);
        Access older = new Access("etcd:2379", "older");
        assertThat(new KnownPairs(older, NEW, Optional.of(OLD)).next(true, true))
                .isEqualTo(Step.USE_PRESENT);
    }

    @Test
    void what_was_the_pair_before_and_is_present_again_is_read_from_its_place() {
        assertThat(new KnownPairs(OLD, OLD, Optional.of(NEW)).next(true, true)).isEqualTo(Step.USE_PRESENT);
    }
}
