// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import io.rollingops.agent.config.Durations;
import io.rollingops.etcd.lock.LockView;
import io.rollingops.json.Json;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.spi.ClusterLock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The part of the status about the lock that applications share. A pure function of what is seen. */
public final class EtcdReport {
    private EtcdReport() {}

    /**
     * A report.
     *
     * @param owner this unit, as etcd knows it
     * @param since for how long etcd has been within reach, or out of it
     * @param trouble why the last call failed, if it did
     * @param view what etcd says, if it answered
     */
    public static Json.Obj of(
            String clusterId,
            String owner,
            ClusterLossPolicy onLoss,
            ClusterLock.State state,
            Duration since,
            Optional<String> trouble,
            Optional<LockView> view) {
        Json.ObjectBuilder report = Json.object()
                .put("cluster", clusterId)
                .put("owner", owner)
                .put("on_loss", lower(onLoss))
                .put("reach", lower(state.reach()))
                .put("reach_since_ms", since.toMillis())
                .put("hold", lower(state.hold()));
        state.token().ifPresent(token -> report.put("token", token));
        trouble.ifPresent(reason -> report.put("trouble", reason));
        view.ifPresent(seen -> {
            seen.holder().ifPresent(holder -> report.put("holder", holder(holder)));
            List<Json> waiters = new ArrayList<>();
            seen.waiters().forEach(waiter -> waiters.add(Json.of(waiter)));
            report.put("waiters", new Json.Arr(waiters));
        });
        return report.put("why", why(clusterId, owner, onLoss, state, since, trouble, view))
                .put("remedy", remedy(state, onLoss))
                .build();
    }

    private static Json.Obj holder(LockView.Holder holder) {
        Json.ObjectBuilder fields = Json.object().put("owner", holder.owner()).put("token", holder.token());
        holder.leaseLeft().ifPresent(left -> fields.put("lease_left_ms", left.toMillis()));
        return fields.build();
    }

    private static String why(
            String clusterId,
            String owner,
            ClusterLossPolicy onLoss,
            ClusterLock.State state,
            Duration since,
            Optional<String> trouble,
            Optional<LockView> view) {
        if (state.reach() == ClusterLock.Reach.AWAY || view.isEmpty()) {
            return "etcd cannot be used, for " + Durations.text(since)
                    + trouble.map(reason -> " (" + reason + ")").orElse("")
                    + (onLoss == ClusterLossPolicy.DEGRADE
                            ? "; this unit goes on under its application's lock alone, beside other applications"
                            : "; this unit waits until it is back");
        }
        String held = view.get()
                .holder()
                .map(holder -> (holder.owner().equals(owner) ? "this unit" : holder.owner()) + " has it"
                        + holder.leaseLeft()
                                .map(left -> ", its lease lives " + Durations.text(left) + " more if nobody renews it")
                                .orElse(", without a lease"))
                .orElse("it is free");
        int place = view.get().waiters().indexOf(owner);
        String waiting = view.get().waiters().isEmpty()
                ? ""
                : "; waiting: " + String.join(", ", view.get().waiters());
        return "cluster " + clusterId + ": " + held + waiting
                + (place < 0 ? "" : "; this unit is number " + (place + 1) + " of those who wait");
    }

    private static String remedy(ClusterLock.State state, ClusterLossPolicy onLoss) {
        if (state.reach() != ClusterLock.Reach.AWAY) {
            return "";
        }
        return onLoss == ClusterLossPolicy.DEGRADE
                ? "mend etcd or the way to it; 'rollingops doctor' says what is wrong; work returns to it by itself"
                : "mend etcd or the way to it; 'rollingops doctor' says what is wrong";
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
