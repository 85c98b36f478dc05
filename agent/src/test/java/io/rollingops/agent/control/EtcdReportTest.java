// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.ProcessingBackend;
import io.rollingops.etcd.lock.LockView;
import io.rollingops.json.Json;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.ClusterLock.Reach;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What a person is told of the lock that applications share. */
class EtcdReportTest {
    private static final EtcdReport.Own OWN =
            new EtcdReport.Own("m-web-0", ClusterLossPolicy.DEGRADE, ProcessingBackend.ETCD);
    private static final EtcdReport.Own BLOCKS =
            new EtcdReport.Own("m-web-0", ClusterLossPolicy.BLOCK, ProcessingBackend.ETCD);
    private static final EtcdReport.Own FELL_BACK =
            new EtcdReport.Own("m-web-0", ClusterLossPolicy.DEGRADE, ProcessingBackend.PEER);

    @Test
    void it_tells_who_has_the_lock_for_how_long_and_the_order_of_those_who_wait() {
        Json.Obj report = report(OWN, Reach.SETTLED, held("n-api-0", Optional.of(Duration.ofSeconds(41))));

        assertThat(report.string("why"))
                .isEqualTo("cluster c: n-api-0 has it, its lease lives 41.0 s more if nobody renews it;"
                        + " waiting: n-api-1, m-web-0; this unit is number 2 of those who wait");
        assertThat(report.string("remedy")).isEmpty();
        assertThat(report.array("waiters")).containsExactly(Json.of("n-api-1"), Json.of("m-web-0"));
        assertThat(report.object("holder").integer("lease_left_ms")).isEqualTo(41_000);
    }

    @Test
    void it_says_this_unit_of_the_unit_itself() {
        assertThat(report(OWN, Reach.SETTLED, held("m-web-0", Optional.of(Duration.ofSeconds(1))))
                        .string("why"))
                .startsWith("cluster c: this unit has it, its lease lives 1.0 s more");
    }

    @Test
    void a_lock_without_a_lease_is_nothing_to_wait_for() {
        Json.Obj report = report(OWN, Reach.SETTLED, held("n-api-0", Optional.empty()));

        assertThat(report.string("why")).startsWith("cluster c: n-api-0 has it, without a lease;");
        assertThat(report.string("remedy")).contains("nobody renews that lock").contains("before you delete it");
    }

    @Test
    void while_etcd_is_away_it_tells_why_since_when_and_what_the_unit_does() {
        assertThat(report(OWN, Reach.AWAY, Optional.empty()).string("why"))
                .isEqualTo("etcd cannot be used, for 12.0 s (connection refused); this unit goes on under its"
                        + " application's lock alone, beside other applications");
        assertThat(report(OWN, Reach.AWAY, Optional.empty()).string("remedy")).contains("work returns to it by itself");
        assertThat(report(BLOCKS, Reach.AWAY, Optional.empty()).string("why"))
                .endsWith("; this unit waits until it is back");
        assertThat(report(BLOCKS, Reach.AWAY, Optional.empty()).string("remedy"))
                .contains("'rollingops doctor'")
                .doesNotContain("returns");
    }

    @Test
    void etcd_that_answers_but_for_one_question_is_not_told_to_be_away() {
        Json.Obj report = report(OWN, Reach.SETTLED, Optional.empty());

        assertThat(report.string("why")).isEqualTo("cluster c: etcd did not say who has it (connection refused)");
        assertThat(report.string("remedy")).isEqualTo("'rollingops doctor' says what is wrong");
    }

    @Test
    void before_the_first_answer_nothing_is_known() {
        Json.Obj report = report(OWN, Reach.UNKNOWN, Optional.empty());

        assertThat(report.string("why")).isEqualTo("etcd has not answered yet (connection refused)");
        assertThat(report.string("remedy")).isEqualTo("'rollingops doctor' says what is wrong");
    }

    @Test
    void a_unit_that_has_not_returned_to_etcd_yet_says_what_it_waits_for() {
        assertThat(report(FELL_BACK, Reach.REACHABLE, Optional.of(new LockView(Optional.empty(), List.of())))
                        .string("why"))
                .isEqualTo("cluster c: it is free; etcd answers, for 12.0 s, and this unit is still under its"
                        + " application's lock alone: it returns when etcd has answered for 'return-after' and its own"
                        + " queue is empty");
    }

    private static Optional<LockView> held(String owner, Optional<Duration> leaseLeft) {
        return Optional.of(
                new LockView(Optional.of(new LockView.Holder(owner, 9, leaseLeft)), List.of("n-api-1", "m-web-0")));
    }

    private static Json.Obj report(EtcdReport.Own own, Reach reach, Optional<LockView> view) {
        ClusterLock.State state = new ClusterLock.State(
                reach, ClusterLock.Hold.NONE, OptionalLong.empty(), ClusterLock.Cleanliness.CLEAN);
        return EtcdReport.of(
                "c",
                own,
                state,
                Duration.ofSeconds(12),
                view.isPresent() ? Optional.empty() : Optional.of("connection refused"),
                view);
    }
}
