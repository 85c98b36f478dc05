// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import io.rollingops.juju.CharmUpgrade;
import io.rollingops.juju.EtcdSettings;
import io.rollingops.juju.Hook;
import io.rollingops.juju.JujuCharm;
import io.rollingops.juju.RollingOpsSettings;
import io.rollingops.juju.UpgradeSettings;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UpgradeError;
import java.time.Duration;

/** The calls that {@code docs/juju.md} shows by themselves, so that they are compiled. */
final class DocumentedCalls {
    private DocumentedCalls() {}

    static RollingOpsSettings etcd() {
        return RollingOpsSettings.onPeers("restart").withEtcd("etcd", EtcdSettings.fromConfig("cluster-id"));
    }

    static EtcdSettings lease() {
        return EtcdSettings.of("etcd", EtcdSettings.fromConfig("cluster-id"))
                .withLease(Duration.ofSeconds(60)) // for so long others wait when this machine dies; 5 s at least
                .withOnLoss(ClusterLossPolicy.DEGRADE);
    }

    static JujuCharm.Builder upgrades(String text) {
        return JujuCharm.builder()
                .upgrades(UpgradeSettings.onMachines(new Release("14.23"), new CharmUpgrade() {
                            @Override
                            public void preUpgradeCheck(Hook hook) {
                                if (!allMembersAreUp()) {
                                    throw new UpgradeError.ClusterNotReadyError(
                                            "not healthy", "a member is down", "start it");
                                }
                            }

                            @Override
                            public void onUpgradeGranted(Hook hook) throws Exception {
                                replaceTheWorkload(); // and wait until it is well; throw when it is not
                            }

                            @Override
                            public void logRollbackInstructions(Hook hook) {
                                hook.log("pre-upgrade-check on the leader, then refresh to the previous revision");
                            }
                        })
                        .declaring(DependencyDocument.read(text)));
    }

    private static boolean allMembersAreUp() {
        return true;
    }

    private static void replaceTheWorkload() throws InterruptedException {
        Thread.onSpinWait();
    }
}
