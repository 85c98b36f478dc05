// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.lock.Contenders.Contender;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.spi.ClusterLock.Reach;
import io.rollingops.testkit.etcd.EtcdCluster;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.EtcdProcess;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.net.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The lock on three real etcd members, some of which are killed. */
@RequiresEtcd
@Timeout(120)
class EtcdClusterLockIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(3));

    private EtcdCluster etcd;
    private EtcdSettings settings;
    private Contenders contenders;

    @BeforeEach
    void open(TestInfo test) {
        etcd = ETCD.cluster();
        settings = EtcdSettings.plain(etcd.endpoints());
        contenders = new Contenders("cluster-of-" + test.getDisplayName().replaceAll("[^a-z_]", ""));
    }

    @AfterEach
    void close() {
        contenders.close();
    }

    @Test
    void applications_get_the_lock_in_the_order_in_which_they_asked_with_growing_tokens() {
        List<Contender> all = new ArrayList<>();
        for (String application : List.of("web", "api", "db", "cache")) {
            all.add(contenders.add(application, settings));
        }
        for (Contender contender : all) {
            int before = waiters(all.get(0)).size();
            contender.want();
            await().until(() ->
                    contender.hold() == Hold.HELD || waiters(contender).size() > before);
        }
        List<Long> tokens = new ArrayList<>();
        for (Contender contender : all) {
            tokens.add(contender.awaitHeld());
            assertThat(all).filteredOn(other -> other.hold() == Hold.HELD).hasSize(1);
            contender.lock.drop();
        }
        assertThat(tokens).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void the_keys_are_those_of_the_original() {
        Contender web = contenders.add("web", settings);
        var operation = Contender.operation();
        web.lock.want(operation);
        web.awaitHeld();
        String prefix = "/rollingops/default/" + web.lock.keys().clusterId() + "/";

        assertThat(etcd.etcdctl("get", prefix + "granted-unit/", "--print-value-only")
                        .strip())
                .isEqualTo("5eed-web-0");
        assertThat(etcd.etcdctl("get", prefix + "5eed-web-0/", "--prefix"))
                .startsWith(prefix + "5eed-web-0/inprogress/" + operation.id().value())
                .contains("{\"callback_id\":");

        web.lock.finished(operation.completed(io.rollingops.OperationResult.RELEASE));
        web.lock.drop();
        await().untilAsserted(() -> assertThat(etcd.etcdctl("get", prefix + "5eed-web-0/", "--prefix"))
                .startsWith(prefix + "5eed-web-0/completed/" + operation.id().value())
                .contains("\"result\":\"release\""));
        assertThat(etcd.etcdctl("get", prefix + "granted-unit/").strip()).isEmpty();
    }

    @Test
    void the_lock_of_a_holder_that_died_is_free_when_its_lease_has_run_out() {
        Contender web = contenders.add("web", settings);
        Contender api = contenders.add("api", settings);
        web.want();
        web.awaitHeld();
        api.want();
        web.die();
        long diedAt = System.nanoTime();

        api.awaitHeld();

        Duration took = Duration.ofNanos(System.nanoTime() - diedAt);
        assertThat(took).isLessThan(Contenders.QUICK.lease().ttl().plusSeconds(2));
    }

    @Test
    void a_new_process_of_a_unit_that_died_removes_what_that_left() throws InterruptedException {
        Contender old = contenders.add("web", settings);
        old.want();
        old.awaitHeld();
        old.die();

        Contender next = contenders.add("web", settings);
        LockEvent told = next.story.take();

        assertThat(told).isInstanceOf(LockEvent.LeftoversRemoved.class);
        assertThat(told.text()).contains("granted-unit/");
        Contender api = contenders.add("api", settings);
        api.want();
        api.awaitHeld();
        assertThat(next.hold()).isEqualTo(Hold.NONE);
    }

    @Test
    void a_holder_keeps_the_lock_and_a_waiter_its_place_while_the_leader_of_etcd_dies() {
        Contender web = contenders.add("web", settings);
        Contender api = contenders.add("api", settings);
        web.want();
        long token = web.awaitHeld();
        api.want();
        await().until(() -> waiters(api).size() == 1);

        EtcdProcess leader = etcd.leader();
        leader.kill();
        try {
            await().atMost(Contenders.PATIENCE).until(() -> api.lock.state().reach() != Reach.AWAY && answers(api));
            assertThat(web.lock.state().token()).hasValue(token);
            web.lock.drop();
            assertThat(api.awaitHeld()).isGreaterThan(token);
        } finally {
            leader.start();
            etcd.awaitHealthy();
        }
    }

    @Test
    void without_a_quorum_the_holder_is_told_that_the_lock_is_lost_before_anybody_else_can_have_it() {
        Contender web = contenders.add("web", settings);
        Contender api = contenders.add("api", settings);
        web.want();
        web.awaitHeld();
        api.want();
        List<EtcdProcess> killed = List.of(etcd.member(0), etcd.member(1));
        killed.forEach(EtcdProcess::kill);

        web.awaitHold(Hold.LOST);
        assertThat(api.hold()).isNotEqualTo(Hold.HELD);
        assertThat(web.lock.state().reach()).isEqualTo(Reach.AWAY);

        killed.forEach(EtcdProcess::start);
        etcd.awaitHealthy();
        web.lock.drop();
        api.awaitHeld();
    }

    /** A machine that was suspended without its steady clock noticing shows it by the time of day (rule L3). */
    @Test
    void a_time_of_day_that_jumps_takes_the_lock_from_its_holder() {
        Contender web = contenders.add("web", settings);
        web.want();
        web.awaitHeld();

        web.jumpWall(3600);

        await().atMost(Contenders.PATIENCE)
                .until(() -> web.story.stream()
                        .anyMatch(event -> event instanceof LockEvent.LeaseLost lost
                                && lost.reason().contains("the wall clock jumped by")));
        assertThat(web.hold()).isNotEqualTo(Hold.HELD);
    }

    @Test
    void one_that_is_cut_off_from_etcd_loses_the_lock_in_time_and_the_others_go_on() {
        try (FaultProxy proxy = new FaultProxy(etcd.member(0).address())) {
            Contender web = contenders.add("web", EtcdSettings.plain(proxy.endpoint()));
            Contender api = contenders.add("api", settings);
            web.want();
            web.awaitHeld();
            api.want();
            proxy.hold(); // half open: the connection stands and nothing comes

            await().atMost(Contenders.PATIENCE)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> {
                        boolean webHeld = web.hold() == Hold.HELD; // first, since it must end first
                        boolean apiHolds = api.hold() == Hold.HELD;
                        assertThat(webHeld && apiHolds && web.hold() == Hold.HELD)
                                .isFalse();
                        return apiHolds;
                    });
            assertThat(web.hold()).isEqualTo(Hold.LOST);
            proxy.forward();
        }
    }

    /** The original looks every 15 s whether the lock is free; here it is quicker, like everything in this test. */
    @Test
    void somebody_who_only_polls_gets_his_turn_although_others_stand_in_line() throws Exception {
        Contender web = contenders.add("web", settings);
        Contender api = contenders.add("api", settings);
        web.want();
        web.awaitHeld();
        Bytes prefix = web.lock.keys().cluster();
        Bytes pending = prefix.plus("0f00-db-0/pending/1.0-restart");
        web.client
                .commit(Transaction.always(Action.put(pending, Bytes.utf8("{}"))))
                .get();
        api.want();
        await().until(() -> waiters(api).size() == 1);
        web.lock.drop();

        await().atMost(Contenders.PATIENCE)
                .pollInterval(Duration.ofMillis(700))
                .until(() -> web.client
                        .commit(Transaction.when(Guard.absent(web.lock.keys().lock()))
                                .then(
                                        Action.put(web.lock.keys().lock(), Bytes.utf8("0f00-db-0")),
                                        Action.delete(pending)))
                        .get()
                        .isApplied());
        assertThat(api.hold()).isEqualTo(Hold.WAITING);
        web.client
                .commit(Transaction.always(Action.delete(web.lock.keys().lock())))
                .get();
        api.awaitHeld();
        assertThat(api.story).noneMatch(LockEvent.PollerPassedOver.class::isInstance);
    }

    @Test
    void somebody_who_left_an_entry_and_never_comes_is_passed_over_once() throws Exception {
        Contender web = contenders.add("web", settings);
        Bytes pending = web.lock.keys().cluster().plus("0f00-db-0/pending/1.0-restart");
        Contender api = contenders.add("api", settings);
        web.want();
        web.awaitHeld();
        web.client
                .commit(Transaction.always(Action.put(pending, Bytes.utf8("garbage"))))
                .get();
        api.want();
        await().until(() -> waiters(api).size() == 1);
        web.lock.drop();
        api.awaitHeld();
        assertThat(api.story).anyMatch(LockEvent.PollerPassedOver.class::isInstance);

        web.want();
        await().until(() -> waiters(web).size() == 1);
        long before = System.nanoTime();
        api.lock.drop();
        web.awaitHeld();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Contenders.QUICK.pollerPatience());
    }

    @Test
    void a_lock_that_somebody_without_a_lease_holds_is_waited_for_and_shown() throws Exception {
        Contender web = contenders.add("web", settings);
        web.client
                .commit(Transaction.always(
                        Action.put(web.lock.keys().lock(), Bytes.copyOf(new byte[] {(byte) 0xff, 0}))))
                .get();
        web.want();
        await().until(() -> waiters(web).size() == 1);

        LockView view = new LockObserver(web.client, web.lock.keys()).look().get();
        assertThat(view.holder())
                .hasValueSatisfying(holder -> assertThat(holder.leaseLeft()).isEmpty());
        assertThat(view.waiters()).containsExactly("5eed-web-0");
        assertThat(web.hold()).isEqualTo(Hold.WAITING);

        web.client
                .commit(Transaction.always(Action.delete(web.lock.keys().lock())))
                .get();
        web.awaitHeld();
    }

    @Test
    void history_that_was_compacted_under_a_waiter_does_not_make_it_miss_its_turn() {
        try (FaultProxy proxy = new FaultProxy(etcd.member(1).address())) {
            Contender web = contenders.add("web", settings);
            Contender api = contenders.add("api", EtcdSettings.plain(proxy.endpoint()));
            web.want();
            web.awaitHeld();
            api.want();
            await().until(() -> waiters(web).size() == 1);
            proxy.cut();
            web.lock.drop();
            await().untilAsserted(() -> assertThat(web.client
                            .read(Query.key(web.lock.keys().lock()))
                            .get()
                            .entries())
                    .isEmpty());
            etcd.compact();
            proxy.forward();
            api.awaitHeld();
        }
    }

    /** Both go on; what one of them holds, the other does not. */
    @Test
    void two_processes_with_one_identity_are_told_and_never_hold_the_lock_at_once() {
        Contender one = contenders.add("web", settings);
        Contender other = contenders.add("web", settings);
        await().until(() ->
                one.lock.state().reach() != Reach.UNKNOWN && other.lock.state().reach() != Reach.UNKNOWN);
        for (int i = 0; i < 3; i++) {
            one.want();
            other.want();
            await().atMost(Contenders.PATIENCE)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> one.hold() == Hold.HELD || other.hold() == Hold.HELD);
            Contender first = one.hold() == Hold.HELD ? one : other;
            Contender second = first == one ? other : one;
            assertThat(second.hold()).isNotEqualTo(Hold.HELD);
            first.lock.drop();
            second.awaitHeld();
            second.lock.drop();
        }
        assertThat(List.of(one, other))
                .anyMatch(each -> each.story.stream().anyMatch(LockEvent.HasDouble.class::isInstance));
    }

    @Test
    void endpoints_may_change_while_the_lock_is_held_and_waited_for() {
        try (FaultProxy first = new FaultProxy(etcd.member(0).address());
                FaultProxy second = new FaultProxy(etcd.member(1).address())) {
            Contender web = contenders.add("web", EtcdSettings.plain(first.endpoint()));
            Contender api = contenders.add("api", EtcdSettings.plain(first.endpoint()));
            web.want();
            long token = web.awaitHeld();
            api.want();
            await().until(() -> waiters(web).size() == 1);

            web.client.reload(EtcdSettings.plain(second.endpoint()));
            api.client.reload(EtcdSettings.plain(second.endpoint()));
            first.cut();
            await().until(() -> answers(web) && answers(api));

            assertThat(web.lock.state().token()).hasValue(token);
            assertThat(waiters(web)).containsExactly("5eed-api-0");
            web.lock.drop();
            api.awaitHeld();
            assertThat(web.story).noneMatch(LockEvent.LeaseLost.class::isInstance);
        }
    }

    private static boolean answers(Contender contender) throws InterruptedException {
        try {
            contender.client.read(Query.key(contender.lock.keys().lock())).get();
            return true;
        } catch (java.util.concurrent.ExecutionException e) {
            return false;
        }
    }

    private static List<String> waiters(Contender contender) {
        return new LockObserver(contender.client, contender.lock.keys())
                .look()
                .join()
                .waiters();
    }
}
