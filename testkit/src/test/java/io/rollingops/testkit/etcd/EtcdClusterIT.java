// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.testkit.etcd.EtcdCertificates.Issued;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@RequiresEtcd
@Timeout(120)
class EtcdClusterIT {
    @Test
    void one_member_keeps_its_data_over_a_restart_and_loses_it_by_a_wipe() {
        try (EtcdCluster etcd = EtcdCluster.start(EtcdOptions.members(1))) {
            etcd.etcdctl("put", "/a", "1");
            etcd.member(0).restart();
            etcd.awaitHealthy();
            assertThat(etcd.etcdctl("get", "/a", "--print-value-only").strip()).isEqualTo("1");

            etcd.wipe();
            assertThat(etcd.etcdctl("get", "/a", "--print-value-only").strip()).isEmpty();
        }
    }

    @Test
    void three_members_elect_another_leader_when_theirs_is_killed_or_frozen() {
        try (EtcdCluster etcd = EtcdCluster.start(EtcdOptions.members(3))) {
            EtcdProcess first = etcd.leader();
            first.kill();
            EtcdProcess second = etcd.leader();
            assertThat(second).isNotEqualTo(first);
            etcd.startAll();

            second.freeze();
            assertThat(etcd.leader()).isNotEqualTo(second);
            assertThat(second.isHealthy()).isFalse();
            etcd.startAll();
            assertThat(etcd.members()).allMatch(EtcdProcess::isHealthy);
        }
    }

    @Test
    void a_user_known_by_certificate_may_do_what_its_role_allows() {
        EtcdOptions options = EtcdOptions.members(1).mutualTls().user("unit-0", "/mine/");
        try (EtcdCluster etcd = EtcdCluster.start(options)) {
            Issued unit = etcd.certificates().issue("unit-0");
            List<String> asUnit = List.of(
                    "etcdctl",
                    "--endpoints=https://" + etcd.endpoints(),
                    "--cacert=" + etcd.certificates().authority(),
                    "--cert=" + unit.certificate(),
                    "--key=" + unit.key());

            assertThat(run(asUnit, "put", "/mine/a", "1")).contains("OK");
            assertThatThrownBy(() -> run(asUnit, "put", "/other/a", "1")).hasMessageContaining("permission denied");
            assertThat(etcd.etcdctl("get", "/mine/a")).contains("1");
        }
    }

    @Test
    void nothing_is_left_after_close() {
        EtcdCluster etcd = EtcdCluster.start(EtcdOptions.members(1));
        ProcessHandle process = ProcessHandle.current()
                .descendants()
                .filter(child -> child.info().command().orElse("").endsWith("/etcd"))
                .filter(child -> List.of(child.info().arguments().orElseThrow()).stream()
                        .anyMatch(argument -> argument.contains(etcd.member(0).endpoint())))
                .findFirst()
                .orElseThrow();
        etcd.close();
        etcd.close();
        assertThat(process.isAlive()).isFalse();
    }

    private static String run(List<String> command, String... arguments) {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(all);
        builder.environment().put("ETCDCTL_API", "3");
        return Command.run(builder);
    }
}
