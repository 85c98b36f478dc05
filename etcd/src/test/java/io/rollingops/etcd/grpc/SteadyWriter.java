// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static io.rollingops.etcd.grpc.Answers.answer;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.Transaction;
import java.time.Duration;

/**
 * Writes one key after the other, each of them once, whatever becomes of etcd: a key whose fate is unknown is asked for
 * again under the guard that it is absent. Every third transaction writes two keys.
 */
final class SteadyWriter implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final EtcdClient etcd;
    private final Bytes prefix;
    private final Thread thread = new Thread(this::writeAll, "steady-writer");
    private volatile boolean isStopped;
    private volatile int written;

    SteadyWriter(EtcdClient etcd, Bytes prefix) {
        this.etcd = etcd;
        this.prefix = prefix;
        thread.start();
    }

    /** Waits until so many more transactions went through. */
    void awaitMore(int transactions) {
        int goal = written + transactions;
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> written >= goal);
    }

    /** Stops when what is under way has gone through. */
    @Override
    public void close() {
        isStopped = true;
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            throw new AssertionError("the writer has not come to an end");
        }
    }

    private void writeAll() {
        long giveUpAt = System.nanoTime() + PATIENCE.toNanos() * 2;
        for (int i = 0; !isStopped || written < i; ) {
            if (written == i) {
                i++;
            }
            try {
                answer(etcd.commit(transaction(i)));
                written = i;
            } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
                if (System.nanoTime() - giveUpAt > 0) {
                    return;
                }
            }
        }
    }

    private Transaction transaction(int number) {
        Bytes key = prefix.plus(String.format("%06d", number));
        Transaction once = Transaction.when(Guard.absent(key)).then(Action.put(key, Bytes.utf8("" + number)));
        return number % 3 == 0 ? once.then(Action.put(key.plus("-twin"), Bytes.EMPTY)) : once;
    }
}
