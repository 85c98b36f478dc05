// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

/** What a unit is doing, as its user sees it. */
public enum RollingOpsStatus {
    /** The peer store cannot be used yet: no relation, or the unit is not a member. */
    NOT_READY("not-ready"),
    /** There is work, and the lock is not here, or not yet the one that applications share. */
    WAITING("waiting"),
    /** The lock is here. */
    GRANTED("granted"),
    /** No work and no lock. */
    IDLE("idle");

    private final String wire;

    RollingOpsStatus(String wire) {
        this.wire = wire;
    }

    /** The text that the original gives. */
    public String wire() {
        return wire;
    }
}
