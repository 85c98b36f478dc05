// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import java.util.Optional;

/**
 * What an operator can ask of the application. Only the leader carries it out, and answers at once; what it means for the
 * units they do when they see it. Reasons are kept in the application's databag and must be given.
 */
public sealed interface UpgradeCommand extends UpgradeEvent {

    /**
     * Check the members and begin an upgrade; while one has failed, prepare the way back, as the action of the original
     * does. On Juju units begin when they have the new program, so a check can be withdrawn and repeated until then.
     *
     * @param target the release that all units shall have; empty where the program of each unit says that
     * @param pause when to halt
     * @param overruled why to go on although the check says no, or although the target is an older version; empty to obey
     */
    record Check(Optional<Release> target, UpgradePause pause, Optional<String> overruled) implements UpgradeCommand {
        public Check {
            overruled.ifPresent(UpgradeCommand::requireReason);
        }
    }

    /** Halt before the next unit; one that has begun ends its turn. */
    record Pause(String reason) implements UpgradeCommand {
        public Pause {
            requireReason(reason);
        }
    }

    /**
     * Go on after a halt.
     *
     * @param pause when to halt again
     */
    record Resume(UpgradePause pause) implements UpgradeCommand {}

    /**
     * A unit that failed, or whose turn was lost, tries again. If it has the new program still, an earlier order to go back
     * is void.
     */
    record Retry(UnitName unit, String reason) implements UpgradeCommand {
        public Retry {
            requireReason(reason);
        }
    }

    /** A unit that failed tries again, and versions are not compared any more in this upgrade. */
    record Force(UnitName unit, String reason) implements UpgradeCommand {
        public Force {
            requireReason(reason);
        }
    }

    /** A unit is left as it is, and the others go on. */
    record Skip(UnitName unit, String reason) implements UpgradeCommand {
        public Skip {
            requireReason(reason);
        }
    }

    /** As {@link Skip}, for a unit that cannot answer; it is the operator's word that nothing runs there. */
    record LeaveOut(UnitName unit, String reason) implements UpgradeCommand {
        public LeaveOut {
            requireReason(reason);
        }
    }

    /** Back to the previous release, at any time of an upgrade. */
    record Rollback(String reason) implements UpgradeCommand {
        public Rollback {
            requireReason(reason);
        }
    }

    /** The upgrade ends, every unit as it is. */
    record Abandon(String reason) implements UpgradeCommand {
        public Abandon {
            requireReason(reason);
        }
    }

    private static void requireReason(String reason) {
        if (reason.isBlank()) {
            throw new IllegalArgumentException("a reason must be given; it is kept with the upgrade");
        }
    }
}
