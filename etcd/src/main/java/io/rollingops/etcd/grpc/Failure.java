// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.RollingOpsException;

/**
 * Why a request has no answer.
 *
 * @param kind what we can do about it ourselves
 * @param error what the caller is told if we do nothing
 */
record Failure(Kind kind, RollingOpsException error) {
    enum Kind {
        /** This endpoint could not, and nothing happened: another one may do better. */
        ELSEWHERE,
        /** It was sent and may have happened. */
        UNKNOWN,
        /** Nothing happened, since the member does not know our token. */
        SIGN_IN_AGAIN,
        /** Nothing happened, since the cluster has no users. */
        NO_USERS,
        /** Nothing happened, since the user may not. */
        DENIED,
        /** Nothing happened, since the lease has ended. */
        LEASE_GONE,
        /** The member answered, and asking again would not change its mind. */
        FINAL
    }

    /** Whether the endpoint is to blame. */
    boolean blamesEndpoint() {
        return kind == Kind.ELSEWHERE || kind == Kind.UNKNOWN;
    }
}
