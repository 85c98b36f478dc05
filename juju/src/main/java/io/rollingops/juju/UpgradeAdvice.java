// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.manager.Explanation;
import io.rollingops.upgrade.Turn;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeView;
import java.util.Optional;

/** What an upgrade on Juju waits for, and what an operator can do, with the commands. A pure function of the view. */
final class UpgradeAdvice {
    private UpgradeAdvice() {}

    static Explanation of(UpgradeView view) {
        String application = view.self().application();
        if (!view.application().damage().isEmpty()) {
            return new Explanation(
                    "the application's databag cannot be read: "
                            + view.application().damage(),
                    "restore the key; or end the upgrade, every unit as it is: "
                            + onLeader(application, "abandon-upgrade"));
        }
        if (!view.isRolling()) {
            return atRest(view, application);
        }
        boolean isBegun = view.units().values().stream().anyMatch(unit -> !unit.is(UpgradeState.IDLE));
        if (!isBegun) {
            return new Explanation(
                    "the upgrade is checked; it begins when the units have the new program",
                    "juju refresh " + application + "; or " + onLeader(application, "abandon-upgrade"));
        }
        return Turn.of(view).obstacles().stream()
                .findFirst()
                .map(first -> new Explanation(first.text(), against(first, view, application)))
                .orElseGet(() -> new Explanation(
                        view.stack()
                                .top()
                                .map(top -> "it is the turn of " + top)
                                .orElse("the last units come to rest"),
                        ""));
    }

    private static Explanation atRest(UpgradeView view, String application) {
        Optional<UnitName> behind = view.units().entrySet().stream()
                .filter(unit -> unit.getValue().isDue())
                .map(unit -> unit.getKey())
                .findFirst();
        return behind.map(unit -> new Explanation(
                        unit + " has a new program and its old workload, and no upgrade was checked",
                        onLeader(application, "pre-upgrade-check") + " brings the workload; or refresh back"))
                .orElse(new Explanation("no upgrade is going on", ""));
    }

    private static String against(Turn.Obstacle obstacle, UpgradeView view, String application) {
        String unit = obstacle.unit().map(UnitName::toString).orElse("");
        return switch (obstacle.kind()) {
            case FAILED ->
                "mend it and " + onLeader(application, "retry-upgrade unit=" + unit)
                        + "; or leave it as it is: skip-upgrade; or go back: "
                        + onLeader(application, "pre-upgrade-check") + ", then refresh to the previous revision";
            case RECOVERY ->
                "juju refresh " + application + " to the previous revision; or go forward after all: "
                        + onLeader(application, "retry-upgrade");
            case PAUSED ->
                isAnyUpgrading(view)
                        ? ""
                        : "look at what was upgraded, then " + onLeader(application, "resume-upgrade")
                                + "; or go back: rollback-upgrade";
            case UNREADABLE ->
                "remove " + unit + " and add another unit; or leave it out: "
                        + onLeader(application, "skip-upgrade unit=" + unit + " gone=true");
            case OTHER_RELEASE ->
                "juju refresh " + application + " to the revision that all shall have"
                        + (view.isReturning()
                                ? ", which is the previous one; or, to go forward, end this upgrade and begin anew: "
                                        + onLeader(application, "abandon-upgrade")
                                : "");
            case UNSEEN, NOT_REFRESHED, NOT_NOTED ->
                "if this lasts, look at the log of " + unit + "; if nothing runs there: "
                        + onLeader(application, "skip-upgrade unit=" + unit + " gone=true");
            case UPGRADING ->
                "if this lasts, look at the log of " + unit + "; a turn that was lost begins again by itself";
            case DAMAGED, GONE, DONE -> "";
        };
    }

    private static boolean isAnyUpgrading(UpgradeView view) {
        return view.units().values().stream().anyMatch((UnitUpgrade unit) -> unit.is(UpgradeState.UPGRADING));
    }

    private static String onLeader(String application, String action) {
        return "juju run " + application + "/leader " + action;
    }
}
