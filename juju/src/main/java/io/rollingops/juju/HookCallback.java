// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.OperationResult;
import io.rollingops.manager.CallbackContext;

/**
 * The work that an operation runs under the lock, inside a hook.
 *
 * <p>It must be idempotent: when the process dies before its result is on the disk, it runs again. Meanwhile no other
 * hook of this machine runs. It may request further operations; they are queued behind it.
 */
@FunctionalInterface
public interface HookCallback {

    /**
     * Does the work.
     *
     * @throws Exception for any failure; it counts as {@link OperationResult#RETRY_RELEASE}
     */
    OperationResult run(Hook hook, CallbackContext context) throws Exception;
}
