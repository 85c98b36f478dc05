// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.manager.ClusterLossPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/** How a charm shares a lock with other applications through etcd. Immutable. */
public final class EtcdSettings {
    /** How long a lease in etcd lives without another word, unless said otherwise; as the original's. */
    public static final Duration LEASE_DEFAULT = Duration.ofSeconds(60);

    /** The shortest lease that leaves a unit time to stop what runs. */
    public static final Duration LEASE_MIN = Duration.ofSeconds(5);

    private static final Duration STOP_MAX = Duration.ofSeconds(10);
    private static final String PROGRAMS = "worker";

    private final String relation;
    private final Function<Hook, Optional<String>> clusterId;
    private final Optional<String> programs;
    private final Optional<CertificateMaker> maker;
    private final ClusterLossPolicy onLoss;
    private final Duration lease;

    private EtcdSettings(
            String relation,
            Function<Hook, Optional<String>> clusterId,
            Optional<String> programs,
            Optional<CertificateMaker> maker,
            ClusterLossPolicy onLoss,
            Duration lease) {
        this.relation = relation;
        this.clusterId = clusterId;
        this.programs = programs;
        this.maker = maker;
        this.onLoss = onLoss;
        this.lease = lease;
    }

    /**
     * Settings for a relation of interface {@code etcd_client}.
     *
     * @param clusterId what the applications have in common, asked in the hooks in which it matters; while it is absent or
     *     blank the application keeps to its peers
     */
    public static EtcdSettings of(String relation, Function<Hook, Optional<String>> clusterId) {
        return new EtcdSettings(
                relation, clusterId, Optional.empty(), Optional.empty(), ClusterLossPolicy.DEGRADE, LEASE_DEFAULT);
    }

    /** A cluster id that is an option of the configuration. */
    public static Function<Hook, Optional<String>> fromConfig(String option) {
        return hook -> hook.config().find(option).map(value -> value instanceof Json.Str text ? text.value() : "");
    }

    /** With another class path for the programs that need heavy libraries; {@code worker/*} in the charm's folder otherwise. */
    public EtcdSettings withPrograms(String classPath) {
        return new EtcdSettings(relation, clusterId, Optional.of(classPath), maker, onLoss, lease);
    }

    /** With another policy for the time in which etcd is away; {@link ClusterLossPolicy#DEGRADE} otherwise. */
    public EtcdSettings withOnLoss(ClusterLossPolicy policy) {
        return new EtcdSettings(relation, clusterId, programs, maker, policy, lease);
    }

    /**
     * With another lease: for so long others wait after this unit's machine has died.
     *
     * @throws IllegalArgumentException if it is shorter than {@link #LEASE_MIN} or not in whole seconds
     */
    public EtcdSettings withLease(Duration ttl) {
        if (ttl.compareTo(LEASE_MIN) < 0 || ttl.toNanosPart() != 0) {
            throw new IllegalArgumentException("a lease in etcd lasts whole seconds, at least " + LEASE_MIN.toSeconds()
                    + ", not " + ttl.toMillis() + " ms");
        }
        return new EtcdSettings(relation, clusterId, programs, maker, onLoss, ttl);
    }

    EtcdSettings withMaker(CertificateMaker newMaker) {
        return new EtcdSettings(relation, clusterId, programs, Optional.of(newMaker), onLoss, lease);
    }

    /** The name of the relation. */
    public String relation() {
        return relation;
    }

    ClusterLossPolicy onLoss() {
        return onLoss;
    }

    Duration lease() {
        return lease;
    }

    /** How long a callback may take to stop: a sixth of the lease, as the worker counts on it. */
    Duration stopWithin() {
        Duration sixth = lease.dividedBy(6);
        return sixth.compareTo(STOP_MAX) < 0 ? sixth : STOP_MAX;
    }

    /** The class path of the programs that need heavy libraries. */
    public String programs(Path charmFolder) {
        return programs.orElseGet(() -> charmFolder.resolve(PROGRAMS) + "/*");
    }

    /** What the applications have in common, as far as it is known in that hook. */
    public Optional<String> clusterId(Hook hook) {
        return clusterId.apply(hook).map(String::strip).filter(id -> !id.isEmpty());
    }

    CertificateMaker maker(Path charmFolder) {
        return maker.orElseGet(() -> new CertificateProgram(programs(charmFolder)));
    }
}
