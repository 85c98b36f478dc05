// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The sample histories of {@code models/histories}; its README says what their names mean. */
final class Histories {
    private Histories() {}

    /**
     * One sample.
     *
     * @param name the file's name
     * @param violated the invariants that it violates, all of them
     * @param complete whether it goes on to a quiet end
     * @param events its events
     */
    record Sample(String name, Set<String> violated, boolean complete, List<HistoryEvent> events) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Path models() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("models/check_history.py"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("there is no models/check_history.py above "
                        + Path.of("").toAbsolutePath());
            }
        }
        return folder.resolve("models");
    }

    static List<Sample> samples() {
        try (Stream<Path> files = Files.list(models().resolve("histories"))) {
            return files.filter(file -> file.toString().endsWith(".jsonl"))
                    .sorted()
                    .map(Histories::sample)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Sample sample(Path file) {
        List<String> parts = List.of(file.getFileName().toString().split("\\."));
        boolean complete = parts.size() == 4 && parts.get(1).equals("end");
        String verdict = parts.get(parts.size() - 2);
        if (!Set.of("good", "bad").contains(verdict) || parts.size() != (complete ? 4 : 3)) {
            throw new IllegalStateException(file + " is not named as the README asks");
        }
        Set<String> violated = new TreeSet<>();
        if (verdict.equals("bad")) {
            String subjects = parts.get(0).substring(0, parts.get(0).indexOf('-'));
            Arrays.stream(subjects.split("\\+"))
                    .filter(subject -> !subject.equals("withdraw"))
                    .forEach(subject -> violated.add("I" + subject.substring(1)));
        }
        try {
            List<HistoryEvent> events =
                    Files.readAllLines(file).stream().map(HistoryEvent::read).toList();
            return new Sample(file.getFileName().toString(), violated, complete, events);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is wrong with a history, each as invariant and place: {@code I1 line 4}. */
    static Set<String> verdict(List<HistoryEvent> events, boolean complete) {
        HistoryChecker checker = new HistoryChecker();
        events.forEach(checker::accept);
        if (complete) {
            checker.acceptQuietEnd();
        }
        Set<String> verdict = new TreeSet<>();
        checker.violations().forEach(violation -> verdict.add(violation.substring(0, violation.indexOf(':'))));
        return verdict;
    }
}
