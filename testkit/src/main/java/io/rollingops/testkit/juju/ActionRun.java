// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.time.Duration;
import java.util.Optional;

/** An action that was asked for. */
public final class ActionRun {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final JujuEmulator juju;
    private final ActionTask task;

    ActionRun(JujuEmulator juju, ActionTask task) {
        this.juju = juju;
        this.task = task;
    }

    /** Runs the model until the action is done, for at most a minute. */
    public ActionResult result() {
        return result(LIMIT);
    }

    /**
     * Runs the model until the action is done.
     *
     * @throws AssertionError when it is not done in time
     */
    public ActionResult result(Duration limit) {
        juju.runUntil("action " + task.name + " on " + task.unit + " is done", () -> done().isPresent(), limit);
        return done().orElseThrow();
    }

    /** The result, if it is done. */
    public Optional<ActionResult> done() {
        return juju.ask(task::result);
    }
}
