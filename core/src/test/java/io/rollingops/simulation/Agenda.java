// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** What happens when, in virtual time; the only source of order and of chance in a simulation. */
final class Agenda {
    private record Entry(long atNanos, long number, Runnable action) {}

    private final PriorityQueue<Entry> entries =
            new PriorityQueue<>(Comparator.comparingLong(Entry::atNanos).thenComparingLong(Entry::number));
    private final SplittableRandom random;
    private final Optional<List<String>> diary;
    private long nowNanos;
    private long number;

    /**
     * A new agenda at time zero.
     *
     * @param seed of all chance
     * @param keepsDiary whether notes are kept, for a person who replays one seed
     */
    Agenda(long seed, boolean keepsDiary) {
        random = new SplittableRandom(seed);
        diary = keepsDiary ? Optional.of(new ArrayList<>()) : Optional.empty();
    }

    void note(Supplier<String> what) {
        diary.ifPresent(notes -> notes.add(String.format("%9.3f s  %s", nowNanos / 1e9, what.get())));
    }

    List<String> diary() {
        return diary.orElse(List.of());
    }

    long nowNanos() {
        return nowNanos;
    }

    void in(long nanos, Runnable action) {
        at(nowNanos + nanos, action);
    }

    void at(long atNanos, Runnable action) {
        entries.add(new Entry(Math.max(atNanos, nowNanos), number++, action));
    }

    /** Lets the next thing happen; false when there is none before that time. */
    boolean step(long untilNanos) {
        Entry next = entries.peek();
        if (next == null || next.atNanos() > untilNanos) {
            return false;
        }
        entries.remove();
        nowNanos = next.atNanos();
        next.action().run();
        return true;
    }

    /** A span between the two, either end included. */
    long between(long fromNanos, long toNanos) {
        return fromNanos >= toNanos ? fromNanos : random.nextLong(fromNanos, toNanos + 1);
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    int pick(int bound) {
        return random.nextInt(bound);
    }
}
