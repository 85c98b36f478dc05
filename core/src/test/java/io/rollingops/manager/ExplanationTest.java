// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a person is told of a unit. */
class ExplanationTest {
    private final TestUnits units = new TestUnits();

    @AfterEach
    void close() {
        units.close();
    }

    @Test
    void a_unit_that_waits_is_told_with_who_runs_and_how_many_are_before_it() {
        units.bareHolder(0);
        units.bare(1);
        units.bare(2);
        units.bareRequest(1, "restart");
        units.bareRequest(2, "restart");

        assertThat(why(0)).isEqualTo("web/0 runs hog under grant 1");
        assertThat(why(1)).isEqualTo("web/1 waits with restart: web/0 runs hog under grant 1");
        assertThat(why(2)).isEqualTo("web/2 waits with restart, behind 1 other: web/0 runs hog under grant 1");
    }

    @Test
    void a_unit_that_was_granted_the_lock_is_about_to_start() {
        units.bare(0);
        units.bareRequest(0, "restart");

        assertThat(why(0)).isEqualTo("web/0 was granted the lock for restart and is about to start");
    }

    @Test
    void a_unit_that_is_processed_by_etcd_has_another_lock_to_take_first() {
        units.bare(0);
        units.bare(1);
        onEtcd(0);
        units.bareRequest(0, "restart");
        units.bareRequest(1, "restart");

        assertThat(why(0))
                .isEqualTo(
                        "web/0 was granted the lock of its application for restart under grant 1 and takes the one in"
                                + " etcd, which other applications may have");
        assertThat(why(1)).isEqualTo("web/1 waits with restart: " + why(0));

        units.send(0, new PeerCommand.Start(1, false));
        assertThat(why(0)).isEqualTo("web/0 runs restart under grant 1");
    }

    @Test
    void a_unit_that_pauses_after_a_failure_is_told_with_it() {
        units.bare(0);
        fail(0);

        Explanation why = Explanation.of(units.seen(), TestUnits.unit(0));
        assertThat(why.reason())
                .isEqualTo(
                        "web/0 has 1 queued, first restart, and pauses after a failed attempt (attempt 1, exit status 1)");
        assertThat(why.remedy()).isEqualTo("it tries again by itself; mend what made it fail");
    }

    @Test
    void a_unit_that_may_not_run_without_etcd_is_not_told_to_have_failed() {
        units.bare(0);
        onEtcd(0);
        request(0);
        units.send(0, new PeerCommand.Start(1, false));
        units.send(0, new PeerCommand.Finish(1, head(0).id(), OperationResult.RELEASE, "all went well", false));
        request(0);
        units.send(0, new PeerCommand.NotRun(2, true, true));

        Explanation why = Explanation.of(units.seen(), TestUnits.unit(0));
        assertThat(why.reason())
                .isEqualTo(
                        "web/0 has 1 queued, first restart, and waits until the lock in etcd can be had, without which"
                                + " it may not run");
        assertThat(why.remedy())
                .isEqualTo("'rollingops doctor' on its machine says whether etcd can be used from there");
    }

    @Test
    void a_unit_on_etcd_that_has_failed_may_wait_for_either() {
        units.bare(0);
        onEtcd(0);
        fail(0);

        assertThat(why(0))
                .contains("pauses after a failed attempt (attempt 1, exit status 1), or waits until the lock in etcd");
    }

    private void onEtcd(int number) {
        assertThat(units.send(number, new PeerCommand.SetBackend(ProcessingBackend.ETCD, false)))
                .isEqualTo(new PeerReply.Done());
    }

    private void request(int number) {
        units.send(number, new PeerCommand.Request("restart", Json.Obj.EMPTY, OptionalInt.empty()));
    }

    private void fail(int number) {
        request(number);
        units.send(number, new PeerCommand.Start(1, false));
        units.send(
                number,
                new PeerCommand.Finish(1, head(number).id(), OperationResult.RETRY_RELEASE, "exit status 1", true));
    }

    private Operation head(int number) {
        return units.record(number).queue().head().orElseThrow();
    }

    private String why(int number) {
        return Explanation.of(units.seen(), TestUnits.unit(number)).reason();
    }
}
