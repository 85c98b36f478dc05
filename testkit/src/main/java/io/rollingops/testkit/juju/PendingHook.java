// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** A hook that stands before everything else of its unit. */
record PendingHook(Hook hook, State state) {
    enum State {
        /** It has not run yet, or was interrupted: it is due. */
        QUEUED,
        /** It failed and waits for its retry: the unit is in error, and runs actions and commands only. */
        FAILED,
        /** It failed and is due again. */
        RETRY_DUE
    }
}
