// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.Operation;
import io.rollingops.OperationCodec;
import io.rollingops.OperationQueue;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/** Which requests are taken into a queue, the same for every kind of store. */
final class RequestRules {
    private RequestRules() {}

    /** Why a request can never be taken, if so. */
    static Optional<PeerReply> refusal(String callbackId, Json.Obj arguments, OptionalInt maxRetry) {
        if (callbackId.isBlank() || callbackId.length() > Operation.MAX_CALLBACK_CHARS) {
            return Optional.of(
                    invalid("a callback id has 1 to " + Operation.MAX_CALLBACK_CHARS + " characters and is not blank"));
        }
        if (maxRetry.isPresent() && maxRetry.getAsInt() < 0) {
            return Optional.of(invalid("the retry limit is negative: " + maxRetry.getAsInt()));
        }
        if (arguments.depth() > Operation.MAX_ARGUMENTS_DEPTH) {
            return Optional.of(invalid("the arguments are nested " + arguments.depth() + " deep, over the limit of "
                    + Operation.MAX_ARGUMENTS_DEPTH));
        }
        String wire = OperationCodec.write(Operation.requested(callbackId, arguments, maxRetry, Instant.EPOCH));
        if (wire.length() > Operation.MAX_WIRE_CHARS) {
            return Optional.of(invalid("the operation is " + wire.length() + " characters long, over the limit of "
                    + Operation.MAX_WIRE_CHARS + "; pass large data by reference"));
        }
        try {
            OperationCodec.readOperation(wire);
        } catch (JsonException e) { // a number of a thousand digits, half of a character
            return Optional.of(invalid("the operation could not be read back: " + e.getMessage()));
        }
        return Optional.empty();
    }

    /**
     * Why there is no room for a request, if so. One that is merged into the last one needs none: it may be the
     * repetition of one that was taken in.
     */
    static Optional<PeerReply> noRoom(UnitName unit, UnitRecord record, Operation operation, boolean headBegun) {
        OperationQueue next = record.requested(operation, headBegun).queue();
        if (next.size() == record.queue().size()) {
            return Optional.empty();
        }
        if (next.size() > OperationQueue.MAX_LENGTH) {
            return Optional.of(full("the queue of " + unit + " holds " + OperationQueue.MAX_LENGTH
                    + " operations, which is the limit; see why they do not run before asking for more"));
        }
        if (OperationCodec.write(next).length() > OperationQueue.MAX_WIRE_CHARS) {
            return Optional.of(full("the queue of " + unit + " would be longer than " + OperationQueue.MAX_WIRE_CHARS
                    + " characters with this operation; pass large data by reference, or wait until some have run"));
        }
        return Optional.empty();
    }

    private static PeerReply invalid(String message) {
        return new PeerReply.Refused(PeerReply.Reason.INVALID, message);
    }

    private static PeerReply full(String message) {
        return new PeerReply.Refused(PeerReply.Reason.FULL, message);
    }
}
