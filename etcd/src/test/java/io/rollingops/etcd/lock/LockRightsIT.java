// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.lock.Contenders.Contender;
import io.rollingops.spi.ClusterLock.Hold;
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
            .grant("web", "/rollingops/private/5eed-web/")
            .user("api", "/rollingops/default/shared/")
            .grant("api", "/rollingops/private/5eed-api/")
            .user("plain", "/rollingops/default/shared/")
            .user("stranger", "/rollingops/default/other/"));

    @Test
    void rights_on_the_prefix_of_the_cluster_are_enough() {
        try (Contenders contenders = new Contenders("shared")) {
            Contender plain = contenders.add("plain", as("plain"));
            Contender api = contenders.add("api", as("api"));
            plain.want();
            plain.awaitHeld();
            api.want();
            plain.lock.drop();
            api.awaitHeld();
            assertThat(plain.story)
                    .singleElement()
                    .extracting(LockEvent::text)
                    .asString()
                    .contains("/rollingops/private/5eed-plain/");
            assertThat(api.story).isEmpty();
        }
    }

    @Test
    void a_neighbour_cannot_end_the_lease_of_the_lock() {
        try (Contenders contenders = new Contenders("shared")) {
            Contender web = contenders.add("web", as("web"));
            Contender api = contenders.add("api", as("api"));
            web.want();
            web.awaitHeld();

            LeaseId lease = leaseOfLock(api);
            assertThat(api.client.revoke(lease))
                    .failsWithin(Contenders.PATIENCE)
                    .withThrowableThat()
                    .withCauseInstanceOf(RollingOpsException.Refused.class)
                    .withMessageContaining("permission denied");
            assertThat(leaseOfLock(api)).isEqualTo(lease);
            assertThat(web.hold()).isEqualTo(Hold.HELD);
        }
    }

    /** What the private key is for. The holder finds out with his next renewal. */
    @Test
    void without_a_private_key_a_neighbour_can_end_the_lease_and_the_holder_is_told() {
        try (Contenders contenders = new Contenders("shared")) {
            Contender plain = contenders.add("plain", as("plain"));
            Contender api = contenders.add("api", as("api"));
            plain.want();
            plain.awaitHeld();

            assertThat(api.client.revoke(leaseOfLock(api)))
                    .succeedsWithin(Contenders.PATIENCE)
                    .isEqualTo(true);
            plain.awaitHold(Hold.LOST);
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

    private static LeaseId leaseOfLock(Contender asker) {
        return asker.client
                .within(Contenders.PATIENCE)
                .read(Query.key(asker.lock.keys().lock()))
                .join()
                .first()
                .orElseThrow()
                .lease()
                .orElseThrow();
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
