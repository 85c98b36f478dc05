// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Guards and what to do when all of them hold, or else: one step for everybody who looks on.
 *
 * <pre>{@code
 * Transaction.when(Guard.createdAt(lock, token), Guard.exists(pending))
 *         .then(Action.put(inProgress, operation), Action.delete(pending))
 *         .otherwise(Action.read(Query.key(lock)))
 * }</pre>
 *
 * @param guards none means always
 * @param actions what is done when all guards hold
 * @param alternatives what is done when one does not
 */
public record Transaction(List<Guard> guards, List<Action> actions, List<Action> alternatives) {
    /** How many guards, actions or alternatives a server takes unless it is configured otherwise. */
    public static final int MAX_STEPS = 128;

    public Transaction {
        guards = List.copyOf(guards);
        actions = List.copyOf(actions);
        alternatives = List.copyOf(alternatives);
        if (guards.size() > MAX_STEPS || actions.size() > MAX_STEPS || alternatives.size() > MAX_STEPS) {
            throw new IllegalArgumentException("a transaction has at most " + MAX_STEPS + " guards and as many steps");
        }
    }

    public static Transaction when(Guard... guards) {
        return new Transaction(List.of(guards), List.of(), List.of());
    }

    /** Without a condition. */
    public static Transaction always(Action... actions) {
        return new Transaction(List.of(), List.of(actions), List.of());
    }

    /** The same with these actions behind those it has. */
    public Transaction then(Action... more) {
        return new Transaction(guards, joined(actions, more), alternatives);
    }

    /** The same with these alternatives behind those it has. */
    public Transaction otherwise(Action... more) {
        return new Transaction(guards, actions, joined(alternatives, more));
    }

    /** Whether it changes nothing however it goes, so that to repeat it is harmless. */
    public boolean isReadOnly() {
        return Stream.concat(actions.stream(), alternatives.stream()).allMatch(Transaction::isRead);
    }

    private static boolean isRead(Action action) {
        return action instanceof Action.Read
                || (action instanceof Action.Nested nested
                        && nested.transaction().isReadOnly());
    }

    private static List<Action> joined(List<Action> first, Action... more) {
        return Stream.concat(first.stream(), Stream.of(more)).toList();
    }

    /** For error messages: what it touches, not the values. */
    @Override
    public String toString() {
        return guards.size() + " guards, "
                + actions.stream().map(Transaction::brief).collect(Collectors.joining(", "));
    }

    private static String brief(Action action) {
        if (action instanceof Action.Put put) {
            return "put " + put.key();
        }
        if (action instanceof Action.Nested nested) {
            return "(" + nested.transaction() + ")";
        }
        return action instanceof Action.Delete delete
                ? "delete " + delete.keys()
                : "read " + ((Action.Read) action).query();
    }
}
