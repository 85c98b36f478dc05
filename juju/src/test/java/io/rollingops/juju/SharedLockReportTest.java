// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.UnitName;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.Explanation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a person is told of the lock in etcd. */
class SharedLockReportTest {
    private static final UnitName UNIT = UnitName.parse("app/0");
    private static final String OWNER = "cdac-app-0";

    @Test
    void a_unit_is_told_who_has_the_lock_and_how_many_come_before_it() {
        Explanation why = explain(
                        "{\"reach\":\"SETTLED\",\"for_seconds\":9,\"holder\":\"cdac-db-1\",\"token\":7,"
                                + "\"lease_left_seconds\":41,\"waiters\":[\"cdac-db-2\",\"cdac-app-0\"]}",
                        ClusterLossPolicy.DEGRADE)
                .orElseThrow();
        assertThat(why.reason())
                .isEqualTo("app/0 was granted the lock of its application and waits for that of the cluster c1, which"
                        + " cdac-db-1 has (its lease lives on for 41 s), behind 1 other");
        assertThat(why.remedy()).contains("look at cdac-db-1");
    }

    @Test
    void a_lock_without_a_lease_is_told_as_one_that_nobody_renews() {
        Explanation why = explain(
                        "{\"reach\":\"SETTLED\",\"for_seconds\":9,\"holder\":\"garbage\",\"waiters\":[]}",
                        ClusterLossPolicy.DEGRADE)
                .orElseThrow();
        assertThat(why.remedy()).contains("has no lease");
    }

    @Test
    void while_etcd_is_away_the_policy_is_told() {
        String away = "{\"reach\":\"AWAY\",\"for_seconds\":12,\"trouble\":\"no connection\"}";
        assertThat(explain(away, ClusterLossPolicy.DEGRADE).orElseThrow().reason())
                .contains("has not answered for 12 s (no connection)", "goes on under the grant");
        assertThat(explain(away, ClusterLossPolicy.BLOCK).orElseThrow().reason())
                .contains("waits until etcd answers");
    }

    @Test
    void a_unit_that_has_the_lock_waits_for_nothing_there() {
        String own = "{\"reach\":\"SETTLED\",\"for_seconds\":9,\"holder\":\"cdac-app-0\",\"waiters\":[]}";
        assertThat(explain(own, ClusterLossPolicy.DEGRADE)).isEmpty();
    }

    @Test
    void a_report_that_is_none_is_an_error() {
        assertThatThrownBy(() -> explain("{\"reach\":\"PERHAPS\",\"for_seconds\":9}", ClusterLossPolicy.DEGRADE))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("cannot be understood");
    }

    private static Optional<Explanation> explain(String report, ClusterLossPolicy policy) {
        WorkerConfig config =
                new WorkerConfig(UNIT, "cdac", "c1", Path.of("dispatch"), policy, Duration.ofSeconds(60), "1");
        return SharedLockReport.of(JsonText.parseObject(report)).explain(UNIT, OWNER, config);
    }
}
