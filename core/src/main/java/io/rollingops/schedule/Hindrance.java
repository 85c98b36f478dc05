// SPDX-License-Identifier: Apache-2.0
package io.rollingops.schedule;

/** Why a unit gets no grant although it may have work. */
public enum Hindrance {
    /** It asked for none: it said {@code ready=false}. */
    NOT_READY,
    /** Its process is not there: it has no live unit lease. */
    OFFLINE,
    /** It does not follow this protocol: its databag does not say {@code protocol=2}. */
    OTHER_PROTOCOL,
    /** Its databag cannot be understood. */
    UNREADABLE
}
