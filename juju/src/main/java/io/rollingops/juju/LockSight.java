// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.spi.ClusterLock;
import java.util.OptionalLong;

/**
 * What a worker tells a hook of the lock in etcd.
 *
 * @param state what is known of the lock
 * @param trustedUntil for how long a lock that is held can be relied upon without another word, on the machine's {@link
 *     io.rollingops.local.BootClock}, in nanoseconds; empty when it is not held
 * @param isForRun whether this is the hook that the worker has dispatched to run the unit's operation under the lock; in
 *     another hook nothing begins under it, since nobody could tell when that hook's answer is committed (rule E3)
 */
public record LockSight(ClusterLock.State state, OptionalLong trustedUntil, boolean isForRun) {
    /** Of a lock of which nothing is known yet. */
    public static final LockSight UNKNOWN = new LockSight(
            new ClusterLock.State(
                    ClusterLock.Reach.UNKNOWN,
                    ClusterLock.Hold.NONE,
                    OptionalLong.empty(),
                    ClusterLock.Cleanliness.UNKNOWN),
            OptionalLong.empty(),
            false);

    /** One JSON object. */
    public Json.Obj toJson() {
        Json.ObjectBuilder fields = Json.object()
                .put("reach", state.reach().name())
                .put("hold", state.hold().name())
                .put("cleanliness", state.cleanliness().name())
                .put("for_run", isForRun);
        state.token().ifPresent(token -> fields.put("token", token));
        trustedUntil.ifPresent(nanos -> fields.put("trusted_until", nanos));
        return fields.build();
    }

    /**
     * Reads what {@link #toJson} gave.
     *
     * @throws JsonException naming what is missing or wrong
     */
    public static LockSight of(Json.Obj fields) {
        try {
            return new LockSight(
                    new ClusterLock.State(
                            ClusterLock.Reach.valueOf(fields.string("reach")),
                            ClusterLock.Hold.valueOf(fields.string("hold")),
                            number(fields, "token"),
                            ClusterLock.Cleanliness.valueOf(fields.string("cleanliness"))),
                    number(fields, "trusted_until"),
                    fields.bool("for_run"));
        } catch (IllegalArgumentException e) {
            throw new JsonException("what the worker says of the lock cannot be understood: " + e.getMessage(), e);
        }
    }

    private static OptionalLong number(Json.Obj fields, String name) {
        return fields.find(name).isPresent() ? OptionalLong.of(fields.integer(name)) : OptionalLong.empty();
    }
}
