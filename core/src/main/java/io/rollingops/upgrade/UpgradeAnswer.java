// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

/** What an operator is told. */
public sealed interface UpgradeAnswer {
    /** What happened or why nothing did, in one line. */
    String message();

    /** It was done. */
    record Done(String message) implements UpgradeAnswer {}

    /**
     * It was not, or not all of it.
     *
     * @param message why, in the words of the original where it has some
     * @param remedy what to do; empty when there is nothing to do but wait
     */
    record Refused(String message, String remedy) implements UpgradeAnswer {}
}
