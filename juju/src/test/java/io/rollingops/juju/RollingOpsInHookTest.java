// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.RollingOpsException;
import io.rollingops.RollingOpsState;
import io.rollingops.RollingOpsStatus;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.manager.SyncLock;
import io.rollingops.spi.SyncLockBackend;
import io.rollingops.testkit.juju.JujuEmulator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a handler is told about rolling operations, and what it is refused; in the emulator and without processes. */
class RollingOpsInHookTest {
    private static final UnitName OTHER = UnitName.parse("app/1");

    /** The leader's unit runs nothing until it is dispatched, so that a grant can be looked at. */
    private final JujuEmulator juju = JujuEmulator.builder()
            .seed(7)
            .parallel(1)
            .leaderNotifiesItself(false)
            .build();

    @TempDir
    private Path folder;

    private RollingCharm charm = new RollingCharm(Path.of(""));

    @AfterEach
    void close() {
        juju.close();
    }

    @Test
    void an_unknown_callback_is_refused_with_those_that_there_are() throws Exception {
        deploy(1);
        assertThatThrownBy(() -> ask("app/0", rolling -> rolling.requestAsyncLock("nobody")))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessage("Unknown callback_id: nobody; registered are [deferred-restart, failed-restart, restart]");
        assertThat(juju.databag("restart", "app/0")).containsEntry("operations", "[]");
    }

    @Test
    void a_negative_limit_and_arguments_that_are_no_json_are_refused() throws Exception {
        deploy(1);
        assertThatThrownBy(() -> ask(
                        "app/0", rolling -> rolling.requestAsyncLock("restart", Json.Obj.EMPTY, OptionalInt.of(-1))))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> ask(
                        "app/0",
                        rolling -> rolling.requestAsyncLock(
                                "restart", Map.of("delay", new Object()), OptionalInt.empty())))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageStartingWith("Failed to create the lock request: ");
        assertThat(juju.databag("restart", "app/0")).containsEntry("operations", "[]");
    }

    @Test
    void without_a_peer_relation_a_unit_is_not_ready_and_nothing_waits() throws Exception {
        deploy(
                1,
                settings -> RollingOpsSettings.onPeers("later")
                        .withCallback("restart", (hook, context) -> OperationResult.RELEASE));
        RollingOpsState state = ask("app/0", RollingOps::state);
        assertThat(state.status()).isEqualTo(RollingOpsStatus.NOT_READY);
        assertThat(state.processingBackend()).isEqualTo(ProcessingBackend.PEER);
        assertThat(waits("app/0", RollingOps::isWaiting)).isFalse();
        assertThat(waits("app/0", rolling -> rolling.isWaitingCallback("restart", OTHER)))
                .isFalse();
        assertThat(ask("app/0", RollingOps::explain).reason()).isEqualTo("there is no later peer relation yet");
        assertThatThrownBy(() -> ask("app/0", rolling -> rolling.requestAsyncLock("restart")))
                .isInstanceOf(RollingOpsException.NotReady.class)
                .hasMessageContaining("later-relation-created");
    }

    @Test
    void a_unit_with_nothing_queued_is_idle_and_nothing_waits_there() throws Exception {
        deploy(2);
        for (String unit : List.of("app/0", "app/1")) {
            RollingOpsState state = ask(unit, RollingOps::state);
            assertThat(state.status()).isEqualTo(RollingOpsStatus.IDLE);
            assertThat(state.processingBackend()).isEqualTo(ProcessingBackend.PEER);
            assertThat(state.queue().isEmpty()).isTrue();
        }
        juju.exec("app/0", "relation-set -r restart:0 state=request");
        assertThat(waits("app/0", RollingOps::isWaiting))
                .as("whatever the state says")
                .isFalse();
        assertThat(waits("app/0", rolling -> rolling.isWaitingCallback("restart")))
                .isFalse();
    }

    @Test
    void a_request_waits_until_it_is_granted_and_others_wait_beside_that_grant() throws Exception {
        deploy(2);
        request("app/0", "restart");
        assertThat(ask("app/0", RollingOps::state).status()).isEqualTo(RollingOpsStatus.WAITING);

        grantLeader();
        charm.forgetWakes();
        assertThat(juju.appDatabag("restart", "app")).containsEntry("granted_unit", "app/0");
        assertThat(ask("app/0", RollingOps::state).status()).isEqualTo(RollingOpsStatus.GRANTED);

        juju.faults().starve("app/0"); // it keeps the grant
        request("app/1", "failed-restart");
        assertThat(ask("app/1", RollingOps::state).status()).isEqualTo(RollingOpsStatus.WAITING);
        assertThat(ask("app/1", RollingOps::explain).reason()).contains("app/0");
    }

    @Test
    void a_grant_of_the_application_alone_is_none_for_a_unit_that_etcd_processes() throws Exception {
        deploy(1);
        request("app/0", "restart");
        grantLeader();
        charm.forgetWakes();
        juju.exec("app/0", "relation-set -r restart:0 processing_backend=etcd");
        RollingOpsState state = ask("app/0", RollingOps::state);
        assertThat(state.processingBackend()).isEqualTo(ProcessingBackend.ETCD);
        assertThat(state.status()).isEqualTo(RollingOpsStatus.WAITING);
    }

    @Test
    void a_unit_waits_for_its_own_callbacks_and_for_no_others() throws Exception {
        deploy(2);
        request("app/0", "restart");
        assertThat(waits("app/0", RollingOps::isWaiting)).isTrue();
        assertThat(waits("app/0", rolling -> rolling.isWaitingCallback("restart")))
                .isTrue();
        assertThat(waits("app/0", rolling -> rolling.isWaitingCallback("failed-restart")))
                .isFalse();
    }

    @Test
    void another_unit_is_looked_at_whatever_the_own_queue_holds() throws Exception {
        deploy(2);
        juju.faults().holdBackAppChanges("app/1"); // so that it does not see its grant
        request("app/1", "restart");
        assertThat(waits("app/0", rolling -> rolling.isWaiting(OTHER))).isTrue();
        assertThat(waits("app/0", rolling -> rolling.isWaitingCallback("restart", OTHER)))
                .isTrue();
        assertThat(waits("app/0", rolling -> rolling.isWaitingCallback("failed-restart", OTHER)))
                .isFalse();
        assertThat(waits("app/0", RollingOps::isWaiting)).isFalse();

        UnitName first = UnitName.parse("app/0");
        assertThat(waits("app/1", rolling -> rolling.isWaiting(first))).isFalse();
        assertThat(waits("app/1", rolling -> rolling.isWaitingCallback("restart", first)))
                .isFalse();
    }

    @Test
    void a_unit_that_is_no_peer_is_told_with_those_that_are() throws Exception {
        deploy(2);
        assertThatThrownBy(() -> ask("app/0", rolling -> rolling.isWaiting(UnitName.parse("app/7"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("app/7 does not belong to the peer relation; its units are [app/1] and app/0");
    }

    @Test
    void a_databag_that_cannot_be_understood_takes_no_request() throws Exception {
        deploy(1);
        juju.exec("app/0", "relation-set -r restart:0 operations=[1");
        assertThatThrownBy(() -> ask("app/0", rolling -> rolling.requestAsyncLock("restart")))
                .isInstanceOf(RollingOpsException.Corrupt.class);
        assertThat(juju.databag("restart", "app/0")).containsEntry("operations", "[1");
    }

    @Test
    void a_callback_sees_its_own_grant_and_gets_no_second_lock() throws Exception {
        List<String> seen = new ArrayList<>();
        Counting lock = new Counting();
        deploy(
                1,
                settings -> settings.withSyncLock("own", lock).withCallback("look", (hook, context) -> {
                    seen.add(hook.rollingOps().state().status().wire());
                    try (SyncLock second = hook.rollingOps().acquireSyncLock("own", Duration.ZERO)) {
                        second.signal().checkpoint();
                    } catch (RollingOpsException.InvalidRequest e) {
                        seen.add(String.valueOf(e.getMessage()));
                    }
                    return OperationResult.RELEASE;
                }));
        ask("app/0", rolling -> rolling.requestAsyncLock("look"));
        charm.settle(juju);
        assertThat(seen).hasSize(2).first().isEqualTo("granted");
        assertThat(seen.get(1)).startsWith("a callback holds the lock already");
        assertThat(lock.calls).isEmpty();
    }

    @Test
    void the_charms_own_lock_is_given_back_once_and_what_happens_under_it_goes_through() throws Exception {
        Counting lock = new Counting();
        deploy(1, settings -> settings.withSyncLock("own", lock));
        assertThatThrownBy(() -> ask("app/0", rolling -> {
                    try (SyncLock held = rolling.acquireSyncLock("own", Duration.ofSeconds(30))) {
                        held.signal().checkpoint();
                        throw new IOException("the service did not come up");
                    }
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("the service did not come up");
        assertThat(lock.calls).containsExactly("acquire 30", "release");
    }

    @Test
    void a_lock_that_is_not_had_in_time_or_not_known_is_told_and_never_given_back() throws Exception {
        Counting lock = new Counting();
        lock.isTaken = true;
        deploy(1, settings -> settings.withSyncLock("own", lock));
        assertThatThrownBy(() -> ask("app/0", rolling -> rolling.acquireSyncLock("own", Duration.ofSeconds(1))))
                .isInstanceOf(RollingOpsException.LockTimeout.class);
        assertThatThrownBy(() -> ask("app/0", rolling -> rolling.acquireSyncLock("mine", Duration.ofSeconds(1))))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessage("Unknown synchronous lock: mine; registered are [own]");
        assertThat(lock.calls).containsExactly("acquire 1");
    }

    @Test
    void an_action_that_the_charm_has_forgotten_is_told_with_those_that_it_knows() {
        deploy(1);
        assertThat(juju.runAction("app/0", "forgotten", Map.of()).result().completed())
                .isFalse();
        assertThat(juju.log("app/0"))
                .anyMatch(line -> line.message()
                        .contains("this charm does not know the action forgotten; give it a handler or take it out of"
                                + " actions.yaml; handled are [ask, deferred-restart, "));
    }

    /** A lock of the charm's own that notes what is asked of it. */
    private static final class Counting implements SyncLockBackend {
        private final List<String> calls = new ArrayList<>();
        private boolean isTaken;

        @Override
        public void acquire(Duration timeout) {
            calls.add("acquire " + timeout.plusMillis(500).toSeconds());
            if (isTaken) {
                throw new RollingOpsException.LockTimeout("somebody else has it");
            }
        }

        @Override
        public void release() {
            calls.add("release");
        }
    }

    private void deploy(int units) {
        deploy(units, UnaryOperator.identity());
    }

    private void deploy(int units, UnaryOperator<RollingOpsSettings> settings) {
        charm = new RollingCharm(folder, settings);
        juju.deploy(charm, "app", units);
        charm.settle(juju);
    }

    private void request(String unit, String callback) {
        assertThat(juju.runAction(unit, callback, Map.of()).result().completed())
                .isTrue();
    }

    /** One hook of the leader, in which it grants itself. */
    private void grantLeader() {
        charm.dispatch(juju, "app/0");
    }

    private boolean waits(String unit, RollingCharm.Question<Boolean> question) throws Exception {
        return ask(unit, question);
    }

    private <T> T ask(String unit, RollingCharm.Question<T> question) throws Exception {
        return charm.ask(juju, unit, question);
    }
}
