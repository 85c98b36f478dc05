// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.JsonException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What the application's databag says of its upgrade, understood as far as it can be. Only the leader writes it.
 *
 * <table>
 *   <caption>The keys; the first two are the original's, an empty value means that a key is absent</caption>
 *   <tr><td>{@code dependencies}</td><td>the document of the program that finished the last upgrade</td></tr>
 *   <tr><td>{@code upgrade-stack}</td><td>who is still to be upgraded, the last of the list first</td></tr>
 *   <tr><td>{@code upgrade-round}</td><td>a number that grows with every order of an operator. No unit begins before all
 *       that are concerned have noted the round, which they do only between two turns: so the order of the stack may be
 *       changed at any time, although units see each other late</td></tr>
 *   <tr><td>{@code upgrade-pause}</td><td>after how many more units it halts, or {@code never}</td></tr>
 *   <tr><td>{@code upgrade-orders}</td><td>what the operator ordered since the last check, and why, as JSON</td></tr>
 *   <tr><td>{@code upgrade-target}</td><td>the release that all units shall have; absent where the program of each unit
 *       says that, as a charm does</td></tr>
 *   <tr><td>{@code upgrade-previous}</td><td>the release before this upgrade, to which a rollback goes</td></tr>
 * </table>
 *
 * @param dependencies the stored document, as it is written
 * @param stack empty also when nothing is written or what is written is damaged
 * @param round the number of the round
 * @param pause when the upgrade halts
 * @param orders what was ordered, in order
 * @param target what all units shall have
 * @param previous what they had
 * @param damage the keys whose values cannot be read, each with what is wrong; nobody begins meanwhile
 */
public record ApplicationUpgrade(
        Optional<String> dependencies,
        UpgradeStack stack,
        long round,
        UpgradePause pause,
        List<OperatorOrder> orders,
        Optional<Release> target,
        Optional<Release> previous,
        Map<String, String> damage) {
    public static final String DEPENDENCIES = "dependencies";
    public static final String STACK = "upgrade-stack";
    public static final String ROUND = "upgrade-round";
    public static final String PAUSE = "upgrade-pause";
    public static final String ORDERS = "upgrade-orders";
    public static final String TARGET = "upgrade-target";
    public static final String PREVIOUS = "upgrade-previous";

    /** The keys of the application's databag that belong to its upgrade. */
    public static final Set<String> KEYS = Set.of(DEPENDENCIES, STACK, ROUND, PAUSE, ORDERS, TARGET, PREVIOUS);

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

    public ApplicationUpgrade {
        orders = List.copyOf(orders);
        damage = Collections.unmodifiableMap(new TreeMap<>(damage));
    }

    /** Reads a databag; never throws. Keys of others are left alone. */
    public static ApplicationUpgrade read(String application, Map<String, String> bag) {
        Map<String, String> damage = new TreeMap<>();
        Reader reader = new Reader(bag, damage);
        return new ApplicationUpgrade(
                Optional.ofNullable(bag.get(DEPENDENCIES)).filter(text -> !text.isEmpty()),
                reader.get(STACK, UpgradeStack.EMPTY, text -> UpgradeStack.read(application, text)),
                reader.get(ROUND, 0L, ApplicationUpgrade::number),
                reader.get(PAUSE, new UpgradePause.BySubstrate(), UpgradePause::read),
                reader.get(ORDERS, List.of(), text -> OperatorOrder.read(application, text)),
                Release.read(bag.getOrDefault(TARGET, "")),
                Release.read(bag.getOrDefault(PREVIOUS, "")),
                damage);
    }

    /** The values that our keys have in a databag: what a guarded write expects to find there still. */
    public static Map<String, String> seen(Map<String, String> bag) {
        Map<String, String> seen = new TreeMap<>();
        KEYS.forEach(key -> seen.put(key, bag.getOrDefault(key, "")));
        return seen;
    }

    /** What must be written to come from one to the other; an empty value deletes the key. */
    static Map<String, String> changes(ApplicationUpgrade before, ApplicationUpgrade after) {
        Map<String, String> from = before.write();
        Map<String, String> changes = new LinkedHashMap<>();
        after.write().forEach((key, value) -> {
            boolean isMended = before.damage.containsKey(key) && !after.damage.containsKey(key);
            if (isMended || !value.equals(from.get(key))) {
                changes.put(key, value);
            }
        });
        return changes;
    }

    /** With one more order, which may open a new round. */
    ApplicationUpgrade ordered(long inRound, OperatorOrder order) {
        return new ApplicationUpgrade(
                dependencies, stack, inRound, pause, OperatorOrder.added(orders, order), target, previous, damage);
    }

    ApplicationUpgrade inRound(long next) {
        return new ApplicationUpgrade(dependencies, stack, next, pause, orders, target, previous, damage);
    }

    ApplicationUpgrade keeping(Predicate<OperatorOrder> wanted) {
        return new ApplicationUpgrade(
                dependencies,
                stack,
                round,
                pause,
                orders.stream().filter(wanted).toList(),
                target,
                previous,
                damage);
    }

    /** An upgrade that is over does not pause any more. */
    ApplicationUpgrade stacked(UpgradeStack next) {
        UpgradePause left = next.isEmpty() ? new UpgradePause.BySubstrate() : pause;
        return new ApplicationUpgrade(dependencies, next, round, left, orders, target, previous, damage);
    }

    ApplicationUpgrade pausing(UpgradePause next) {
        return new ApplicationUpgrade(dependencies, stack, round, next, orders, target, previous, damage);
    }

    ApplicationUpgrade declaring(String document) {
        return new ApplicationUpgrade(Optional.of(document), stack, round, pause, orders, target, previous, damage);
    }

    ApplicationUpgrade goingFor(Optional<Release> nextTarget, Optional<Release> nextPrevious) {
        return new ApplicationUpgrade(dependencies, stack, round, pause, orders, nextTarget, nextPrevious, damage);
    }

    /** Nothing is left of earlier orders and of what could not be read. */
    ApplicationUpgrade cleared() {
        return new ApplicationUpgrade(dependencies, stack, round, pause, List.of(), target, previous, Map.of());
    }

    /** What could not be read is overwritten. */
    ApplicationUpgrade mended() {
        return new ApplicationUpgrade(dependencies, stack, round, pause, orders, target, previous, Map.of());
    }

    private Map<String, String> write() {
        Map<String, String> bag = new LinkedHashMap<>();
        bag.put(DEPENDENCIES, dependencies.orElse(""));
        bag.put(STACK, stack.write());
        bag.put(ROUND, round == 0 ? "" : Long.toString(round));
        bag.put(PAUSE, pause.write());
        bag.put(ORDERS, OperatorOrder.write(orders));
        bag.put(TARGET, target.map(Release::name).orElse(""));
        bag.put(PREVIOUS, previous.map(Release::name).orElse(""));
        return bag;
    }

    private static long number(String text) {
        if (!NUMBER.matcher(text).matches()) {
            throw new IllegalArgumentException("'" + Problem.line(text) + "' is not a number");
        }
        return Long.parseLong(text);
    }

    /** Reads key by key and keeps what goes wrong. */
    private record Reader(Map<String, String> bag, Map<String, String> damage) {
        <T> T get(String key, T absent, Function<String, T> read) {
            String text = bag.getOrDefault(key, "");
            if (text.isEmpty()) {
                return absent;
            }
            try {
                return read.apply(text);
            } catch (JsonException | IllegalArgumentException e) {
                damage.put(key, String.valueOf(e.getMessage()));
                return absent;
            }
        }
    }
}
