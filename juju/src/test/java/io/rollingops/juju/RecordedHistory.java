// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.testing.HistoryChecker;
import io.rollingops.testing.HistoryEvent;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.Outcome;
import io.rollingops.testkit.juju.TraceEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What each run of a charm did and wanted to write, in order; held against what the emulator committed of it, it becomes
 * a history that can be judged. For runs that follow each other, one at a time.
 */
final class RecordedHistory {

    /**
     * One run of the charm.
     *
     * @param did begins and ends of callbacks
     * @param unitWrites what it set in its own databag
     * @param appWrites what it set in that of the application
     */
    record Run(String unit, List<HistoryEvent> did, List<Json.Obj> unitWrites, List<Json.Obj> appWrites) {
        Run(String unit) {
            this(unit, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }
    }

    private final List<Run> runs = new ArrayList<>();
    private final Map<String, Map<String, String>> bags = new HashMap<>();
    private final Set<String> left = new HashSet<>();
    private final Set<String> seenOutcomes = new HashSet<>();

    synchronized Run begin(String unit) {
        Run run = new Run(unit);
        runs.add(run);
        return run;
    }

    /** The first unit that is told of a departure makes it known: nothing may begin there any more. */
    synchronized void leaves(Run run, String unit) {
        if (left.add(unit)) {
            run.did().add(HistoryEvent.of(HistoryEvent.Kind.REMOVE, "app", unit));
        }
    }

    /** What is wrong with the history, given that nothing is on its way any more. */
    synchronized List<String> violations(JujuEmulator juju) {
        List<TraceEntry> entries = juju.trace().stream()
                .filter(entry -> entry.unit().application().equals("app"))
                .toList();
        if (entries.size() != runs.size()) {
            throw new AssertionError(entries.size() + " operations, but " + runs.size() + " runs of the charm");
        }
        HistoryChecker checker = new HistoryChecker();
        for (int i = 0; i < runs.size(); i++) {
            Run run = runs.get(i);
            if (!entries.get(i).unit().toString().equals(run.unit())) {
                throw new AssertionError(
                        "operations overlapped: " + entries.get(i) + " is not the run of " + run.unit());
            }
            run.did().forEach(checker::accept);
            if (entries.get(i).outcome() == Outcome.COMMITTED
                    || (entries.get(i).kind() == TraceEntry.Kind.COMMANDS
                            && entries.get(i).outcome() == Outcome.FAILED)) {
                run.unitWrites().forEach(write -> answers(run.unit(), write).forEach(checker::accept));
                run.appWrites().forEach(write -> grants(write).forEach(checker::accept));
            }
        }
        // A unit that knew no other one left without a word, and one may have asked for something after its departure.
        new TreeSet<>(bags.keySet())
                .stream()
                        .filter(name ->
                                !name.equals("app") && !juju.units("app").contains(name))
                        .forEach(unit -> checker.accept(HistoryEvent.of(HistoryEvent.Kind.REMOVE, "app", unit)));
        checker.acceptQuietEnd();
        return checker.violations();
    }

    private List<HistoryEvent> answers(String unit, Json.Obj write) {
        Map<String, String> bag = bags.computeIfAbsent(unit, name -> new HashMap<>());
        Set<String> before = operations(bag);
        long doneBefore = Long.parseLong(bag.getOrDefault("done_epoch", "0"));
        merge(bag, write);
        List<HistoryEvent> events = new ArrayList<>();
        for (String operation : operations(bag)) {
            if (!before.contains(operation)) {
                events.add(HistoryEvent.of(HistoryEvent.Kind.REQUEST, "app", unit, unit + " " + operation));
            }
        }
        Map<Long, HistoryEvent> outcomes = new LinkedHashMap<>();
        for (Json item : array(bag.getOrDefault("outcomes", "[]"))) {
            Json.Obj outcome = (Json.Obj) item;
            long epoch = outcome.integer("epoch");
            if (seenOutcomes.add(unit + " " + epoch)) {
                outcomes.put(
                        epoch,
                        HistoryEvent.done(
                                "app",
                                unit,
                                Optional.of(unit + " " + outcome.string("op_id")),
                                epoch,
                                outcome.string("outcome")));
            }
        }
        long done = Long.parseLong(bag.getOrDefault("done_epoch", "0"));
        if (done > doneBefore && !outcomes.containsKey(done)) {
            outcomes.put(done, HistoryEvent.done("app", unit, Optional.empty(), done, "not-run"));
        }
        events.addAll(outcomes.values());
        return events;
    }

    private List<HistoryEvent> grants(Json.Obj write) {
        Map<String, String> bag = bags.computeIfAbsent("app", name -> new HashMap<>());
        String before = bag.getOrDefault("grant_epoch", "0");
        merge(bag, write);
        String epoch = bag.getOrDefault("grant_epoch", "0");
        return epoch.equals(before)
                ? List.of()
                : List.of(HistoryEvent.grant("app", bag.getOrDefault("granted_unit", ""), Long.parseLong(epoch)));
    }

    private static Set<String> operations(Map<String, String> bag) {
        Set<String> ids = new LinkedHashSet<>();
        for (Json item : array(bag.getOrDefault("operations", "[]"))) {
            Json.Obj operation = (Json.Obj) item;
            ids.add(operation.string("requested_at") + "-" + operation.string("callback_id"));
        }
        return ids;
    }

    private static List<Json> array(String text) {
        return ((Json.Arr) JsonText.parse(text)).items();
    }

    private static void merge(Map<String, String> bag, Json.Obj write) {
        write.members().keySet().forEach(key -> bag.put(key, write.string(key)));
        bag.values().removeIf(String::isEmpty);
    }
}
