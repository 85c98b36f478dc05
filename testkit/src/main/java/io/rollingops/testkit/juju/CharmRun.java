// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** Charm code that was started. */
interface CharmRun {

    /** Blocks until it has ended. */
    RunReport await();

    /** Ends it with SIGKILL, or has it end at its next hook command. From any thread; harmless when it has ended. */
    void kill();

    /** Asks it to end with SIGTERM, as an agent that stops does. From any thread. */
    void terminate();
}
