// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import java.util.Map;
import java.util.TreeMap;

/** One action, as its handler sees it. For the thread of the hook. */
public final class Action {
    private final CharmEvent.OnAction event;
    private final Hook hook;

    Action(CharmEvent.OnAction event, Hook hook) {
        this.event = event;
        this.hook = hook;
    }

    /** The action's name. */
    public String name() {
        return event.name();
    }

    /** Everything that is not about the action itself. */
    public Hook hook() {
        return hook;
    }

    /** What it was called with; defaults are filled in. */
    public Json.Obj parameters() {
        return hook.commands().ask(Query.actionParameters());
    }

    /** Gives results; keys are lower case, with hyphens and dots. They arrive even if the action fails. */
    public void results(Map<String, String> results) {
        hook.commands().actionSet(new TreeMap<>(results));
    }

    /** Tells whoever waits how it gets on. */
    public void log(String message) {
        hook.commands().actionLog(message);
    }

    /** Lets the action count as failed; what was written to databags stays. An exception takes that back as well. */
    public void fail(String message) {
        hook.commands().actionFail(message);
    }
}
