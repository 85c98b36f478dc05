// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** The controller took nothing of a hook's changes; the message is Juju's. */
final class CommitRefused extends Exception {
    CommitRefused(String message) {
        super(message);
    }
}
