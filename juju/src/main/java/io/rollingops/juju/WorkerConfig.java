// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.manager.ClusterLossPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/**
 * What a unit's worker has to know. A hook leaves it in the unit's folder for the worker that it starts, and each hook
 * tells the worker what it should be: one whose configuration is another ends, and the hook starts a new one. That is how
 * a worker follows an upgrade of its charm.
 *
 * @param unit whose worker it is
 * @param model the UUID of the model, which tells apart units of the same name
 * @param clusterId what the applications that share the lock have in common
 * @param dispatch the charm's program for hooks
 * @param onEtcdLoss what the unit does while etcd is away
 * @param lease how long the lease in etcd lives
 * @param program which release of the worker it is; two of the same name are the same program
 */
public record WorkerConfig(
        UnitName unit,
        String model,
        String clusterId,
        Path dispatch,
        ClusterLossPolicy onEtcdLoss,
        Duration lease,
        String program) {
    /** The name of the file in the unit's folder. */
    public static final String FILE = "worker.json";

    /** The name of the socket in the unit's folder. */
    public static final String SOCKET = "worker.sock";

    /** The name of the file that a living worker has locked. */
    public static final String LOCK = "worker.lock";

    /** The name of its log, and of older parts of that with a number at the end. */
    public static final String LOG = "etcd_rollingops_worker.log";

    /** The variable that tells a hook under which number the worker has dispatched it. */
    public static final String DISPATCH_VARIABLE = "ROLLINGOPS_DISPATCH";

    /** The unit's name in etcd, as the original makes it. */
    public String owner() {
        return (model + "-" + unit).replace('/', '-');
    }

    /** One JSON object. */
    public Json.Obj toJson() {
        return Json.object()
                .put("unit", unit.toString())
                .put("model", model)
                .put("cluster_id", clusterId)
                .put("dispatch", dispatch.toString())
                .put("on_etcd_loss", onEtcdLoss.name().toLowerCase(Locale.ROOT))
                .put("lease_seconds", lease.toSeconds())
                .put("program", program)
                .build();
    }

    /**
     * Reads what {@link #toJson} gave.
     *
     * @throws JsonException naming what is missing or wrong
     */
    public static WorkerConfig of(Json.Obj fields) {
        try {
            return new WorkerConfig(
                    UnitName.parse(fields.string("unit")),
                    fields.string("model"),
                    fields.string("cluster_id"),
                    Path.of(fields.string("dispatch")),
                    ClusterLossPolicy.valueOf(fields.string("on_etcd_loss").toUpperCase(Locale.ROOT)),
                    Duration.ofSeconds(fields.integer("lease_seconds")),
                    fields.string("program"));
        } catch (IllegalArgumentException e) {
            throw new JsonException("the worker's configuration is wrong: " + e.getMessage(), e);
        }
    }

    /**
     * Reads the text of the file.
     *
     * @throws JsonException naming what is missing or wrong
     */
    public static WorkerConfig parse(String text) {
        return of(JsonText.parseObject(text));
    }
}
