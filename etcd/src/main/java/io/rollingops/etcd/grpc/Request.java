// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.MethodDescriptor;
import java.util.function.Supplier;

/**
 * One message to etcd and how to treat it.
 *
 * @param what for error messages; asked only when there is one
 */
record Request<Q, A>(MethodDescriptor<Q, A> method, Effect effect, Leader leader, Q message, Supplier<String> what) {
    /** What happens when the same request arrives twice. */
    enum Effect {
        /** Nothing, so it may be tried again whatever became of the first. */
        HARMLESS,
        /** Something may happen twice: after it was sent, its outcome must be known. */
        CHANGES
    }

    /** Whether a member that has lost its leader is to say so at once, instead of waiting for a new one. */
    enum Leader {
        REQUIRED,
        NOT_NEEDED
    }

    boolean changes() {
        return effect == Effect.CHANGES;
    }
}
