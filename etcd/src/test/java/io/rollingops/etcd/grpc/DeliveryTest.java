// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DeliveryTest {
    @Test
    void nothing_runs_before_the_executor_runs_it() {
        Queue<Runnable> executor = new ArrayDeque<>();
        List<String> ran = new ArrayList<>();
        Delivery delivery = new Delivery(executor::add);

        assertThat(delivery.add(() -> ran.add("a"))).isTrue();
        assertThat(delivery.add(() -> ran.add("b"))).isTrue();
        assertThat(ran).isEmpty();
        assertThat(executor).hasSize(1);
        executor.remove().run();
        assertThat(ran).containsExactly("a", "b");

        delivery.add(() -> ran.add("c"));
        executor.remove().run();
        assertThat(ran).containsExactly("a", "b", "c");
    }

    @Test
    void what_is_added_while_it_runs_comes_after_it() {
        List<String> ran = new ArrayList<>();
        Delivery delivery = new Delivery(Runnable::run);
        delivery.add(() -> {
            delivery.add(() -> ran.add("b"));
            ran.add("a");
        });
        assertThat(ran).containsExactly("a", "b");
    }

    @Test
    void one_that_throws_does_not_keep_the_next_from_running() {
        List<String> ran = new ArrayList<>();
        Queue<Runnable> executor = new ArrayDeque<>();
        Delivery delivery = new Delivery(executor::add);
        delivery.add(() -> {
            throw new IllegalStateException("thrown on purpose by a test");
        });
        delivery.add(() -> ran.add("b"));
        executor.remove().run();
        assertThat(ran).containsExactly("b");
    }

    @Test
    void an_executor_that_is_closed_is_told() {
        Delivery delivery = new Delivery(task -> {
            throw new RejectedExecutionException("closed");
        });
        assertThat(delivery.add(() -> {})).isFalse();
    }

    @Test
    void on_many_threads_all_run_in_order_and_one_at_a_time() throws InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            Delivery delivery = new Delivery(pool);
            List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
            AtomicInteger atOnce = new AtomicInteger();
            AtomicInteger mostAtOnce = new AtomicInteger();
            int things = 20_000;
            CountDownLatch done = new CountDownLatch(things);
            IntStream.range(0, things)
                    .forEach(i -> delivery.add(() -> {
                        mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                        ran.add(i);
                        atOnce.decrementAndGet();
                        done.countDown();
                    }));
            assertThat(done.await(15, TimeUnit.SECONDS)).isTrue();
            assertThat(ran).isEqualTo(IntStream.range(0, things).boxed().toList());
            assertThat(mostAtOnce).hasValue(1);
        } finally {
            pool.shutdownNow();
        }
    }
}
