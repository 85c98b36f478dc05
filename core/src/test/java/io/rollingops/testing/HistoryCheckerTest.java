// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.testing.Histories.Sample;
import io.rollingops.testing.HistoryEvent.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The judge of histories, against the sample histories and against its reference in Python. */
class HistoryCheckerTest {
    private static final int SCRIBBLED = 2_000;
    private static final String JUDGE = """
            import json, sys
            sys.path.insert(0, sys.argv[1])
            from check_history import check
            for line in sys.stdin:
                case = json.loads(line)
                print(json.dumps([found.split(":")[0] for found in check(case["events"], case["complete"])]))
            """;

    @TempDir
    private Path folder = Path.of("unset");

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void a_sample_violates_what_its_name_says_and_nothing_else(Sample sample) {
        Set<String> violated = new TreeSet<>();
        Histories.verdict(sample.events(), sample.complete()).forEach(found -> violated.add(found.substring(0, 2)));
        assertThat(violated).isEqualTo(sample.violated());
    }

    @Test
    void every_invariant_has_a_good_and_a_bad_sample() {
        List<String> names = Histories.samples().stream().map(Sample::name).toList();
        for (String subject : List.of("i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "withdraw")) {
            assertThat(names)
                    .anyMatch(name -> name.startsWith(subject + "-") && name.contains(".good."))
                    .anyMatch(name -> name.startsWith(subject) && name.contains(".bad."));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void only_at_a_quiet_end_something_can_be_missing(Sample sample) {
        assertThat(Histories.verdict(sample.events(), false)).noneMatch(found -> found.startsWith("I4"));
        if (sample.complete()) {
            List<HistoryEvent> more = new ArrayList<>(sample.events());
            more.add(HistoryEvent.of(Kind.REQUEST, "late", "late/0", "r9"));
            assertThat(Histories.verdict(more, true)).contains("I4 end");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void a_good_history_is_good_up_to_every_event(Sample sample) {
        if (sample.violated().isEmpty()) {
            for (int length = 0; length <= sample.events().size(); length++) {
                assertThat(Histories.verdict(sample.events().subList(0, length), false))
                        .isEmpty();
            }
        }
    }

    @Test
    void a_violation_says_which_invariant_where_and_at_what_event() {
        HistoryChecker checker = new HistoryChecker();
        checker.accept(HistoryEvent.of(Kind.REQUEST, "web", "web/0", "r1"));
        assertThat(checker.isClean()).isTrue();
        checker.accept(HistoryEvent.begin("web", "web/0", "r1", 1, Optional.empty()));
        assertThat(checker.isClean()).isFalse();
        assertThat(checker.violations())
                .containsExactly(
                        "I9 line 2: no open grant of this epoch for this unit: {\"e\":\"BEGIN\",\"app\":\"web\","
                                + "\"unit\":\"web/0\",\"op\":\"r1\",\"epoch\":1}");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    void every_line_is_read_and_written(Sample sample) {
        for (HistoryEvent event : sample.events()) {
            assertThat(HistoryEvent.read(event.write())).isEqualTo(event);
        }
    }

    @Test
    void the_reference_in_python_gives_the_same_verdicts_on_the_samples() throws Exception {
        List<Sample> samples = Histories.samples();
        assertThat(judgedInPython(samples))
                .isEqualTo(samples.stream()
                        .map(sample -> Histories.verdict(sample.events(), sample.complete()))
                        .toList());
    }

    /** Samples with lines dropped, repeated, exchanged and changed, so that the two are compared off the beaten track. */
    @Test
    void the_reference_in_python_gives_the_same_verdicts_on_scribbled_samples() throws Exception {
        List<Sample> samples = Histories.samples();
        SplittableRandom random = new SplittableRandom(1);
        List<Sample> scribbled = new ArrayList<>();
        for (int i = 0; i < SCRIBBLED; i++) {
            scribbled.add(scribbled(samples.get(random.nextInt(samples.size())), i, random));
        }

        List<Set<String>> verdicts = judgedInPython(scribbled);

        assertThat(verdicts.stream().filter(Set::isEmpty)).hasSizeBetween(50, SCRIBBLED - 50);
        for (int i = 0; i < SCRIBBLED; i++) {
            Sample sample = scribbled.get(i);
            assertThat(Histories.verdict(sample.events(), sample.complete()))
                    .as(() -> sample + "\n"
                            + String.join(
                                    "\n",
                                    sample.events().stream()
                                            .map(HistoryEvent::write)
                                            .toList()))
                    .isEqualTo(verdicts.get(i));
        }
    }

    @Test
    void the_reference_in_python_ends_with_1_when_it_found_something() throws Exception {
        Path histories = Histories.models().resolve("histories");
        String forgotten = histories.resolve("i4-forgotten.end.bad.jsonl").toString();
        assertThat(exitOfPython(forgotten, "--complete")).isEqualTo(1);
        assertThat(exitOfPython(forgotten)).isZero();
        assertThat(exitOfPython("--selftest")).isZero();
    }

    static Stream<Sample> samples() {
        return Histories.samples().stream();
    }

    private static Sample scribbled(Sample sample, int number, SplittableRandom random) {
        List<HistoryEvent> events = new ArrayList<>(sample.events());
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(events.size());
            switch (random.nextInt(6)) {
                case 0 -> {
                    if (events.size() > 1) {
                        events.remove(at);
                    }
                }
                case 1 -> events.add(random.nextInt(events.size()), events.get(at));
                case 2 -> Collections.swap(events, at, random.nextInt(events.size()));
                default -> events.set(at, changed(events.get(at), random));
            }
        }
        return new Sample(sample.name() + " scribbled " + number, Set.of(), random.nextBoolean(), events);
    }

    private static HistoryEvent changed(HistoryEvent event, SplittableRandom random) {
        boolean isBegin = event.kind() == Kind.BEGIN;
        boolean isDone = event.kind() == Kind.DONE && event.op().isPresent();
        return new HistoryEvent(
                event.kind(),
                random.nextInt(6) == 0 ? "db" : event.app(),
                random.nextInt(3) == 0 ? event.app() + "/" + random.nextInt(3) : event.unit(),
                event.op().map(op -> random.nextInt(3) == 0 ? "r" + (1 + random.nextInt(3)) : op),
                event.epoch() > 0 && random.nextInt(3) == 0 ? 1 + random.nextInt(4) : event.epoch(),
                isBegin && random.nextInt(3) == 0 ? Optional.of(5L + random.nextInt(5)) : event.token(),
                isDone && random.nextInt(3) == 0
                        ? List.of("released", "dropped", "retry-release", "retry-hold", "not-run")
                                .get(random.nextInt(5))
                        : event.outcome());
    }

    private List<Set<String>> judgedInPython(List<Sample> samples) throws IOException, InterruptedException {
        Path in = folder.resolve("cases.jsonl");
        List<String> cases = new ArrayList<>();
        for (Sample sample : samples) {
            List<Json> events = new ArrayList<>();
            sample.events().forEach(event -> events.add(JsonText.parse(event.write())));
            cases.add(JsonText.write(Json.object()
                    .put("events", new Json.Arr(events))
                    .put("complete", sample.complete())
                    .build()));
        }
        Files.write(in, cases);
        assertThat(run(in, "python3", "-c", JUDGE, Histories.models().toString()))
                .as(Files.readString(folder.resolve("err")))
                .isZero();
        List<Set<String>> verdicts = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve("out"))) {
            Set<String> verdict = new TreeSet<>();
            ((Json.Arr) JsonText.parse(line)).items().forEach(found -> verdict.add(((Json.Str) found).value()));
            verdicts.add(verdict);
        }
        return verdicts;
    }

    private int exitOfPython(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "python3", Histories.models().resolve("check_history.py").toString()));
        command.addAll(List.of(arguments));
        Path nothing = Files.writeString(folder.resolve("nothing"), "");
        return run(nothing, command.toArray(String[]::new));
    }

    private int run(Path in, String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectInput(in.toFile())
                    .redirectOutput(folder.resolve("out").toFile())
                    .redirectError(folder.resolve("err").toFile())
                    .start();
        } catch (IOException e) {
            assumeTrue(
                    false, "python3 is not on the PATH, so models/check_history.py is not compared: " + e.getMessage());
            throw e;
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }
}
