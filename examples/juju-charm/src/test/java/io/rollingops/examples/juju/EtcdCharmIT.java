// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.testkit.juju.ProvidedEtcd;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The example charm on a real etcd that the emulated provider hands out: certificates, workers, the shared lock. */
@RequiresEtcd
class EtcdCharmIT {
    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    private ProvidedEtcd etcd;

    @BeforeEach
    void startEtcd() throws IOException {
        etcd = ProvidedEtcd.start(1);
    }

    @AfterEach
    void stopEtcd() {
        etcd.close();
    }

    @Test
    void three_units_roll_under_the_lock_in_etcd(JujuEmulator juju) throws IOException {
        CharmUnderTest charm = related(juju, 3);
        Map<String, Json> delay = Map.of("delay", new Json.Real(0.2));
        for (String unit : juju.units("app")) {
            assertThat(charm.run(unit, "restart", delay).get("backend")).isEqualTo("etcd");
        }
        charm.settleAfter(9);
        charm.assertOneAfterTheOther(List.of("app/0", "app/1", "app/2"));
        for (String unit : juju.units("app")) {
            assertThat(juju.databag("restart", unit))
                    .containsEntry("processing_backend", "etcd")
                    .containsEntry("operations", "[]");
        }
        assertThat(etcd.cluster()
                        .etcdctl("get", "--prefix", "--keys-only", "/rollingops/default/cluster1/granted-unit/"))
                .isBlank();
    }

    private CharmUnderTest related(JujuEmulator juju, int units) throws IOException {
        CharmUnderTest charm = new CharmUnderTest(juju);
        juju.deploy(new EtcdProvider(etcd), "etcd", 1);
        charm.deployOnEtcd(units);
        return charm;
    }
}
