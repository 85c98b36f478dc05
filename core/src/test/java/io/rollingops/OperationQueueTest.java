// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class OperationQueueTest {

    @Test
    void an_empty_queue_has_no_operation_at_all() {
        assertThat(OperationQueue.EMPTY.isEmpty()).isTrue();
        assertThat(OperationQueue.EMPTY.size()).isZero();
        assertThat(OperationQueue.EMPTY.head()).isEmpty();
        assertThat(OperationQueue.EMPTY.last()).isEmpty();
        assertThat(OperationQueue.EMPTY.contains("a")).isFalse();
        assertThat(OperationCodec.write(OperationQueue.EMPTY)).isEqualTo("[]");
    }

    @Test
    void what_comes_first_is_the_head_and_what_comes_last_stands_last() {
        OperationQueue queue = OperationQueue.EMPTY
                .add(operation("a", 1))
                .add(operation("b", 2))
                .add(operation("c", 3));
        List<String> order = new ArrayList<>();
        assertThat(queue.last()).hasValue(operation("c", 3));
        while (!queue.isEmpty()) {
            order.add(queue.head().orElseThrow().callbackId());
            queue = queue.withoutHead();
        }
        assertThat(order).containsExactly("a", "b", "c");
    }

    @Test
    void the_head_is_exchanged_in_its_place() {
        OperationQueue queue = OperationQueue.EMPTY.add(operation("a", 1)).add(operation("b", 2));
        Operation tried = operation("a", 1).attemptedAgain();
        assertThat(queue.withHead(tried).operations()).containsExactly(tried, operation("b", 2));
        assertThat(queue.operations()).as("a queue is a value").containsExactly(operation("a", 1), operation("b", 2));
    }

    @Test
    void a_queue_tells_whether_a_callback_waits_or_runs() {
        OperationQueue queue = OperationQueue.EMPTY.add(operation("a", 1)).add(operation("b", 2));
        assertThat(queue.contains("a")).isTrue();
        assertThat(queue.contains("b")).isTrue();
        assertThat(queue.contains("c")).isFalse();
    }

    @Test
    void nobody_else_can_change_the_operations_of_a_queue() {
        List<Operation> given = new ArrayList<>(List.of(operation("a", 1)));
        OperationQueue queue = new OperationQueue(given);
        given.clear();
        assertThat(queue.size()).isEqualTo(1);
        assertThatThrownBy(() -> queue.operations().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    private static Operation operation(String callback, long second) {
        return Operation.requested(callback, Json.Obj.EMPTY, OptionalInt.empty(), Instant.ofEpochSecond(second));
    }
}
