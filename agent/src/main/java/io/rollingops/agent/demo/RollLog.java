// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What the callbacks themselves wrote down, a line when one begins and a line when it ends: {@code begin web/0 <fencing
 * token> <nanoseconds>}.
 *
 * @param turns in the order in which they began
 */
record RollLog(List<Turn> turns) {

    /** One run of a callback. */
    record Turn(String unit, long token, long beginNanos, long endNanos) {
        String application() {
            return unit.substring(0, unit.indexOf('/'));
        }
    }

    static RollLog read(Path file) throws IOException {
        List<Turn> turns = new ArrayList<>();
        List<String[]> open = new ArrayList<>();
        for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
            String[] words = line.split(" ", -1);
            if (words[0].equals("begin")) {
                open.add(words);
            } else {
                String[] begin = open.stream()
                        .filter(other -> other[1].equals(words[1]))
                        .reduce((first, last) -> last)
                        .orElseThrow(() -> new IOException("an end without a beginning: " + line));
                open.remove(begin);
                turns.add(new Turn(
                        words[1], Long.parseLong(words[2]), Long.parseLong(begin[3]), Long.parseLong(words[3])));
            }
        }
        if (!open.isEmpty()) {
            throw new IOException("a callback began and did not end: " + String.join(" ", open.get(0)));
        }
        turns.sort(java.util.Comparator.comparingLong(Turn::beginNanos));
        return new RollLog(turns);
    }

    /** Pairs of turns, one of which began before the other had ended. */
    List<String> overlaps() {
        List<String> overlaps = new ArrayList<>();
        for (int i = 1; i < turns.size(); i++) {
            if (turns.get(i).beginNanos() < turns.get(i - 1).endNanos()) {
                overlaps.add(turns.get(i - 1).unit() + " and " + turns.get(i).unit() + " ran at once");
            }
            Turn turn = turns.get(i);
            boolean grew = turns.subList(0, i).stream()
                    .filter(earlier -> earlier.application().equals(turn.application()))
                    .allMatch(earlier -> earlier.token() < turn.token());
            if (!grew) {
                overlaps.add("the fencing token of " + turn.unit() + " did not grow");
            }
        }
        return overlaps;
    }

    /** From the end of the turn before to the beginning of this one. */
    Duration handOver(int index) {
        return Duration.ofNanos(
                turns.get(index).beginNanos() - turns.get(index - 1).endNanos());
    }
}
