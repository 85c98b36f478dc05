// SPDX-License-Identifier: Apache-2.0
package io.rollingops.e2e;

import io.rollingops.json.Json;
import io.rollingops.testing.HistoryChecker;
import io.rollingops.testing.HistoryEvent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The history of an application, put together from what the callbacks wrote and what the store says in the end: the
 * callbacks' log gives the order, the store adds which operations there were and what was recorded for each grant.
 *
 * <p>A grant is placed just before its run and its answer just after it, which is the latest and the earliest that they
 * can have been. A run without an answer lost its lease.
 */
final class History {
    private record Recorded(String operation, String outcome) {}

    /** What the store has for one unit: operations in the order of their stamps, and recorded results by epoch. */
    private static final class Unit {
        final Set<String> operations = new TreeSet<>(Comparator.comparing(History::stamp));
        final Map<Long, Recorded> answers = new HashMap<>();
    }

    private final NavigableMap<String, Unit> units = new TreeMap<>();
    private final List<HistoryEvent> events = new ArrayList<>();

    private final String application;

    private History(String application) {
        this.application = application;
    }

    /**
     * Judges a history that is over.
     *
     * @param log what the callbacks wrote
     * @param status the store's status at the end
     * @param acknowledged by unit and operation, all requests that somebody was told are queued
     * @return what was violated; nothing when all was well
     */
    static List<String> violations(
            String application,
            List<CallbackLog.Line> log,
            Json.Obj status,
            List<Map.Entry<String, String>> acknowledged) {
        History history = new History(application);
        history.readStatus(status);
        acknowledged.forEach(
                request -> history.unit(request.getKey()).operations.add(request.getValue()));
        history.requests();
        history.runs(log.stream()
                .filter(line -> line.unit().startsWith(application + "/"))
                .toList());
        HistoryChecker checker = new HistoryChecker();
        history.events.forEach(checker::accept);
        checker.acceptQuietEnd();
        return checker.violations();
    }

    private void readStatus(Json.Obj status) {
        for (Json item : status.array("units")) {
            Json.Obj fields = (Json.Obj) item;
            Unit unit = unit(fields.string("unit"));
            for (Json outcome : fields.array("outcomes")) {
                Json.Obj recorded = (Json.Obj) outcome;
                unit.operations.add(recorded.string("operation"));
                unit.answers.put(
                        recorded.integer("epoch"),
                        new Recorded(recorded.string("operation"), recorded.string("outcome")));
            }
            fields.array("queue").forEach(queued -> unit.operations.add(((Json.Obj) queued).string("operation")));
        }
    }

    private void requests() {
        units.forEach((name, unit) -> unit.operations.forEach(operation ->
                events.add(HistoryEvent.of(HistoryEvent.Kind.REQUEST, application, name, global(name, operation)))));
    }

    private void runs(List<CallbackLog.Line> log) {
        Set<Long> ran = log.stream().map(CallbackLog.Line::epoch).collect(Collectors.toSet());
        Set<Long> granted = new HashSet<>();
        for (int i = 0; i < log.size(); i++) {
            CallbackLog.Line line = log.get(i);
            Optional<Recorded> answer =
                    Optional.ofNullable(unit(line.unit()).answers.get(line.epoch()));
            if (line.what().equals("begin")) {
                silent(ran, granted, line.epoch());
                if (granted.add(line.epoch())) {
                    events.add(HistoryEvent.grant(application, line.unit(), line.epoch()));
                }
                events.add(HistoryEvent.begin(
                        application, line.unit(), operation(line, answer), line.epoch(), line.clusterToken()));
            }
            if (log.subList(i + 1, log.size()).stream().noneMatch(line::isOf)) {
                events.add(HistoryEvent.of(HistoryEvent.Kind.END, application, line.unit(), operation(line, answer)));
                events.add(answer.map(recorded -> done(line.unit(), line.epoch(), recorded))
                        .orElse(HistoryEvent.of(HistoryEvent.Kind.EXPIRE, application, line.unit())));
            }
        }
        silent(ran, granted, Long.MAX_VALUE);
    }

    /** Runs before that epoch of which the store has a result and which wrote nothing into the log. */
    private void silent(Set<Long> ran, Set<Long> granted, long before) {
        NavigableMap<Long, String> silent = new TreeMap<>();
        units.forEach((name, unit) -> unit.answers.keySet().stream()
                .filter(epoch -> epoch < before && !ran.contains(epoch) && granted.add(epoch))
                .forEach(epoch -> silent.put(epoch, name)));
        silent.forEach((epoch, name) -> {
            events.add(HistoryEvent.grant(application, name, epoch));
            events.add(done(
                    name,
                    epoch,
                    Optional.ofNullable(unit(name).answers.get(epoch)).orElseThrow()));
        });
    }

    private HistoryEvent done(String unit, long epoch, Recorded recorded) {
        return HistoryEvent.done(
                application, unit, Optional.of(global(unit, recorded.operation())), epoch, recorded.outcome());
    }

    /** A command under the synchronous lock does not know the name of its operation; the store does. */
    private static String operation(CallbackLog.Line line, Optional<Recorded> answer) {
        String operation =
                line.operation().isEmpty() ? answer.map(Recorded::operation).orElse("unknown") : line.operation();
        return global(line.unit(), operation);
    }

    /** The store's names for operations are unique in their unit; the checker wants them unique in the application. */
    private static String global(String unit, String operation) {
        return unit + " " + operation;
    }

    private Unit unit(String name) {
        return units.computeIfAbsent(name, none -> new Unit());
    }

    private static BigDecimal stamp(String operation) {
        return new BigDecimal(operation.substring(0, operation.indexOf('-')));
    }
}
