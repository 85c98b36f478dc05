// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.Optional;

/**
 * What a unit shows: the texts of the original where it has one, and elsewhere whom or what the unit waits for. Nothing
 * is said where a unit has no part in an upgrade, so that the workload's own status stays.
 */
final class StatusText {
    private StatusText() {}

    static Optional<UpgradeStatus> of(UpgradeView view) {
        UnitUpgrade own = view.own();
        return own.state().flatMap(state -> switch (state) {
            case FAILED -> Optional.of(UpgradeStatus.blocked(failure(own)));
            case RECOVERY -> Optional.of(UpgradeStatus.blocked("ready to rollback application"));
            case UPGRADING ->
                Optional.of(UpgradeStatus.maintenance(view.onKubernetes() ? "upgrading unit" : "upgrading..."));
            case COMPLETED -> needsPerson(view).or(() -> Optional.of(UpgradeStatus.maintenance("upgrade completed")));
            case READY -> needsPerson(view).or(() -> Optional.of(waiting(view)));
            case IDLE -> idle(view);
        });
    }

    private static String failure(UnitUpgrade own) {
        return own.problem().map(Problem::line).orElse("the upgrade of this unit failed");
    }

    private static Optional<UpgradeStatus> idle(UpgradeView view) {
        UnitUpgrade own = view.own();
        if (own.isDue() && !view.isSkipped(view.self()) && view.stack().isEmpty()) {
            return Optional.of(UpgradeStatus.blocked(
                    "new program without pre-upgrade-check: run it, or refresh to the previous revision"));
        }
        boolean hasPart = view.stack().contains(view.self())
                || (view.leads() && !view.stack().isEmpty());
        if (!hasPart) {
            return Optional.empty();
        }
        return needsPerson(view).or(() -> waitsForProgram(view) ? Optional.of(waiting(view)) : Optional.empty());
    }

    /** Others are upgrading; or nobody is, and the leader says what is expected of the operator. */
    private static boolean waitsForProgram(UpgradeView view) {
        return view.anyIs(UpgradeState.UPGRADING)
                || (view.leads() && view.application().round() > 0);
    }

    /** Something that time will not mend. */
    private static Optional<UpgradeStatus> needsPerson(UpgradeView view) {
        if (view.stack().isEmpty() && view.application().damage().isEmpty()) {
            return Optional.empty();
        }
        if (view.leads()
                && view.onKubernetes()
                && view.application().round() > 0
                && view.partition().isEmpty()) {
            return Optional.of(UpgradeStatus.blocked("the partition of the StatefulSet cannot be read"));
        }
        return Turn.of(view).obstacles().stream()
                .filter(obstacle -> obstacle.kind().needsPerson() || isWayBackOpen(view, obstacle))
                .findFirst()
                .map(obstacle -> obstacle.kind() == Turn.Kind.DAMAGED
                        ? UpgradeStatus.blocked(obstacle.text())
                        : UpgradeStatus.waiting(obstacle.text()));
    }

    /** The way back was prepared, and the leader says who has not taken it. */
    private static boolean isWayBackOpen(UpgradeView view, Turn.Obstacle obstacle) {
        boolean hasNotTakenIt =
                obstacle.kind() == Turn.Kind.OTHER_RELEASE || obstacle.kind() == Turn.Kind.NOT_REFRESHED;
        return view.leads() && view.isReturning() && hasNotTakenIt;
    }

    private static UpgradeStatus waiting(UpgradeView view) {
        Turn turn = Turn.of(view);
        boolean isBegun = view.firstThat(unit -> !unit.is(UpgradeState.IDLE)).isPresent();
        if (!isBegun && view.leads()) {
            return UpgradeStatus.waiting("upgrade checked; waits for a new program, or for the order to abandon");
        }
        boolean onlyOthersFirst = turn.obstacles().stream()
                .allMatch(obstacle -> obstacle.kind() == Turn.Kind.UPGRADING || obstacle.kind() == Turn.Kind.DONE);
        return UpgradeStatus.waiting(
                onlyOthersFirst || turn.obstacles().isEmpty()
                        ? "other units upgrading first..."
                        : "other units upgrading first... "
                                + turn.obstacles().get(0).text());
    }
}
