// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.WatchEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WatchCursorTest {
    private final WatchCursor cursor = new WatchCursor();

    @Test
    void a_watch_from_now_begins_after_the_revision_of_its_confirmation() {
        assertThat(cursor.next()).isZero();
        cursor.confirmed(new Revision(7));
        assertThat(cursor.next()).isEqualTo(8);
    }

    @Test
    void a_later_confirmation_does_not_skip_what_is_still_to_come() {
        cursor.confirmed(new Revision(7));
        cursor.interrupted();
        cursor.confirmed(new Revision(50));
        assertThat(cursor.next()).isEqualTo(8);
        assertThat(cursor.accept(List.of(event(8, "a")), false)).containsExactly(event(8, "a"));
    }

    @Test
    void what_was_told_is_not_told_again() {
        cursor.confirmed(new Revision(7));
        assertThat(cursor.accept(List.of(event(8, "a"), event(9, "a")), false)).hasSize(2);
        assertThat(cursor.accept(List.of(event(7, "a"), event(8, "a"), event(9, "a")), false))
                .isEmpty();
        assertThat(cursor.accept(List.of(event(9, "a"), event(10, "a")), false)).containsExactly(event(10, "a"));
    }

    @Test
    void a_revision_that_may_be_cut_in_two_is_told_when_it_is_whole() {
        cursor.confirmed(new Revision(7));
        assertThat(cursor.accept(List.of(event(8, "a"), event(9, "a")), true)).containsExactly(event(8, "a"));
        assertThat(cursor.accept(List.of(event(9, "b")), true)).isEmpty();
        assertThat(cursor.accept(List.of(event(9, "c"), event(10, "a")), false))
                .containsExactly(event(9, "a"), event(9, "b"), event(9, "c"), event(10, "a"));
        assertThat(cursor.next()).isEqualTo(11);
    }

    @Test
    void half_a_revision_before_a_break_comes_again_as_a_whole() {
        cursor.confirmed(new Revision(7));
        assertThat(cursor.accept(List.of(event(8, "a"), event(9, "a")), true)).containsExactly(event(8, "a"));
        cursor.interrupted();
        assertThat(cursor.next()).isEqualTo(9);
        assertThat(cursor.accept(List.of(event(9, "a"), event(9, "b")), false))
                .containsExactly(event(9, "a"), event(9, "b"));
    }

    @Test
    void progress_moves_the_place_to_go_on_but_never_past_half_a_revision() {
        cursor.confirmed(new Revision(7));
        cursor.caughtUpTo(new Revision(20));
        assertThat(cursor.next()).isEqualTo(21);
        cursor.caughtUpTo(new Revision(15));
        assertThat(cursor.next()).isEqualTo(21);
        assertThat(cursor.accept(List.of(event(30, "a")), true)).isEmpty();
        cursor.caughtUpTo(new Revision(40));
        assertThat(cursor.next()).isEqualTo(30);
    }

    @Test
    void a_listing_takes_the_place_of_what_was_missed() {
        cursor.confirmed(new Revision(7));
        cursor.restartAfter(new Revision(100));
        assertThat(cursor.accept(List.of(event(100, "a"), event(101, "a")), false))
                .containsExactly(event(101, "a"));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void every_event_is_told_exactly_once_and_in_order_whatever_breaks(long seed) {
        Random random = new Random(seed);
        List<WatchEvent> history = history(random);
        cursor.confirmed(new Revision(7));
        List<WatchEvent> told = new ArrayList<>();
        for (int stream = 0; stream < 10; stream++) {
            // a stream begins where it is asked to, or earlier, in pieces of any size, and breaks anywhere
            long from = cursor.next() - random.nextInt(3);
            List<WatchEvent> rest = history.stream()
                    .filter(event -> event.revision().number() >= from)
                    .toList();
            boolean isLast = stream == 9;
            int end = isLast ? rest.size() : random.nextInt(rest.size() + 1);
            int at = 0;
            while (at < end) {
                int pieceEnd = Math.min(rest.size(), at + 1 + random.nextInt(4));
                // the server cuts a revision only between pieces of one answer
                boolean cutsRevision = pieceEnd < rest.size()
                        && rest.get(pieceEnd)
                                .revision()
                                .equals(rest.get(pieceEnd - 1).revision());
                told.addAll(cursor.accept(rest.subList(at, pieceEnd), cutsRevision || random.nextBoolean()));
                at = pieceEnd;
            }
            if (isLast) {
                told.addAll(cursor.accept(List.of(), false));
            } else {
                cursor.interrupted();
            }
        }
        assertThat(told).isEqualTo(history);
    }

    static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    private static List<WatchEvent> history(Random random) {
        List<WatchEvent> history = new ArrayList<>();
        long revision = 8;
        for (int i = 0; i < 30; i++) {
            int keys = 1 + random.nextInt(4);
            for (int key = 0; key < keys; key++) {
                history.add(event(revision, "key" + key));
            }
            revision += 1 + random.nextInt(3);
        }
        return history;
    }

    private static WatchEvent event(long revision, String key) {
        return new WatchEvent.Deleted(Bytes.utf8(key), new Revision(revision));
    }
}
