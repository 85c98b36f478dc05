// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.OperationResult;

/**
 * The work that an operation runs under the lock.
 *
 * <p>It is called on a thread of the host, once at a time, and must be idempotent: after a crash it runs again. When
 * {@link CallbackContext#lock} says that the lock is lost it must stop within the time configured; its thread is
 * interrupted then as well. It may request further operations; they are queued behind it.
 */
@FunctionalInterface
public interface Callback {

    /**
     * Does the work.
     *
     * @throws Exception for any failure; it counts as {@link OperationResult#RETRY_RELEASE}
     */
    OperationResult run(CallbackContext context) throws Exception;
}
