// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.OperationId;
import io.rollingops.UnitName;
import java.util.Optional;

/** What a command made happen; the story that logs, histories and waiting callers follow. */
public sealed interface PeerEvent {

    /** An operation is durably queued. */
    record Requested(UnitName unit, OperationId operation) implements PeerEvent {}

    /** A grant is made. */
    record Granted(UnitName unit, long epoch) implements PeerEvent {}

    /** A grant is answered with the result of an operation. */
    record Answered(UnitName unit, Outcome outcome) implements PeerEvent {}

    /** A grant is answered and nothing ran. */
    record GivenBack(UnitName unit, Optional<OperationId> head, long epoch) implements PeerEvent {}

    /** A unit's lease ended, or its grant was taken from it; it holds on no longer. */
    record LeaseEnded(UnitName unit) implements PeerEvent {}

    /** An operation left the queue without being run. */
    record Withdrawn(UnitName unit, OperationId operation) implements PeerEvent {}

    /** A unit left; its open operations are abandoned. */
    record Removed(UnitName unit) implements PeerEvent {}
}
