// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** What became of an operation. */
public enum Outcome {
    /** Its changes were committed. */
    COMMITTED,
    /** Its process failed, and its changes were thrown away. */
    FAILED,
    /** Its process succeeded, and the controller did not take its changes. */
    REFUSED,
    /** It was interrupted with its agent and is due again. */
    INTERRUPTED,
    /** The charm has no code for it, or its reason was gone. */
    SKIPPED
}
