// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What the callbacks of all units wrote down themselves. A run begins with its line {@code begin}, and was surely alive
 * until its last line, whatever became of it then.
 */
final class CallbackLog {

    /** One line; a run is known by its unit and epoch. */
    record Line(String what, String unit, String operation, long epoch, Optional<Long> clusterToken) {
        boolean isOf(Line other) {
            return unit.equals(other.unit) && epoch == other.epoch;
        }
    }

    private final Path file;

    CallbackLog(Path file) {
        this.file = file;
    }

    Path file() {
        return file;
    }

    /** All lines so far, in the order in which they were written. */
    List<Line> lines() throws IOException {
        List<Line> lines = new ArrayList<>();
        String text = Files.exists(file) ? Files.readString(file) : "";
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
            String[] words = line.split(" ", -1);
            lines.add(new Line(
                    words[0],
                    words[1],
                    words[2],
                    Long.parseLong(words[3]),
                    words.length > 4 && !words[4].isEmpty()
                            ? Optional.of(Long.parseLong(words[4]))
                            : Optional.empty()));
        }
        return lines;
    }

    /** The beginnings of runs, in order. */
    List<Line> runs() throws IOException {
        return select(line -> line.what().equals("begin"));
    }

    /** The units in the order in which they ran. */
    List<String> order() throws IOException {
        return runs().stream().map(Line::unit).toList();
    }

    boolean hasBegun(String unit) throws IOException {
        return order().contains(unit);
    }

    /** The lines that satisfy the condition. */
    List<Line> select(Predicate<Line> wanted) throws IOException {
        return lines().stream().filter(wanted).toList();
    }
}
