// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/** How a charm shares a lock with other applications through etcd. Immutable. */
public final class EtcdSettings {
    private static final String PROGRAMS = "worker";

    private final String relation;
    private final Function<Hook, Optional<String>> clusterId;
    private final Optional<String> programs;
    private final Optional<CertificateMaker> maker;

    private EtcdSettings(
            String relation,
            Function<Hook, Optional<String>> clusterId,
            Optional<String> programs,
            Optional<CertificateMaker> maker) {
        this.relation = relation;
        this.clusterId = clusterId;
        this.programs = programs;
        this.maker = maker;
    }

    /**
     * Settings for a relation of interface {@code etcd_client}.
     *
     * @param clusterId what the applications have in common, asked in the hooks in which it matters; while it is absent or
     *     blank the application keeps to its peers
     */
    public static EtcdSettings of(String relation, Function<Hook, Optional<String>> clusterId) {
        return new EtcdSettings(relation, clusterId, Optional.empty(), Optional.empty());
    }

    /** A cluster id that is an option of the configuration. */
    public static Function<Hook, Optional<String>> fromConfig(String option) {
        return hook -> hook.config().find(option).map(value -> value instanceof Json.Str text ? text.value() : "");
    }

    /** With another class path for the programs that need heavy libraries; {@code worker/*} in the charm's folder otherwise. */
    public EtcdSettings withPrograms(String classPath) {
        return new EtcdSettings(relation, clusterId, Optional.of(classPath), maker);
    }

    EtcdSettings withMaker(CertificateMaker newMaker) {
        return new EtcdSettings(relation, clusterId, programs, Optional.of(newMaker));
    }

    /** The name of the relation. */
    public String relation() {
        return relation;
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
