// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What an operator ordered in the course of an upgrade, and why; one entry of the databag key {@code upgrade-orders}. It
 * is a record for people, and how an order reaches the units: each obeys those of the rounds that it has not noted yet.
 *
 * @param round the round that it opened
 * @param kind what
 * @param unit whom it concerns, where it concerns one
 * @param reason why, in the operator's words; may be empty for a check that was not forced
 */
public record OperatorOrder(long round, Kind kind, Optional<UnitName> unit, String reason) {
    /**
     * How many one upgrade can have. Each replaces an earlier one of its kind for the same unit, so that only a large
     * application can meet the limit; the way back and the end are always open.
     */
    public static final int MAX_ORDERS = 100;

    /** What can be ordered. */
    public enum Kind {
        /** A new upgrade; with a reason when the check was overruled. */
        CHECK,
        /** Halt before the next unit. */
        PAUSE,
        /** Go on. */
        RESUME,
        /** The unit tries again. */
        RETRY,
        /** The unit tries again, and from now on versions are not compared. */
        FORCE,
        /** The unit is left as it is. */
        SKIP,
        /** As {@link #SKIP}, by the operator's word that nothing runs there, so nobody waits for the unit to agree. */
        LEAVE_OUT,
        /** Back to the previous release; where the application has no target, the unit that led then prepares it. */
        ROLLBACK,
        /** The upgrade ends here, every unit as it is. */
        ABANDON;

        String wire() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    public OperatorOrder {
        reason = Problem.line(reason);
    }

    /** Whether an upgrade was begun by it although the check said no, or although the target is older. */
    boolean hasOverruledCheck() {
        return kind == Kind.CHECK && !reason.isEmpty();
    }

    boolean isFor(UnitName other) {
        return unit.equals(Optional.of(other));
    }

    /** The list with one more. */
    static List<OperatorOrder> added(List<OperatorOrder> orders, OperatorOrder order) {
        List<OperatorOrder> next = new ArrayList<>(orders);
        next.removeIf(earlier -> earlier.kind == order.kind && earlier.unit.equals(order.unit));
        next.add(order);
        return List.copyOf(next);
    }

    static String write(List<OperatorOrder> orders) {
        return orders.isEmpty()
                ? ""
                : PythonJson.write(
                        new Json.Arr(orders.stream().map(OperatorOrder::toJson).toList()));
    }

    /** Reads the list; throws {@link JsonException} when it is damaged. */
    static List<OperatorOrder> read(String application, String text) {
        if (!(JsonText.parse(text) instanceof Json.Arr array)) {
            throw new JsonException("expected a list of orders");
        }
        return array.items().stream().map(item -> of(application, item)).toList();
    }

    private Json toJson() {
        Json.ObjectBuilder object = Json.object().put("round", round).put("order", kind.wire());
        unit.ifPresent(name -> object.put("unit", name.number()));
        return object.put("reason", reason).build();
    }

    private static OperatorOrder of(String application, Json item) {
        if (!(item instanceof Json.Obj object)) {
            throw new JsonException("an order is an object, not " + item.kind());
        }
        Optional<UnitName> unit = object.find("unit").map(number -> unit(application, object.integer("unit")));
        return new OperatorOrder(object.integer("round"), kind(object.string("order")), unit, object.string("reason"));
    }

    private static UnitName unit(String application, long number) {
        if (number < 0 || number > Integer.MAX_VALUE) {
            throw new JsonException(number + " is not a unit number");
        }
        return new UnitName(application, Math.toIntExact(number));
    }

    private static Kind kind(String text) {
        for (Kind kind : Kind.values()) {
            if (kind.wire().equals(text)) {
                return kind;
            }
        }
        throw new JsonException("'" + Problem.line(text) + "' is not an order");
    }
}
