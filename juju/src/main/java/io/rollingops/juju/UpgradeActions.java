// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.manager.Explanation;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradePause;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeView;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The actions of upgrades. The first two are those of the original, with its words where it has some; each answers why it
 * was refused and what to do (defect D22). A charm names in its {@code actions.yaml} those that it wants to offer.
 */
final class UpgradeActions {
    static final String CHECK = "pre-upgrade-check";
    static final String RESUME = "resume-upgrade";
    static final String PAUSE = "pause-upgrade";
    static final String RETRY = "retry-upgrade";
    static final String FORCE = "force-upgrade";
    static final String SKIP = "skip-upgrade";
    static final String ROLLBACK = "rollback-upgrade";
    static final String ABANDON = "abandon-upgrade";
    static final String STATUS = "upgrade-status";

    static final Set<String> NAMES = Set.of(CHECK, RESUME, PAUSE, RETRY, FORCE, SKIP, ROLLBACK, ABANDON, STATUS);

    private static final String NO_RELATION = "Could not find upgrade relation.";

    private UpgradeActions() {}

    static void handle(Action action) {
        Upgrades upgrades = action.hook().upgrades();
        if (action.name().equals(STATUS)) {
            tell(action, upgrades);
            return;
        }
        UpgradeCommand command;
        try {
            command = command(action.name(), action.parameters());
        } catch (JsonException | IllegalArgumentException | ArithmeticException e) {
            action.fail(String.valueOf(e.getMessage()));
            return;
        }
        Optional<UpgradeAnswer> answer = upgrades.carryOut(command);
        if (answer.isEmpty()) {
            action.fail(NO_RELATION);
        } else if (answer.get() instanceof UpgradeAnswer.Refused refused) {
            if (!refused.remedy().isEmpty()) {
                action.results(Map.of("remedy", refused.remedy()));
            }
            action.fail(line(refused));
        } else {
            Map<String, String> results =
                    new TreeMap<>(Map.of("message", answer.get().message()));
            Explanation why = upgrades.explain();
            if (!why.remedy().isEmpty()) {
                results.put("next", why.remedy());
            }
            action.results(results);
        }
    }

    /** One line for a person; the words of the original stand first and unchanged. */
    private static String line(UpgradeAnswer.Refused refused) {
        if (refused.remedy().isEmpty()) {
            return refused.message();
        }
        String between = refused.message().endsWith(".") ? " " : ": ";
        return refused.message() + between + refused.remedy();
    }

    private static UpgradeCommand command(String name, Json.Obj parameters) {
        return switch (name) {
            case CHECK -> new UpgradeCommand.Check(Optional.empty(), pause(parameters), text(parameters, "overrule"));
            case RESUME -> new UpgradeCommand.Resume(pause(parameters));
            case PAUSE -> new UpgradeCommand.Pause(reason(parameters));
            case RETRY -> new UpgradeCommand.Retry(unit(parameters), reason(parameters));
            case FORCE -> new UpgradeCommand.Force(unit(parameters), reason(parameters));
            case SKIP ->
                parameters.find("gone").isPresent() && parameters.bool("gone")
                        ? new UpgradeCommand.LeaveOut(unit(parameters), reason(parameters))
                        : new UpgradeCommand.Skip(unit(parameters), reason(parameters));
            case ROLLBACK -> new UpgradeCommand.Rollback(reason(parameters));
            case ABANDON -> new UpgradeCommand.Abandon(reason(parameters));
            default -> throw new AssertionError(name);
        };
    }

    private static UpgradePause pause(Json.Obj parameters) {
        return parameters
                .find("pause-after")
                .<UpgradePause>map(units -> new UpgradePause.After(Math.toIntExact(parameters.integer("pause-after"))))
                .orElse(new UpgradePause.BySubstrate());
    }

    private static UnitName unit(Json.Obj parameters) {
        return UnitName.parse(
                text(parameters, "unit").orElseThrow(() -> new IllegalArgumentException("name the unit: unit=app/1")));
    }

    private static String reason(Json.Obj parameters) {
        return text(parameters, "reason")
                .orElseThrow(() -> new IllegalArgumentException(
                        "a reason must be given, it is kept with the upgrade: reason=\"...\""));
    }

    private static Optional<String> text(Json.Obj parameters, String name) {
        return parameters.find(name).map(value -> parameters.string(name)).filter(text -> !text.isBlank());
    }

    private static void tell(Action action, Upgrades upgrades) {
        if (upgrades.state().isEmpty()) {
            action.fail(NO_RELATION);
            return;
        }
        UpgradeView view = upgrades.view();
        Map<String, String> results = new TreeMap<>();
        Explanation why = upgrades.explain();
        results.put("reason", why.reason());
        if (!why.remedy().isEmpty()) {
            results.put("next", why.remedy());
        }
        results.put(
                "order",
                String.join(
                        ", ",
                        view.stack().inOrder().stream().map(UnitName::toString).toList()));
        view.units()
                .forEach((unit, bag) -> results.put(
                        "units." + unit.application() + "-" + unit.number(),
                        bag.state().map(UpgradeState::wire).orElse("unknown")
                                + bag.installed()
                                        .map(release -> ", has " + release)
                                        .orElse("")
                                + bag.offered()
                                        .filter(release -> bag.isDue())
                                        .map(release -> ", is to have " + release)
                                        .orElse("")
                                + bag.problem()
                                        .map(problem -> ", " + problem.message())
                                        .orElse("")));
        action.results(results);
    }
}
