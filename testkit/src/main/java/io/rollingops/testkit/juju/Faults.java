// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.function.Consumer;

/** What can go wrong in a model, on request. Every method returns at once; from any thread. */
public final class Faults {
    private final Controller controller;

    Faults(Controller controller) {
        this.controller = controller;
    }

    /** Kills the unit's charm at its hook command of that number, counted from 1 in each operation; once. */
    public void killAtCommand(String unit, int number) {
        plan(plan -> plan.killAt(UnitName.parse(unit), number));
    }

    /** Lets the unit's next call of that hook command fail with exit code 1. */
    public void failCommand(String unit, String command) {
        plan(plan -> plan.failCommand(UnitName.parse(unit), command));
    }

    /** Lets the controller refuse what the unit wants to commit next. */
    public void failCommit(String unit) {
        plan(plan -> plan.failCommit(UnitName.parse(unit)));
    }

    /** Gives the leadership to another unit in the moment in which this one wants to commit. */
    public void loseLeadershipBeforeCommit(String unit, String newLeader) {
        plan(plan -> plan.moveLeadership(UnitName.parse(unit), UnitName.parse(newLeader)));
    }

    /** Makes a unit believe that it leads although it does not; what it commits as a leader is refused. */
    public void alsoLeads(String unit) {
        unit(unit, found -> found.app.falseLeaders.add(found.name));
    }

    /** Ends {@link #alsoLeads}. */
    public void knowsItsLeader(String unit) {
        unit(unit, found -> found.app.falseLeaders.remove(found.name));
    }

    /** Lets a unit begin nothing more until it is {@link #feed fed} again; it keeps its lease. */
    public void starve(String unit) {
        unit(unit, found -> found.starved = true);
    }

    public void feed(String unit) {
        unit(unit, found -> found.starved = false);
    }

    /** Hides changes of the databags of other units from a unit until they are {@link #deliver delivered}. */
    public void holdBackUnitChanges(String unit) {
        unit(unit, found -> found.holdsBackUnitChanges = true);
    }

    /** Hides changes of application databags from a unit until they are {@link #deliver delivered}. */
    public void holdBackAppChanges(String unit) {
        unit(unit, found -> found.holdsBackAppChanges = true);
    }

    /** Lets a unit learn of the changes that were held back. */
    public void deliver(String unit) {
        unit(unit, found -> {
            found.holdsBackUnitChanges = false;
            found.holdsBackAppChanges = false;
        });
    }

    /** Lets the unit's next {@code -relation-changed} run twice, though it succeeds. */
    public void repeatNextChange(String unit) {
        unit(unit, found -> found.repeatsNextChange = true);
    }

    private void plan(Consumer<FaultPlan> change) {
        controller.ask(() -> {
            change.accept(controller.faults());
            return true;
        });
    }

    private void unit(String name, Consumer<JujuUnit> change) {
        controller.change(() -> {
            change.accept(controller.model().unit(UnitName.parse(name)));
            return true;
        });
    }
}
