// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;

/**
 * What a long-lived program lends to a {@link RollingOpsManager}. It made these and closes them, after the manager.
 *
 * @param serial runs one task at a time, in order; the unit's decisions are taken on it, and it may block for as long as
 *     the store may take to answer
 * @param callbacks runs callbacks, and the work of synchronous locks
 * @param timers for renewals and pauses; at least two threads, so that a renewal that waits for the store does not keep
 *     the clock from being looked at
 * @param clock the host's clocks
 * @param halt ends the whole process at once, with the reason: a callback did not stop in time although its lock is
 *     lost, and others may already have it (rule L4); or another process of the unit was there before this one
 */
public record Host(
        Executor serial, Executor callbacks, ScheduledExecutorService timers, HostClock clock, Consumer<String> halt) {}
