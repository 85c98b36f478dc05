// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

/**
 * What an upgrade needs of the place where a unit runs: its databags, its turn, its status. Called from one thread at a
 * time; what is thrown ends the handling of the event and reaches the caller of {@link UpgradeDriver#handle}, after which
 * any later event goes on from what is written.
 */
public interface UpgradeHost {

    /** What the unit sees now; see {@link UpgradeView} for how fresh it must be. */
    UpgradeView view();

    /**
     * Writes to one databag, all of it or nothing.
     *
     * @param write what
     * @param seen on what it was decided
     * @return false when nothing was written, because the databag is not any more as it was seen, or the unit does not
     *     lead and the databag is the application's
     */
    boolean write(UpgradeDecision.Write write, UpgradeView seen);

    /**
     * Takes the unit's turn: the lock under which members work, where there is one. It is given back by the host when the
     * unit is not upgrading any more.
     *
     * @return false when it cannot be had now; then the host asks for it and tells {@link UpgradeEvent.TurnTaken} later
     */
    boolean takeTurn();

    /** Shows it, in place of what was shown before. */
    void show(UpgradeStatus status);

    /** There is nothing to say of an upgrade: what was shown of one, if anything, gives way to the workload's own status. */
    void showNothing();
}
