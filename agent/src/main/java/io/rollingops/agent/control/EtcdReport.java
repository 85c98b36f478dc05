// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import io.rollingops.ProcessingBackend;
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
    /**
     * The unit whose report it is.
     *
     * @param owner the unit, as etcd knows it
     * @param onLoss what it does while the lock cannot be had
     * @param backend under which lock its operations run now
     */
    public record Own(String owner, ClusterLossPolicy onLoss, ProcessingBackend backend) {}

    private EtcdReport() {}

    /**
     * A report.
     *
     * @param own whose report it is
     * @param since for how long etcd has been within reach, or out of it
     * @param trouble why the last call failed, if it did
     * @param view what etcd says, if it answered
     */
    public static Json.Obj of(
            String clusterId,
            Own own,
            ClusterLock.State state,
            Duration since,
            Optional<String> trouble,
            Optional<LockView> view) {
        Json.ObjectBuilder report = Json.object()
                .put("cluster", clusterId)
                .put("owner", own.owner())
                .put("on_loss", lower(own.onLoss()))
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
        return report.put("why", why(clusterId, own, state, since, trouble, view))
                .put("remedy", remedy(own, state, view))
                .build();
    }

    private static Json.Obj holder(LockView.Holder holder) {
        Json.ObjectBuilder fields = Json.object().put("owner", holder.owner()).put("token", holder.token());
        holder.leaseLeft().ifPresent(left -> fields.put("lease_left_ms", left.toMillis()));
        return fields.build();
    }

    private static String why(
            String clusterId,
            Own own,
            ClusterLock.State state,
            Duration since,
            Optional<String> trouble,
            Optional<LockView> view) {
        String because = trouble.map(reason -> " (" + reason + ")").orElse("");
        if (state.reach() == ClusterLock.Reach.AWAY) {
            return "etcd cannot be used, for " + Durations.text(since) + because
                    + (own.onLoss() == ClusterLossPolicy.DEGRADE
                            ? "; this unit goes on under its application's lock alone, beside other applications"
                            : "; this unit waits until it is back");
        }
        if (state.reach() == ClusterLock.Reach.UNKNOWN) {
            return "etcd has not answered yet" + because;
        }
        String lock = view.map(seen -> lock(own, seen)).orElse("etcd did not say who has it" + because);
        return "cluster " + clusterId + ": " + lock + (own.backend() == ProcessingBackend.PEER ? fellBack(since) : "");
    }

    private static String lock(Own own, LockView seen) {
        String held = seen.holder()
                .map(holder -> (holder.owner().equals(own.owner()) ? "this unit" : holder.owner()) + " has it"
                        + holder.leaseLeft()
                                .map(left -> ", its lease lives " + Durations.text(left) + " more if nobody renews it")
                                .orElse(", without a lease"))
                .orElse("it is free");
        int place = seen.waiters().indexOf(own.owner());
        String waiting = seen.waiters().isEmpty() ? "" : "; waiting: " + String.join(", ", seen.waiters());
        return held + waiting + (place < 0 ? "" : "; this unit is number " + (place + 1) + " of those who wait");
    }

    /** Rule B3. */
    private static String fellBack(Duration since) {
        return "; etcd answers, for " + Durations.text(since) + ", and this unit is still under its application's lock"
                + " alone: it returns when etcd has answered for 'return-after' and its own queue is empty";
    }

    private static String remedy(Own own, ClusterLock.State state, Optional<LockView> view) {
        String doctor = "'rollingops doctor' says what is wrong";
        if (state.reach() == ClusterLock.Reach.AWAY) {
            return "mend etcd or the way to it; " + doctor
                    + (own.onLoss() == ClusterLossPolicy.DEGRADE ? "; work returns to it by itself" : "");
        }
        boolean isForEver = view.flatMap(LockView::holder)
                .filter(holder -> holder.leaseLeft().isEmpty())
                .isPresent();
        if (isForEver) {
            return "nobody renews that lock, since it has no lease; see who wrote it before you delete it";
        }
        return view.isEmpty() ? doctor : "";
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
