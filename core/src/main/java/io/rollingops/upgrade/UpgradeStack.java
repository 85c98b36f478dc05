// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Who is still to be upgraded, in order: the last unit of the list is the top and goes first. The databag key
 * {@code upgrade-stack}, a list of unit numbers, as in the original.
 *
 * @param units bottom first, no unit twice
 */
public record UpgradeStack(List<UnitName> units) {
    /** How many units a stack may hold. */
    public static final int MAX_UNITS = 1000;

    public static final UpgradeStack EMPTY = new UpgradeStack(List.of());

    private static final int MAX_CHARS = 16 << 10;

    public UpgradeStack {
        units = List.copyOf(units);
        if (units.size() > MAX_UNITS) {
            throw new IllegalArgumentException(
                    "the stack has " + units.size() + " units, over the limit of " + MAX_UNITS);
        }
        Set<UnitName> once = new HashSet<>();
        for (UnitName unit : units) {
            if (!once.add(unit)) {
                throw new IllegalArgumentException(unit + " stands twice in the stack");
            }
        }
    }

    /** The order in which Kubernetes replaces pods: the highest number first. */
    static UpgradeStack highestFirst(Collection<UnitName> units) {
        return new UpgradeStack(List.copyOf(new TreeSet<>(units)));
    }

    /** The highest number first and the leader last, so that it leads as long as it can. */
    static UpgradeStack leaderLast(Collection<UnitName> units, UnitName leader) {
        List<UnitName> order = new ArrayList<>(new TreeSet<>(units));
        if (order.remove(leader)) {
            order.add(0, leader);
        }
        return new UpgradeStack(order);
    }

    /**
     * What is wrong with an order that somebody else made.
     *
     * @param existing all units of the application, each of which must stand in it once
     */
    static Optional<String> defect(List<UnitName> order, Set<UnitName> existing) {
        Set<UnitName> missing = new TreeSet<>(existing);
        Set<UnitName> twice = new TreeSet<>();
        Set<UnitName> unknown = new TreeSet<>();
        Set<UnitName> seen = new HashSet<>();
        for (UnitName unit : order) {
            if (!seen.add(unit)) {
                twice.add(unit);
            } else if (!missing.remove(unit)) {
                unknown.add(unit);
            }
        }
        List<String> defects = new ArrayList<>();
        if (!missing.isEmpty()) {
            defects.add("lacks " + names(missing));
        }
        if (!twice.isEmpty()) {
            defects.add("names " + names(twice) + " twice");
        }
        if (!unknown.isEmpty()) {
            defects.add("names " + names(unknown) + ", which the application does not have");
        }
        return defects.isEmpty() ? Optional.empty() : Optional.of("the upgrade stack " + String.join(" and ", defects));
    }

    /** Reads the list; throws {@link JsonException} when it is damaged. */
    static UpgradeStack read(String application, String text) {
        if (!(JsonText.parse(text, MAX_CHARS) instanceof Json.Arr array)) {
            throw new JsonException("expected a list of unit numbers");
        }
        List<UnitName> units = new ArrayList<>();
        for (Json item : array.items()) {
            if (!(item instanceof Json.Int number)
                    || number.value().signum() < 0
                    || number.value().bitLength() >= Integer.SIZE) {
                throw new JsonException(JsonText.write(item) + " is not a unit number");
            }
            units.add(new UnitName(application, number.value().intValueExact()));
        }
        try {
            return new UpgradeStack(units);
        } catch (IllegalArgumentException e) {
            throw new JsonException(String.valueOf(e.getMessage()), e);
        }
    }

    String write() {
        return PythonJson.write(
                new Json.Arr(units.stream().map(unit -> Json.of(unit.number())).toList()));
    }

    public boolean isEmpty() {
        return units.isEmpty();
    }

    /** Who goes first. */
    public Optional<UnitName> top() {
        return units.isEmpty() ? Optional.empty() : Optional.of(units.get(units.size() - 1));
    }

    public boolean contains(UnitName unit) {
        return units.contains(unit);
    }

    public boolean isTop(UnitName unit) {
        return top().equals(Optional.of(unit));
    }

    /** The units in the order in which they go. */
    public List<UnitName> inOrder() {
        List<UnitName> order = new ArrayList<>(units);
        Collections.reverse(order);
        return order;
    }

    UpgradeStack popped() {
        return new UpgradeStack(units.subList(0, units.size() - 1));
    }

    UpgradeStack keeping(Predicate<UnitName> wanted) {
        return new UpgradeStack(units.stream().filter(wanted).toList());
    }

    /**
     * The stack with more units just below the top, the highest number first. The top stays: it may have begun already,
     * and is the one that failed when the way back is prepared.
     */
    UpgradeStack joinedBy(SortedSet<UnitName> more) {
        List<UnitName> joined = new ArrayList<>(units);
        joined.addAll(
                Math.max(0, units.size() - 1),
                more.stream().filter(unit -> !contains(unit)).toList());
        return new UpgradeStack(joined);
    }

    static String names(Collection<UnitName> units) {
        return String.join(", ", units.stream().map(UnitName::toString).toList());
    }

    @Override
    public String toString() {
        return names(units);
    }
}
