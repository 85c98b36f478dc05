// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.OperationId;
import io.rollingops.json.Json;
import java.util.function.Consumer;

/**
 * What a callback is called with: its tokens, and what tells it of the loss of its locks (rule X3) among the rest.
 *
 * @param operation which operation it runs for
 * @param arguments what was requested
 * @param attempt which execution this is, from 1; interrupted ones are not counted
 * @param token proof of holding the lock
 * @param lock tells when the lock is lost
 * @param clusterLock tells when the cluster-wide lock is lost and the callback goes on without it; its token is void then
 * @param notes takes a short remark for people, such as an exit status; the last one is kept with the result
 */
public record CallbackContext(
        OperationId operation,
        Json.Obj arguments,
        int attempt,
        FencingToken token,
        LockSignal lock,
        LockSignal clusterLock,
        Consumer<String> notes) {}
