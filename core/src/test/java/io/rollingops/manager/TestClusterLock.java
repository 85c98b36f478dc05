// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.spi.ClusterLock;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A lock that applications share, which the test gives and takes. */
final class TestClusterLock implements ClusterLock {
    private static final long PATIENCE_SECONDS = 20;

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final Semaphore wanted = new Semaphore(0);
    private volatile State state = state(Hold.NONE, OptionalLong.empty());

    /** Waits until the unit wants it. */
    void awaitWanted() throws InterruptedException {
        assertThat(wanted.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as("wanted in time")
                .isTrue();
    }

    void give(long token) {
        tell(state(Hold.HELD, OptionalLong.of(token)));
    }

    void lose() {
        tell(state(Hold.LOST, OptionalLong.empty()));
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public void want(Operation operation) {
        state = state(Hold.WAITING, OptionalLong.empty());
        wanted.release();
    }

    @Override
    public void drop() {
        state = state(Hold.NONE, OptionalLong.empty());
    }

    @Override
    public void clean() {}

    @Override
    public Runnable onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    private void tell(State now) {
        state = now;
        listeners.forEach(Runnable::run);
    }

    private static State state(Hold hold, OptionalLong token) {
        return new State(Reach.SETTLED, hold, token, Cleanliness.CLEAN);
    }
}
