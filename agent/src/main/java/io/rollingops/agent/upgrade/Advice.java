// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.upgrade;

import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.Turn;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeView;

/**
 * What an operator can do next, as a sentence with the commands. A pure function of the view.
 *
 * @param text empty when there is nothing to do but wait, or nothing at all
 */
record Advice(String text) {

    static Advice of(UpgradeView view, Turn turn) {
        if (!view.application().damage().isEmpty()) {
            return new Advice(
                    "'rollingops upgrade abandon' ends the upgrade and mends the databag, every unit as it is");
        }
        if (!view.isRolling()) {
            return unlike(view);
        }
        return turn.obstacles().stream()
                .findFirst()
                .map(first -> against(first, view))
                .orElse(new Advice(""));
    }

    private static Advice against(Turn.Obstacle obstacle, UpgradeView view) {
        String unit = obstacle.unit().map(Object::toString).orElse("");
        return switch (obstacle.kind()) {
            case FAILED ->
                new Advice("mend it and 'rollingops upgrade retry " + unit + "'; or 'rollingops upgrade skip " + unit
                        + "'; or go back with 'rollingops upgrade rollback'");
            case PAUSED ->
                UpgradeReport.any(view, UpgradeState.UPGRADING)
                        ? new Advice("")
                        : new Advice("look at what was upgraded, then 'rollingops upgrade resume', or go back with"
                                + " 'rollingops upgrade rollback'");
            case UNREADABLE ->
                new Advice(
                        "'rollingops why " + unit + "' says what is wrong; 'rollingops repair " + unit + "' mends it");
            case UNSEEN, NOT_REFRESHED, NOT_NOTED, OTHER_RELEASE ->
                new Advice("if this lasts, see that the agent of " + unit + " runs and its configuration has a section"
                        + " 'upgrade'; if nothing runs there, 'rollingops upgrade skip " + unit + " --gone'");
            case UPGRADING ->
                new Advice("if this lasts, see the log of the agent of " + unit + "; a turn that was lost begins again"
                        + " when its agent is back");
            case DAMAGED, RECOVERY, GONE, DONE -> new Advice("");
        };
    }

    /** Nothing goes on, and some unit has another release than the application wants. */
    private static Advice unlike(UpgradeView view) {
        return view.existing().stream()
                .filter(unit -> view.units().getOrDefault(unit, UnitUpgrade.NEW).isDue())
                .findFirst()
                .map(unit -> {
                    UnitUpgrade bag = view.units().getOrDefault(unit, UnitUpgrade.NEW);
                    String wanted = bag.offered().map(Release::name).orElse("");
                    return new Advice(unit + " does not have " + wanted + "; 'rollingops upgrade start --to " + wanted
                            + "' brings it there");
                })
                .orElse(new Advice(""));
    }
}
