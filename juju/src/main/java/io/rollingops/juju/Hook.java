// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.util.Optional;

/** One hook, as its handlers see it. For the thread of the hook, and only until the handlers have returned. */
public final class Hook {
    private final HookRuntime runtime;
    private final Optional<RollingOps> rollingOps;
    private final Optional<Upgrades> upgrades;

    Hook(HookRuntime runtime, Optional<RollingOps> rollingOps, Optional<Upgrades> upgrades) {
        this.runtime = runtime;
        this.rollingOps = rollingOps;
        this.upgrades = upgrades;
    }

    /** What Juju told the process. */
    public JujuContext context() {
        return runtime.context();
    }

    /** This unit. */
    public UnitName unit() {
        return runtime.context().unit();
    }

    /** The hook commands. */
    public HookCommands commands() {
        return runtime.commands();
    }

    /** The databags of all relations. */
    public RelationData relations() {
        return runtime.data();
    }

    /** The configuration; options without a value are absent. */
    public Json.Obj config() {
        return runtime.commands().ask(Query.config());
    }

    /** Whether this unit leads its application, for at least 30 s from now. */
    public boolean isLeader() {
        return runtime.commands().ask(Query.isLeader());
    }

    /** Sets the unit's status, at once. */
    public void status(UnitStatus status) {
        runtime.commands().statusSet(status);
    }

    /** Writes to Juju's log, at once. */
    public void log(String message) {
        runtime.commands().log(HookCommands.Level.INFO, message);
    }

    /**
     * Rolling operations.
     *
     * @throws IllegalStateException when the charm was built without them
     */
    public RollingOps rollingOps() {
        return rollingOps.orElseThrow(
                () -> new IllegalStateException("this charm was built without settings for rolling operations"));
    }

    /**
     * The upgrade of the application.
     *
     * @throws IllegalStateException when the charm was built without settings for upgrades
     */
    public Upgrades upgrades() {
        return upgrades.orElseThrow(
                () -> new IllegalStateException("this charm was built without settings for upgrades"));
    }
}
