// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.Optional;

/**
 * An operator's command on its way to the unit that leads, where no platform brings it there: the key {@value #KEY} of the
 * application's databag. It is taken out in the same write that carries it out, so it is carried out at most once; the
 * answer is an {@link UpgradeReply}.
 *
 * @param id different for every request
 * @param command what is asked
 */
public record UpgradeRequest(String id, UpgradeCommand command) {
    public static final String KEY = "upgrade-request";

    /** The value of the key. */
    public String write() {
        Json.ObjectBuilder fields = Json.object().put("id", id);
        if (command instanceof UpgradeCommand.Check check) {
            fields.put("order", "check");
            check.target().ifPresent(target -> fields.put("target", target.name()));
            put(fields, check.pause());
            check.overruled().ifPresent(reason -> fields.put("overruled", reason));
        } else if (command instanceof UpgradeCommand.Pause pause) {
            fields.put("order", "pause").put("reason", pause.reason());
        } else if (command instanceof UpgradeCommand.Resume resume) {
            put(fields.put("order", "resume"), resume.pause());
        } else if (command instanceof UpgradeCommand.Retry retry) {
            put(fields, "retry", retry.unit(), retry.reason());
        } else if (command instanceof UpgradeCommand.Force force) {
            put(fields, "force", force.unit(), force.reason());
        } else if (command instanceof UpgradeCommand.Skip skip) {
            put(fields, "skip", skip.unit(), skip.reason());
        } else if (command instanceof UpgradeCommand.LeaveOut leaveOut) {
            put(fields, "leave-out", leaveOut.unit(), leaveOut.reason());
        } else if (command instanceof UpgradeCommand.Rollback rollback) {
            fields.put("order", "rollback").put("reason", rollback.reason());
        } else if (command instanceof UpgradeCommand.Abandon abandon) {
            fields.put("order", "abandon").put("reason", abandon.reason());
        } else {
            throw new AssertionError(command);
        }
        return JsonText.write(fields.build());
    }

    /**
     * Reads a value of the key.
     *
     * @throws JsonException saying what is wrong with it
     */
    public static UpgradeRequest read(String text) {
        Json.Obj fields = JsonText.parseObject(text);
        try {
            return new UpgradeRequest(fields.string("id"), command(fields));
        } catch (IllegalArgumentException e) {
            throw new JsonException(String.valueOf(e.getMessage()), e);
        }
    }

    private static UpgradeCommand command(Json.Obj fields) {
        String order = fields.string("order");
        return switch (order) {
            case "check" ->
                new UpgradeCommand.Check(
                        text(fields, "target").map(Release::new), pause(fields), text(fields, "overruled"));
            case "pause" -> new UpgradeCommand.Pause(fields.string("reason"));
            case "resume" -> new UpgradeCommand.Resume(pause(fields));
            case "retry" -> new UpgradeCommand.Retry(unit(fields), fields.string("reason"));
            case "force" -> new UpgradeCommand.Force(unit(fields), fields.string("reason"));
            case "skip" -> new UpgradeCommand.Skip(unit(fields), fields.string("reason"));
            case "leave-out" -> new UpgradeCommand.LeaveOut(unit(fields), fields.string("reason"));
            case "rollback" -> new UpgradeCommand.Rollback(fields.string("reason"));
            case "abandon" -> new UpgradeCommand.Abandon(fields.string("reason"));
            default -> throw new JsonException("'" + Problem.line(order) + "' is not an order");
        };
    }

    private static void put(Json.ObjectBuilder fields, String order, UnitName unit, String reason) {
        fields.put("order", order).put("unit", unit.toString()).put("reason", reason);
    }

    private static void put(Json.ObjectBuilder fields, UpgradePause pause) {
        if (!(pause instanceof UpgradePause.BySubstrate)) {
            fields.put("pause", pause.write());
        }
    }

    private static UnitName unit(Json.Obj fields) {
        return UnitName.parse(fields.string("unit"));
    }

    private static UpgradePause pause(Json.Obj fields) {
        return UpgradePause.read(text(fields, "pause").orElse(""));
    }

    private static Optional<String> text(Json.Obj fields, String name) {
        return fields.find(name).map(value -> fields.string(name));
    }
}
