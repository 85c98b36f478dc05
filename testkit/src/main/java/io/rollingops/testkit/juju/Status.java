// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** A status and its message, as {@code juju status} shows them. */
public record Status(String status, String message) {
    static final Status UNKNOWN = new Status("unknown", "");
    static final Status WAITING = new Status("waiting", "waiting for machine");
    static final Status IDLE = new Status("idle", "");

    @Override
    public String toString() {
        return message.isEmpty() ? status : status + ": " + message;
    }
}
