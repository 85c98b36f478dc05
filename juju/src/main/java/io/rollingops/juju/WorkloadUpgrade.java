// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.juju.HookCommands.Level;
import io.rollingops.upgrade.Problem;
import io.rollingops.upgrade.RollingUpgrade;
import io.rollingops.upgrade.UpgradeError;
import io.rollingops.upgrade.UpgradeEvent;
import java.util.List;

/** The charm's part of an upgrade, as the upgrade calls it, with a note on the disk around what cannot be taken back. */
final class WorkloadUpgrade implements RollingUpgrade {
    private final Upgrades upgrades;
    private final CharmUpgrade charm;

    WorkloadUpgrade(Upgrades upgrades, CharmUpgrade charm) {
        this.upgrades = upgrades;
        this.charm = charm;
    }

    @Override
    public void preUpgradeCheck() {
        asked(() -> {
            charm.preUpgradeCheck(upgrades.hook());
            return true;
        });
    }

    @Override
    public List<UnitName> buildUpgradeStack(List<UnitName> units, UnitName leader) {
        return asked(() -> charm.buildUpgradeStack(upgrades.hook(), units, leader));
    }

    @Override
    public Turn onUpgradeGranted() {
        upgrades.beginsWork();
        try {
            asked(() -> {
                charm.onUpgradeGranted(upgrades.hook());
                return true;
            });
        } catch (RuntimeException e) {
            upgrades.endsWork(new UpgradeEvent.Failed(Problem.of(e)));
            throw e;
        }
        upgrades.endsWork(new UpgradeEvent.Completed());
        return Turn.COMPLETED;
    }

    /** The unit has failed already; that must not be taken back because nobody can be told how to go back. */
    @Override
    public void logRollbackInstructions() {
        try {
            charm.logRollbackInstructions(upgrades.hook());
        } catch (RuntimeException e) {
            upgrades.log(Level.WARNING, "the charm cannot say how to go back: " + e);
        }
    }

    private interface Question<T> {
        T ask() throws Exception;
    }

    private static <T> T asked(Question<T> question) {
        try {
            return question.ask();
        } catch (RuntimeException e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UpgradeError.ClusterNotReadyError("interrupted", "the hook was told to end");
        } catch (Exception e) {
            Problem problem = Problem.of(e);
            throw new UpgradeError.ClusterNotReadyError(problem.message(), problem.cause());
        }
    }
}
