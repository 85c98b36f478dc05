// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/**
 * A charm written in Java that runs inside the emulator: for the other side of a relation, or to try what Juju does.
 *
 * <p>Called once for each hook, action and {@code juju-exec}, from several threads for several units at the same time.
 * Returning is exit code 0, an exception is exit code 1. It may block; it is not interrupted.
 */
public interface EmulatedCharm {
    CharmMetadata metadata();

    void run(HookRun hook) throws Exception;
}
