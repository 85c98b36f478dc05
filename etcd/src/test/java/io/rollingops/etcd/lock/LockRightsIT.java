// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.lock.Contenders.Contender;
import io.rollingops.spi.ClusterLock.Reach;
import io.rollingops.testkit.etcd.EtcdCertificates.Issued;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Mutual TLS, and roles that may do no more than the lock needs. */
@RequiresEtcd
@Timeout(90)
class LockRightsIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(1)
            .mutualTls()
            .user("web", "/rollingops/default/shared/")
            .user("api", "/rollingops/default/shared/")
            .user("stranger", "/rollingops/default/other/"));

    @Test
    void rights_on_the_prefix_of_the_cluster_are_enough() {
        try (Contenders contenders = new Contenders("shared")) {
            Contender web = contenders.add("web", as("web"));
            Contender api = contenders.add("api", as("api"));
            web.want();
            web.awaitHeld();
            api.want();
            web.lock.drop();
            api.awaitHeld();
        }
    }

    @Test
    void without_them_the_lock_says_so_and_counts_as_away() {
        try (Contenders contenders = new Contenders("shared")) {
            Contender stranger = contenders.add("stranger", as("stranger"));
            stranger.want();
            await().atMost(Contenders.PATIENCE)
                    .until(() -> stranger.lock.state().reach() == Reach.AWAY);
            assertThat(stranger.lock.trouble())
                    .hasValueSatisfying(reason -> assertThat(reason).contains("permission denied"));
        }
    }

    private static EtcdSettings as(String user) {
        Issued issued = ETCD.cluster().certificates().issue(user);
        return new EtcdSettings(
                EtcdEndpoint.parseList(ETCD.cluster().endpoints()),
                Optional.of(new EtcdSettings.Tls(
                        Optional.of(ETCD.cluster().certificates().authority()),
                        Optional.of(new EtcdSettings.Identity(issued.certificate(), issued.key())))),
                Optional.empty());
    }
}
