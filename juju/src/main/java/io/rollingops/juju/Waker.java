// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Has a hook dispatched on this unit once the present one is over: Juju tells no unit of what it wrote itself. */
interface Waker {
    /** Returns at once. What is asked for twice may happen twice; it may also not happen, if the machine fails. */
    void wake(Duration after);

    /** Dispatches the hook that a grant has, with a detached process that goes through {@code juju-exec}. */
    static Waker detached(JujuContext context, UnitFolder folder) {
        return after -> {
            Path log = folder.made().resolve("wake.log");
            ProcessBuilder starter = new ProcessBuilder(List.of(
                    "/bin/sh",
                    "-c",
                    DetachedScript.STARTER,
                    DetachedScript.WAITER,
                    Long.toString(Math.max(0, after.plusMillis(999).toSeconds())),
                    context.unit().toString(),
                    context.charmFolder() + "/dispatch",
                    RollingOps.GRANTED_HOOK));
            starter.environment().remove("JUJU_CONTEXT_ID"); // juju-exec refuses to run inside a hook
            starter.redirectInput(Path.of("/dev/null").toFile());
            starter.redirectOutput(log.toFile());
            starter.redirectErrorStream(true);
            try {
                int exitCode = starter.start().waitFor();
                if (exitCode != 0) {
                    throw new IllegalStateException("the process that wakes this unit again did not start, exit status "
                            + exitCode + "; " + log + " may say why");
                }
            } catch (IOException e) {
                throw new IllegalStateException("the process that wakes this unit again cannot be started", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        };
    }
}
