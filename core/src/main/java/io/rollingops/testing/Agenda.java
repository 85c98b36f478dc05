// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * What happens when, in virtual time; the only source of order and of chance in a simulation. For one thread.
 */
public final class Agenda {
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
    public Agenda(long seed, boolean keepsDiary) {
        random = new SplittableRandom(seed);
        diary = keepsDiary ? Optional.of(new ArrayList<>()) : Optional.empty();
    }

    /** Something for the diary; not even worked out when there is none. */
    public void note(Supplier<String> what) {
        diary.ifPresent(notes -> notes.add(String.format("%9.3f s  %s", nowNanos / 1e9, what.get())));
    }

    /** What was noted, in order. */
    public List<String> diary() {
        return diary.orElse(List.of());
    }

    public long nowNanos() {
        return nowNanos;
    }

    /** Lets something happen after so long. */
    public void in(long nanos, Runnable action) {
        at(nowNanos + nanos, action);
    }

    /** Lets something happen at that time, or now if that is over. */
    public void at(long atNanos, Runnable action) {
        entries.add(new Entry(Math.max(atNanos, nowNanos), number++, action));
    }

    /** Lets the next thing happen; false when there is none before that time. */
    public boolean step(long untilNanos) {
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
    public long between(long fromNanos, long toNanos) {
        return fromNanos >= toNanos ? fromNanos : random.nextLong(fromNanos, toNanos + 1);
    }

    /** True with that probability, from 0 to 1. */
    public boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    /** A number from 0 up to, and without, the bound. */
    public int pick(int bound) {
        return random.nextInt(bound);
    }
}
