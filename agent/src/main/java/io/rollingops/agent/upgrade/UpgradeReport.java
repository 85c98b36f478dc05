// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.upgrade;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.OperatorOrder;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.Substrate;
import io.rollingops.upgrade.Turn;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradePause;
import io.rollingops.upgrade.UpgradeRequest;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Where an upgrade stands, as JSON, from what the store holds. A pure function; members are only ever added. */
final class UpgradeReport {
    private UpgradeReport() {}

    static Json.Obj of(UnitName self, PeerSnapshot seen) {
        UpgradeView view = StoreHost.view(
                seen,
                self,
                false,
                wanted -> new OwnFacts(
                        Substrate.VM, new DependencyDocument(Map.of()), wanted, Optional.empty(), Map.of(), false));
        ApplicationUpgrade application = view.application();
        Turn turn = Turn.of(view);
        Json.ObjectBuilder report = Json.object()
                .put("application", self.application())
                .put("unit", self.toString())
                .put("revision", seen.revision())
                .put("phase", phase(view))
                .put("order", names(view.stack().inOrder()))
                .put("units", units(view));
        seen.leader().ifPresent(leader -> report.put("leader", leader.toString()));
        application.target().ifPresent(target -> report.put("target", target.name()));
        application.previous().ifPresent(previous -> report.put("previous", previous.name()));
        if (application.pause() instanceof UpgradePause.After after) {
            report.put("pause_after", after.units());
        }
        List<Json> obstacles = new ArrayList<>();
        if (view.isRolling()) {
            turn.obstacles().forEach(obstacle -> obstacles.add(obstacle(obstacle)));
        }
        report.put("obstacles", new Json.Arr(obstacles));
        report.put("orders", orders(application.orders()));
        report.put("next", Advice.of(view, turn).text());
        report.put("request_waits", seen.shared().containsKey(UpgradeRequest.KEY));
        return report.build();
    }

    /** One word for the whole. */
    private static String phase(UpgradeView view) {
        if (!view.application().damage().isEmpty()) {
            return "damaged";
        } else if (!view.isRolling()) {
            return "idle";
        } else if (any(view, UpgradeState.FAILED)) {
            return "failed";
        } else if (view.application().pause().isNow() && !any(view, UpgradeState.UPGRADING)) {
            return "paused";
        }
        return view.isReturning() ? "rolling-back" : "upgrading";
    }

    static boolean any(UpgradeView view, UpgradeState state) {
        return view.existing().stream()
                .anyMatch(
                        unit -> view.units().getOrDefault(unit, UnitUpgrade.NEW).is(state));
    }

    private static Json units(UpgradeView view) {
        List<Json> units = new ArrayList<>();
        for (UnitName unit : view.existing()) {
            UnitUpgrade bag = view.units().getOrDefault(unit, UnitUpgrade.NEW);
            Json.ObjectBuilder fields = Json.object()
                    .put("unit", unit.toString())
                    .put("state", bag.state().map(UpgradeState::wire).orElse("unknown"))
                    .put("noted", bag.hasNoted(view.application().round()));
            bag.installed().ifPresent(release -> fields.put("installed", release.name()));
            bag.offered().map(Release::name).ifPresent(release -> fields.put("wanted", release));
            bag.problem()
                    .ifPresent(problem -> fields.put(
                            "problem",
                            Json.object()
                                    .put("message", problem.message())
                                    .put("cause", problem.cause())
                                    .put("resolution", problem.resolution())
                                    .build()));
            units.add(fields.build());
        }
        return new Json.Arr(units);
    }

    private static Json obstacle(Turn.Obstacle obstacle) {
        Json.ObjectBuilder fields =
                Json.object().put("kind", word(obstacle.kind().name())).put("text", obstacle.text());
        obstacle.unit().ifPresent(unit -> fields.put("unit", unit.toString()));
        return fields.build();
    }

    private static Json orders(List<OperatorOrder> orders) {
        List<Json> items = new ArrayList<>();
        for (OperatorOrder order : orders) {
            Json.ObjectBuilder fields = Json.object()
                    .put("order", word(order.kind().name()))
                    .put("round", order.round())
                    .put("reason", order.reason());
            order.unit().ifPresent(unit -> fields.put("unit", unit.toString()));
            items.add(fields.build());
        }
        return new Json.Arr(items);
    }

    private static Json names(List<UnitName> units) {
        return new Json.Arr(units.stream().map(unit -> Json.of(unit.toString())).toList());
    }

    private static String word(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
