// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whose turn it is, and what stands in the way.
 *
 * <ol>
 *   <li>The turn belongs to the top of the stack, as the application's databag shows it, and to nobody else.
 *   <li>It begins only when nobody has failed, nobody prepares the way back, nobody is upgrading, and the upgrade does
 *       not pause.
 *   <li>Every unit of the stack is ready or done, and all that take part have the same release as far as they tell. A
 *       unit that is not in the stack and not done has joined since, or was skipped, and need not be.
 *   <li>Every unit of the stack, and every one that an order named, has noted the round.
 *   <li>A unit that is done for a round never begins in it again.
 * </ol>
 *
 * <p>So no two units have their turn at once, however old the databags are that a unit sees. Within a round the top
 * changes in one way only: it is taken off after it was seen to be done for this round, so by 5 it will not begin again,
 * even if it still sees itself at the top; and nobody comes to the top twice in a round. Any other change of the stack
 * opens a new round, and by 4 nobody begins in it before each unit that may still be at work has noted it, which it does
 * only between two turns. A unit that has left, or that an operator left out, is not waited for.
 *
 * @param unit whose
 * @param obstacles why it does not begin, the most important first; empty when it may
 */
public record Turn(Optional<UnitName> unit, List<Obstacle> obstacles) {
    public Turn {
        obstacles = List.copyOf(obstacles);
    }

    /** What kind of thing stands in the way. The order is that of importance. */
    public enum Kind {
        /** The application's databag cannot be read. */
        DAMAGED,
        /** A unit has failed. */
        FAILED,
        /** The way back is being prepared. */
        RECOVERY,
        /** A unit's databag cannot be read. */
        UNREADABLE,
        /** A unit of the stack has left, or is not known here yet; the leader will take it out. */
        GONE,
        /** A unit is upgrading. */
        UPGRADING,
        /** An operator is to look. */
        PAUSED,
        /** A unit that exists is not seen, or has said nothing. */
        UNSEEN,
        /** A unit does not have the new program yet. */
        NOT_REFRESHED,
        /** A unit has another program. */
        OTHER_RELEASE,
        /** A unit has not noted the last order. */
        NOT_NOTED,
        /** The top is done; the leader will take it off. */
        DONE;

        /** Whether it stays until a person does something. */
        boolean needsPerson() {
            return this == DAMAGED || this == FAILED || this == RECOVERY || this == UNREADABLE || this == PAUSED;
        }
    }

    /**
     * One thing in the way.
     *
     * @param unit which unit makes it, if it is one
     * @param text what it is, as half a sentence
     */
    public record Obstacle(Kind kind, Optional<UnitName> unit, String text) {}

    /** Whether that unit may begin. */
    boolean isFor(UnitName candidate) {
        return obstacles.isEmpty() && unit.equals(Optional.of(candidate));
    }

    /** The first obstacle of that kind. */
    Optional<Obstacle> find(Kind kind) {
        return obstacles.stream().filter(obstacle -> obstacle.kind == kind).findFirst();
    }

    /** Whose turn it is. */
    public static Turn of(UpgradeView view) {
        List<Obstacle> found = new ArrayList<>();
        view.application()
                .damage()
                .forEach((key, damage) -> found.add(new Obstacle(
                        Kind.DAMAGED,
                        Optional.empty(),
                        "key '" + key + "' of the application cannot be read: " + damage)));
        Set<UnitName> concerned = concerned(view);
        for (UnitName unit : concerned) {
            if (!view.existing().contains(unit)) {
                some(Kind.GONE, unit, "has left, or is not known here yet").ifPresent(found::add);
            }
        }
        for (UnitName unit : view.existing()) {
            if (!view.isLeftOut(unit)) {
                obstacle(view, unit, concerned.contains(unit)).ifPresent(found::add);
            }
        }
        if (view.application().pause().isNow()) {
            found.add(new Obstacle(Kind.PAUSED, Optional.empty(), "the upgrade pauses"));
        }
        found.sort(Comparator.comparing(Obstacle::kind));
        return new Turn(view.stack().top(), found);
    }

    /** The units of the stack, and those that an order may have taken out of it. */
    static Set<UnitName> concerned(UpgradeView view) {
        Set<UnitName> concerned = new TreeSet<>(view.stack().units());
        view.application().orders().forEach(order -> order.unit().ifPresent(concerned::add));
        return concerned;
    }

    private static Optional<Obstacle> obstacle(UpgradeView view, UnitName unit, boolean concerned) {
        UnitUpgrade bag = view.units().get(unit);
        if (bag == null || bag.isUnset()) {
            return concerned
                    ? some(Kind.UNSEEN, unit, bag == null ? "is not seen here yet" : "has not said its state yet")
                    : Optional.empty();
        }
        for (Map.Entry<String, String> damage : bag.damage().entrySet()) {
            return some(Kind.UNREADABLE, unit, "cannot be read: key '" + damage.getKey() + "', " + damage.getValue());
        }
        Optional<Obstacle> byState = byState(view, unit, bag.state().orElseThrow());
        if (byState.isPresent()) {
            return byState;
        }
        Optional<Release> wanted =
                view.goal().or(() -> view.stack().top().map(view.units()::get).flatMap(UnitUpgrade::offered));
        boolean takesPart = view.stack().contains(unit) || bag.is(UpgradeState.COMPLETED);
        if (takesPart && wanted.isPresent() && bag.offered().isPresent() && !wanted.equals(bag.offered())) {
            return some(
                    Kind.OTHER_RELEASE,
                    unit,
                    "has the program of " + bag.offered().get() + ", not of " + wanted.get());
        }
        return concerned && !view.hasNotedRound(unit)
                ? some(Kind.NOT_NOTED, unit, "has not noted the last order yet")
                : Optional.empty();
    }

    private static Optional<Obstacle> byState(UpgradeView view, UnitName unit, UpgradeState state) {
        boolean inStack = view.stack().contains(unit);
        return switch (state) {
            case FAILED -> some(Kind.FAILED, unit, "failed" + problem(view, unit));
            case RECOVERY -> some(Kind.RECOVERY, unit, "waits for the previous release");
            case UPGRADING -> some(Kind.UPGRADING, unit, "is upgrading");
            case IDLE -> inStack ? some(Kind.NOT_REFRESHED, unit, "has no new program yet") : Optional.empty();
            case READY -> Optional.empty();
            case COMPLETED ->
                view.stack().isTop(unit) && view.isDone(unit) ? some(Kind.DONE, unit, "is done") : Optional.empty();
        };
    }

    private static String problem(UpgradeView view, UnitName unit) {
        return Optional.ofNullable(view.units().get(unit))
                .flatMap(UnitUpgrade::problem)
                .map(problem -> ": " + problem.message())
                .orElse("");
    }

    private static Optional<Obstacle> some(Kind kind, UnitName unit, String text) {
        return Optional.of(new Obstacle(kind, Optional.of(unit), unit + " " + text));
    }
}
