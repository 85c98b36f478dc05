// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.ProvidedEtcd;
import io.rollingops.testkit.juju.TraceEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What passes between the end of one unit's callback and the beginning of the next one's, for two units of the example
 * charm on etcd, in its parts. Times are of the real clock of this machine, which all processes share.
 */
final class CharmHandOver {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String APP = "java";

    private final JujuEmulator juju;
    private final Path transitions;
    private final Map<String, List<Double>> parts = new LinkedHashMap<>();

    private CharmHandOver(JujuEmulator juju) {
        this.juju = juju;
        this.transitions = juju.folder().resolve("transitions");
    }

    /** One line of a log that begins with its time. */
    private record Line(Instant at, String text) {
        String unit() {
            return text.substring(0, text.indexOf(' '));
        }
    }

    /** Prints the medians of so many hand-overs. */
    static void measure(Path charm, int rounds) {
        try (ProvidedEtcd etcd = ProvidedEtcd.start(1);
                JujuEmulator juju = JujuEmulator.builder().build()) {
            juju.deploy(new EtcdProvider(etcd), "etcd", 1);
            CharmHandOver handOver = new CharmHandOver(juju);
            juju.deploy(
                    charm,
                    APP,
                    2,
                    Map.of(
                            "cluster-id", Json.of(APP),
                            "transitions", Json.of(handOver.transitions.toString())));
            juju.relate(APP, "etcd");
            juju.runUntil(
                    "both are processed by etcd",
                    () -> juju.units(APP).stream()
                            .allMatch(unit ->
                                    "etcd".equals(juju.databag("restart", unit).get("processing_backend"))),
                    LIMIT);
            juju.settle(LIMIT);
            for (int round = 0; round < rounds; round++) {
                handOver.roll();
            }
            handOver.print(rounds);
        }
    }

    private void roll() {
        int before = work().size();
        for (String unit : juju.units(APP)) {
            juju.runAction(unit, "restart", Map.of("delay", new Json.Real(0.1)));
        }
        juju.runUntil("both have worked", () -> work().size() >= before + 4, LIMIT);
        juju.settle(LIMIT);
        List<Line> lines = work().subList(before, before + 4);
        Line ended = lines.get(1);
        Line begun = lines.get(2);
        TraceEntry first = last(entry -> entry.unit().toString().equals(ended.unit()) && spans(entry, ended.at()));
        TraceEntry second = last(entry -> entry.unit().toString().equals(begun.unit()) && spans(entry, begun.at()));
        TraceEntry grant = last(entry -> entry.begun().isBefore(begun.at())
                && entry.commands().stream()
                        .anyMatch(call -> call.command().equals("relation-set")
                                && call.args().contains("--app")));
        Instant waits = lastLine(begun, " waits for the lock ");
        Instant dispatches = lastLine(begun, " dispatches ");
        add("the first hook ends and is committed", ended.at(), first.ended());
        add("its answer reaches the leader", first.ended(), grant.begun());
        add("the leader's hook grants", grant.begun(), grant.ended());
        add("a hook of the second unit tells its worker", grant.ended(), waits);
        add("the lock is released and taken", waits, dispatches);
        add("juju-exec begins the next hook", dispatches, second.begun());
        add("that hook begins its callback", second.begun(), begun.at());
        add("in all, callback to callback", ended.at(), begun.at());
    }

    private static boolean spans(TraceEntry entry, Instant at) {
        return !entry.begun().isAfter(at) && !entry.ended().isBefore(at);
    }

    private TraceEntry last(Predicate<TraceEntry> condition) {
        List<TraceEntry> found = juju.trace().stream().filter(condition).toList();
        return found.get(found.size() - 1);
    }

    private Instant lastLine(Line before, String text) {
        Path log = juju.privateFolder(before.unit(), "/var/lib/rollingops")
                .resolve(before.unit().replace('/', '-'))
                .resolve("etcd_rollingops_worker.log.0");
        List<Line> found = lines(log).stream()
                .filter(line -> line.text().contains(text) && line.at().isBefore(before.at()))
                .toList();
        return found.get(found.size() - 1).at();
    }

    private List<Line> work() {
        return Files.exists(transitions)
                ? lines(transitions).stream()
                        .filter(line -> !line.text().contains(" action "))
                        .toList()
                : List.of();
    }

    private static List<Line> lines(Path file) {
        try {
            return Files.readAllLines(file).stream()
                    .map(line -> new Line(
                            Instant.parse(line.substring(0, line.indexOf(' '))), line.substring(line.indexOf(' ') + 1)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(String part, Instant from, Instant to) {
        parts.computeIfAbsent(part, none -> new ArrayList<>())
                .add(Duration.between(from, to).toNanos() / 1e6);
    }

    private void print(int rounds) {
        System.out.println("hand-over between two units on etcd, " + rounds + " rolls, medians:");
        parts.forEach((part, values) -> {
            List<Double> sorted = values.stream().sorted().toList();
            System.out.printf(Locale.ROOT, "  %-45s %7.1f ms%n", part, sorted.get(sorted.size() / 2));
        });
    }
}
