// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.time.Duration;
import java.util.TreeSet;

/** Keeps wishes to be woken until the hook has handed everything to Juju; wishes for the same time are one. */
final class GatheredWakes implements Waker {
    private final TreeSet<Duration> wishes = new TreeSet<>();

    @Override
    public void wake(Duration after) {
        wishes.add(after);
    }

    void pass(Waker waker) {
        wishes.forEach(waker::wake);
    }
}
