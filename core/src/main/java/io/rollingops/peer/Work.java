// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.Operation;
import io.rollingops.OperationQueue;
import io.rollingops.schedule.Intent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What a unit has to do.
 *
 * @param intent what it asks of the scheduler
 * @param queue its operations; only the head runs
 * @param lastRequestedAt the stamp of its last request, so that the next one is later
 * @param interrupted how many executions of the head ended without an answer, because the process died or lost its
 *     lease; they do not count against the retry limit (rule X6)
 */
public record Work(Intent intent, OperationQueue queue, Instant lastRequestedAt, int interrupted) {
    static final Work NONE = new Work(Intent.IDLE, OperationQueue.EMPTY, Instant.EPOCH, 0);

    Work plus(Operation operation) {
        Operation stamped = operation.requestedAfter(lastRequestedAt);
        return new Work(
                queue.isEmpty() || intent == Intent.IDLE ? Intent.REQUEST : intent,
                queue.add(stamped),
                stamped.requestedAt(),
                interrupted);
    }

    /** The head is settled, the next operation asks for its first run. */
    Work withoutHead() {
        OperationQueue left = queue.withoutHead();
        return new Work(left.isEmpty() ? Intent.IDLE : Intent.REQUEST, left, lastRequestedAt, 0);
    }

    Work retrying(Operation head, Intent retry) {
        return new Work(retry, queue.withHead(head), lastRequestedAt, interrupted);
    }

    /** Without the operation at that place, which nobody will run. */
    Work without(int index) {
        if (index == 0) {
            return withoutHead();
        }
        List<Operation> left = new ArrayList<>(queue.operations());
        left.remove(index);
        return new Work(intent, new OperationQueue(left), lastRequestedAt, interrupted);
    }

    Work asking(Intent nowIntent) {
        return new Work(queue.isEmpty() ? Intent.IDLE : nowIntent, queue, lastRequestedAt, interrupted);
    }

    /** With nothing queued there was nothing that ran. */
    Work interruptedAgain() {
        return queue.isEmpty() ? this : new Work(intent, queue, lastRequestedAt, interrupted + 1);
    }
}
