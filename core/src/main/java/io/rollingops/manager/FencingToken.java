// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import java.util.OptionalLong;

/**
 * Proof of being the latest holder, to be given along with every effect on a resource that can compare: it keeps the
 * largest it has seen and refuses smaller ones. Nothing else protects a resource from a holder that was paused and does
 * not know yet that it lost the lock.
 *
 * @param epoch grows with every grant of the application
 * @param cluster grows with every holder of the cluster-wide lock; empty when that lock is not held
 */
public record FencingToken(long epoch, OptionalLong cluster) {
    public static FencingToken ofEpoch(long epoch) {
        return new FencingToken(epoch, OptionalLong.empty());
    }
}
