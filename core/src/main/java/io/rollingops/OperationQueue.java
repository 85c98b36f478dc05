// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a unit has to do, first in, first out; only the head ever runs.
 *
 * @param operations oldest first
 */
public record OperationQueue(List<Operation> operations) {
    public static final OperationQueue EMPTY = new OperationQueue(List.of());

    /** How many operations may wait for one unit. */
    public static final int MAX_LENGTH = 256;
    /** How long the wire form of a queue may grow by requests; well below what a reader takes. */
    public static final int MAX_WIRE_CHARS = 1 << 20;

    public OperationQueue {
        operations = List.copyOf(operations);
    }

    public Optional<Operation> head() {
        return operations.isEmpty() ? Optional.empty() : Optional.of(operations.get(0));
    }

    public Optional<Operation> last() {
        return operations.isEmpty() ? Optional.empty() : Optional.of(operations.get(operations.size() - 1));
    }

    public boolean isEmpty() {
        return operations.isEmpty();
    }

    public int size() {
        return operations.size();
    }

    public OperationQueue add(Operation operation) {
        List<Operation> longer = new ArrayList<>(operations);
        longer.add(operation);
        return new OperationQueue(longer);
    }

    public OperationQueue withoutHead() {
        return new OperationQueue(operations.subList(1, operations.size()));
    }

    public OperationQueue withHead(Operation head) {
        List<Operation> changed = new ArrayList<>(operations);
        changed.set(0, head);
        return new OperationQueue(changed);
    }

    /** Whether an operation of that callback waits or runs. */
    public boolean contains(String callbackId) {
        return operations.stream().anyMatch(operation -> operation.callbackId().equals(callbackId));
    }
}
