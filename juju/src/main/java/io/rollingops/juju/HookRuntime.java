// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.juju.HookCommands.Level;
import io.rollingops.manager.HostClock;

/**
 * What one hook works with.
 *
 * @param context what Juju told it
 * @param commands the hook commands
 * @param data the databags, with what was written to them
 * @param clock both clocks; the steady one is the same for all processes of one boot
 * @param waker has a hook dispatched when this one is over
 */
record HookRuntime(JujuContext context, HookCommands commands, RelationData data, HostClock clock, Waker waker) {
    CharmEvent event() {
        return context.event();
    }

    UnitName self() {
        return context.unit();
    }

    /** Tells what rolling operations do in Juju's log. */
    void log(Level level, String message) {
        commands.log(level, "rollingops: " + message);
    }
}
