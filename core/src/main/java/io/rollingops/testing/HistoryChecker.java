// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Judges a history, event by event, against the invariants of the safety protocol:
 *
 * <ul>
 *   <li>I1 no callback begins in an application between begin and end of another;
 *   <li>I2 one final answer per operation, one answer per epoch;
 *   <li>I3 nothing begins after its final answer;
 *   <li>I4 at a quiet end every request has its final answer, was withdrawn, or its unit left;
 *   <li>I5 callbacks with a cluster token do not overlap in the cluster;
 *   <li>I6 after a retry-hold the application's next callback is that unit's, unless it expired, left or answered;
 *   <li>I7 epochs and cluster tokens of callbacks never go back, and are equal only for the same unit and operation;
 *   <li>I8 a unit's operations begin and end in the order of their requests;
 *   <li>I9 a callback and an answer belong to a committed, unanswered grant of that unit, and grant epochs grow.
 * </ul>
 *
 * <p>The events must come in one total order. It knows nothing of how the protocol works. {@code
 * models/check_history.py} gives the same verdicts. Not safe for several threads.
 */
public final class HistoryChecker {
    private static final Set<String> FINAL = Set.of("released", "dropped");

    /** What has happened in one application so far. */
    private static final class Application {
        final Map<String, Deque<String>> queues = new HashMap<>();
        final Set<String> finished = new HashSet<>();
        final Map<Long, String> grants = new HashMap<>();
        final Map<String, Long> answered = new HashMap<>();
        /** Unit by unit, the operation whose callback runs. */
        final Map<String, String> running = new TreeMap<>();

        long lastGrant;
        long lastBegun;
        String lastBegunBy = "";
        Optional<String> holdingOn = Optional.empty();

        Deque<String> queue(String unit) {
            return queues.computeIfAbsent(unit, none -> new ArrayDeque<>());
        }
    }

    private final Map<String, Application> applications = new TreeMap<>();
    /** Who runs under the cluster-wide lock, as application and unit. */
    private final Set<String> clusterHolders = new HashSet<>();

    private final List<String> violations = new ArrayList<>();
    private long lastToken;
    private int line;

    /** Takes in the next event. */
    public void accept(HistoryEvent event) {
        line++;
        Application app = applications.computeIfAbsent(event.app(), none -> new Application());
        switch (event.kind()) {
            case REQUEST -> app.queue(event.unit()).addLast(event.op().orElseThrow());
            case GRANT -> grant(app, event);
            case BEGIN -> begin(app, event);
            case UNTOKEN -> clusterHolders.remove(clusterName(event));
            case END -> {
                app.running.remove(event.unit());
                clusterHolders.remove(clusterName(event));
            }
            case DONE -> done(app, event);
            case EXPIRE -> releaseHold(app, event.unit());
            case WITHDRAW -> withdraw(app, event);
            case REMOVE -> remove(app, event);
        }
    }

    /** The history ends here and nothing is on its way any more. */
    public void acceptQuietEnd() {
        applications.forEach((name, app) -> {
            new TreeMap<>(app.queues).forEach((unit, queue) -> {
                if (!queue.isEmpty()) {
                    violations.add("I4 end: " + unit + " of " + name + " still has " + queue);
                }
            });
            if (!app.running.isEmpty()) {
                violations.add("I4 end: still running in " + name + ": " + app.running);
            }
        });
    }

    /** What was violated so far, in order, each with its invariant and the number of the event. */
    public List<String> violations() {
        return List.copyOf(violations);
    }

    public boolean isClean() {
        return violations.isEmpty();
    }

    private void grant(Application app, HistoryEvent event) {
        if (event.epoch() <= app.lastGrant) {
            violation("I9", "the grant's epoch does not grow", event);
        }
        app.lastGrant = Math.max(app.lastGrant, event.epoch());
        app.grants.put(event.epoch(), event.unit());
    }

    private void begin(Application app, HistoryEvent event) {
        String op = event.op().orElseThrow();
        if (!app.running.isEmpty()) {
            violation("I1", "a callback still runs: " + app.running, event);
        }
        if (app.finished.contains(op)) {
            violation("I3", "the operation begins after its final answer", event);
        }
        if (!op.equals(app.queue(event.unit()).peekFirst())) {
            violation("I8", "not the head of the queue " + app.queue(event.unit()), event);
        }
        if (!event.unit().equals(app.grants.get(event.epoch())) || answered(app, event.unit()) >= event.epoch()) {
            violation("I9", "no open grant of this epoch for this unit", event);
        }
        String by = event.unit() + " " + op;
        if (event.epoch() < app.lastBegun || (event.epoch() == app.lastBegun && !by.equals(app.lastBegunBy))) {
            violation("I7", "the epoch went back or was used twice", event);
        }
        app.lastBegun = event.epoch();
        app.lastBegunBy = by;
        if (app.holdingOn.isPresent() && !app.holdingOn.get().equals(event.unit())) {
            violation("I6", app.holdingOn.get() + " holds on for its retry", event);
        }
        app.holdingOn = Optional.empty();
        event.token().ifPresent(token -> takeToken(token, event));
        app.running.put(event.unit(), op);
    }

    private void takeToken(long token, HistoryEvent event) {
        if (!clusterHolders.isEmpty()) {
            violation("I5", "the cluster-wide lock is in use by " + clusterHolders, event);
        }
        if (token < lastToken) {
            violation("I7", "the cluster token went back", event);
        }
        lastToken = token;
        clusterHolders.add(clusterName(event));
    }

    private void done(Application app, HistoryEvent event) {
        String unit = event.unit();
        if (!unit.equals(app.grants.get(event.epoch()))) {
            violation("I9", "an answer to a grant that this unit never had", event);
        }
        if (event.epoch() <= answered(app, unit)) {
            violation("I2", "a grant is answered twice", event);
        }
        app.answered.put(unit, event.epoch());
        if (FINAL.contains(event.outcome())) {
            String op = event.op().orElseThrow();
            if (!app.finished.add(op)) {
                violation("I2", "a second final answer", event);
            }
            if (op.equals(app.queue(unit).peekFirst())) {
                app.queue(unit).removeFirst();
            } else {
                violation("I8", "ended out of order", event);
            }
        }
        if (event.outcome().equals("retry-hold")) {
            app.holdingOn = Optional.of(unit);
        } else {
            releaseHold(app, unit);
        }
    }

    private void withdraw(Application app, HistoryEvent event) {
        String op = event.op().orElseThrow();
        if (op.equals(app.running.get(event.unit()))) {
            violation("I8", "withdrawn while it runs", event);
        }
        if (op.equals(app.queue(event.unit()).peekFirst())) {
            releaseHold(app, event.unit());
        }
        if (!app.queue(event.unit()).remove(op)) {
            violation("I8", "withdrawn but not queued", event);
        }
    }

    private void remove(Application app, HistoryEvent event) {
        if (app.running.containsKey(event.unit())) {
            violation("I1", "removed while its callback runs", event);
        }
        releaseHold(app, event.unit());
        app.queues.remove(event.unit());
    }

    private static void releaseHold(Application app, String unit) {
        app.holdingOn = app.holdingOn.filter(holder -> !holder.equals(unit));
    }

    private static long answered(Application app, String unit) {
        return app.answered.getOrDefault(unit, 0L);
    }

    private static String clusterName(HistoryEvent event) {
        return event.app() + " " + event.unit();
    }

    private void violation(String invariant, String text, HistoryEvent event) {
        violations.add(invariant + " line " + line + ": " + text + ": " + event.write());
    }
}
