// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.Explanation;
import io.rollingops.spi.ClusterLock.Reach;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a unit's worker reports of the lock in etcd for people.
 *
 * @param reach whether etcd can be reached
 * @param sinceSeconds for how long that has been so
 * @param trouble why etcd cannot be used at the moment
 * @param holder who has the lock, as its owner stands in etcd
 * @param leaseLeft how many seconds the holder's lease lives on without another renewal
 * @param waiters whose turns come next, in order; pollers without a ticket are not among them
 */
record SharedLockReport(
        Reach reach,
        long sinceSeconds,
        Optional<String> trouble,
        Optional<String> holder,
        OptionalLong leaseLeft,
        List<String> waiters) {
    SharedLockReport {
        waiters = List.copyOf(waiters);
    }

    /**
     * Reads the worker's answer.
     *
     * @throws JsonException naming what is missing or wrong
     */
    static SharedLockReport of(Json.Obj fields) {
        try {
            return new SharedLockReport(
                    Reach.valueOf(fields.string("reach")),
                    fields.integer("for_seconds"),
                    text(fields, "trouble"),
                    text(fields, "holder"),
                    fields.find("lease_left_seconds").isPresent()
                            ? OptionalLong.of(fields.integer("lease_left_seconds"))
                            : OptionalLong.empty(),
                    fields.find("waiters").isPresent() ? waiters(fields.array("waiters")) : List.of());
        } catch (IllegalArgumentException e) {
            throw new JsonException("the worker's report cannot be understood: " + e.getMessage(), e);
        }
    }

    /**
     * What a unit waits for that has its application's grant and is processed by etcd; nothing when it has the lock.
     *
     * @param owner the unit's name in etcd
     */
    Optional<Explanation> explain(UnitName unit, String owner, WorkerConfig config) {
        if (reach == Reach.AWAY) {
            String goesOn = config.onEtcdLoss() == ClusterLossPolicy.DEGRADE
                    ? "; it goes on under the grant of its application alone"
                    : "; it waits until etcd answers, as it was told to";
            return Optional.of(new Explanation(
                    unit + " was granted the lock of its application, and etcd has not answered for " + sinceSeconds
                            + " s" + trouble.map(reason -> " (" + reason + ")").orElse("") + goesOn,
                    "see that etcd runs and can be reached from this machine"));
        }
        if (holder.isEmpty() || holder.get().equals(owner)) {
            return Optional.empty();
        }
        int before = waiters.indexOf(owner);
        return Optional.of(new Explanation(
                unit + " was granted the lock of its application and waits for that of the cluster "
                        + config.clusterId()
                        + ", which " + holder.get() + " has"
                        + (leaseLeft.isPresent() ? " (its lease lives on for " + leaseLeft.getAsLong() + " s)" : "")
                        + (before > 0 ? ", behind " + before + (before == 1 ? " other" : " others") : ""),
                leaseLeft.isPresent()
                        ? "look at " + holder.get()
                                + "; if its machine is dead, the lock is free when its lease has run out"
                        : "nobody renews that lock, since it has no lease; see who wrote it before you delete it"));
    }

    private static Optional<String> text(Json.Obj fields, String name) {
        return fields.find(name).isPresent() ? Optional.of(fields.string(name)) : Optional.empty();
    }

    private static List<String> waiters(List<Json> items) {
        return items.stream()
                .map(item -> item instanceof Json.Str text ? text.value() : "?")
                .toList();
    }
}
