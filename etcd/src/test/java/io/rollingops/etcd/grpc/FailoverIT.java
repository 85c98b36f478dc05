// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static io.rollingops.etcd.grpc.Answers.answer;
import static io.rollingops.etcd.grpc.Answers.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.testkit.etcd.EtcdCluster;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.EtcdProcess;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Three members, some of which are killed or frozen: calls keep their limits, watches lose nothing. */
@RequiresEtcd
@Timeout(90)
class FailoverIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(3));

    private static final Duration LIMIT = EtcdClient.DEFAULT_LIMIT;

    /** By how much a busy machine may overrun a limit; seven seconds, as etcd itself may take, are well above. */
    private static final Duration SLACK = Duration.ofMillis(2_500);

    private final RecordingListener listener = new RecordingListener();
    private EtcdCluster cluster;
    private GrpcEtcdClient client;
    private GrpcEtcdClient other;
    private Bytes prefix;

    @BeforeEach
    void open(TestInfo test) {
        cluster = ETCD.cluster();
        client = new GrpcEtcdClient(EtcdSettings.plain(cluster.endpoints()), ForkJoinPool.commonPool());
        other = new GrpcEtcdClient(EtcdSettings.plain(cluster.endpoints()), ForkJoinPool.commonPool());
        prefix = Bytes.utf8("/" + test.getDisplayName() + "/");
    }

    @AfterEach
    void close() {
        client.close();
        other.close();
        listener.assertNoFaults();
    }

    @Test
    void calls_keep_their_limit_while_the_leader_is_killed_and_go_through_with_the_next_one() {
        keepsLimitsWhile(() -> cluster.leader().kill());
    }

    @Test
    void calls_keep_their_limit_while_the_leader_is_frozen_and_go_through_with_the_next_one() {
        keepsLimitsWhile(() -> cluster.leader().freeze());
    }

    @Test
    void a_read_goes_through_in_one_call_when_any_follower_is_frozen() {
        EtcdClient patient = client.within(Duration.ofSeconds(8));
        answer(patient.read(Query.prefix(prefix)));
        for (EtcdProcess follower : cluster.followers()) {
            follower.freeze();
            answer(patient.read(Query.prefix(prefix)));
            follower.thaw();
            cluster.awaitHealthy();
        }
    }

    @Test
    void a_change_goes_through_in_one_call_when_all_but_the_last_endpoint_are_dead() {
        EtcdProcess follower = cluster.followers().get(0);
        follower.kill();
        String endpoints =
                "127.0.0.1:1," + follower.endpoint() + "," + cluster.leader().endpoint();
        try (GrpcEtcdClient third = new GrpcEtcdClient(
                EtcdSettings.plain(endpoints), ForkJoinPool.commonPool(), () -> 0, WatchPace.DEFAULT)) {
            assertThat(answer(third.within(Duration.ofSeconds(8)).commit(put("a")))
                            .isApplied())
                    .isTrue();
        }
    }

    @Test
    void a_lease_outlives_its_leader_and_is_renewed_through_the_next_one() {
        EtcdClient patient = client.within(Duration.ofSeconds(8));
        GrantedLease lease = answer(patient.grantLease(Duration.ofSeconds(30)));
        cluster.leader().kill();
        await().atMost(Duration.ofSeconds(15))
                .ignoreExceptionsInstanceOf(RollingOpsException.Unavailable.class)
                .until(() -> answer(client.keepAlive(lease.id())).isPresent());
        assertThat(answer(patient.revoke(lease.id()))).isTrue();
    }

    @Test
    void a_watch_tells_everything_once_while_each_member_in_turn_is_killed() {
        watch();
        try (SteadyWriter writer = new SteadyWriter(other, prefix)) {
            for (EtcdProcess member : cluster.members()) {
                writer.awaitMore(10);
                member.kill();
                writer.awaitMore(10);
                cluster.startAll();
            }
            writer.awaitMore(10);
        }
        assertToldOnce();
    }

    @Test
    void a_watch_tells_everything_once_while_each_member_in_turn_is_frozen() {
        watch();
        try (SteadyWriter writer = new SteadyWriter(other, prefix)) {
            for (EtcdProcess member : cluster.members()) {
                writer.awaitMore(10);
                member.freeze();
                writer.awaitMore(10);
                assertToldUpToNow(); // while it is still frozen
                cluster.startAll();
            }
            writer.awaitMore(10);
        }
        assertToldOnce();
    }

    @Test
    void a_watch_tells_everything_once_over_the_loss_of_the_quorum() {
        watch();
        try (SteadyWriter writer = new SteadyWriter(other, prefix)) {
            writer.awaitMore(10);
            List<EtcdProcess> two = cluster.members().subList(0, 2);
            two.forEach(EtcdProcess::freeze);
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> !cluster.member(2).isHealthy());
            two.forEach(EtcdProcess::thaw);
            writer.awaitMore(10);
        }
        assertToldOnce();
    }

    @Test
    void a_watch_tells_everything_once_over_a_restart_of_all_members() {
        watch();
        try (SteadyWriter writer = new SteadyWriter(other, prefix)) {
            writer.awaitMore(10);
            cluster.killAll();
            cluster.startAll();
            writer.awaitMore(10);
        }
        assertToldOnce();
    }

    @Test
    void a_member_without_a_leader_says_so_at_once() {
        EtcdProcess alone = cluster.member(0);
        try (GrpcEtcdClient own = new GrpcEtcdClient(EtcdSettings.plain(alone.endpoint()), ForkJoinPool.commonPool())) {
            answer(own.within(Duration.ofSeconds(8)).read(Query.prefix(prefix)));
            cluster.member(1).freeze();
            cluster.member(2).freeze();
            await().atMost(Duration.ofSeconds(15))
                    .untilAsserted(() -> assertThat(error(own.commit(put("a"))))
                            .isInstanceOf(RollingOpsException.Unavailable.class)
                            .hasMessageContaining("no leader"));
        }
    }

    @Test
    void each_endpoint_is_reported_for_itself() {
        EtcdProcess leader = cluster.leader();
        EtcdProcess dead = cluster.followers().get(0);
        dead.kill();
        List<EndpointReport> reports =
                answer(client.within(Duration.ofSeconds(3)).endpoints());
        assertThat(reports)
                .extracting(report -> report.endpoint().toString())
                .containsExactly(cluster.endpoints().split(","));
        for (EndpointReport report : reports) {
            String seen = report.fold(
                    reached -> reached.leads() ? "leads" : "follows", reticent -> "reticent", failed -> "failed");
            String endpoint = report.endpoint().toString();
            String expected = endpoint.equals(leader.endpoint())
                    ? "leads"
                    : endpoint.equals(dead.endpoint()) ? "failed" : "follows";
            assertThat(seen).as(endpoint).isEqualTo(expected);
        }
        assertThat(answer(client.within(Duration.ofSeconds(3)).members())).hasSize(3);
    }

    /** Calls with the default limit, one after the other, from before the trouble until they go through again. */
    private void keepsLimitsWhile(Runnable trouble) {
        answer(client.within(Duration.ofSeconds(8)).commit(put("first")));
        trouble.run();
        long start = System.nanoTime();
        for (int i = 0; true; i++) {
            long before = System.nanoTime();
            boolean through = goesThrough(client.commit(put("" + i)));
            Duration took = Duration.ofNanos(System.nanoTime() - before);
            assertThat(took).as("call %d", i).isLessThan(LIMIT.plus(SLACK));
            if (through) {
                return;
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
        }
    }

    private static boolean goesThrough(CompletableFuture<?> call) {
        try {
            answer(call);
            return true;
        } catch (RollingOpsException.Unavailable | RollingOpsException.Indeterminate e) {
            return false;
        }
    }

    private void watch() {
        answer(client.within(Duration.ofSeconds(8))
                .watch(KeyRange.prefix(prefix), listener, ForkJoinPool.commonPool()));
    }

    private Transaction put(String name) {
        return Transaction.always(Action.put(prefix.plus(name), Bytes.utf8(name)));
    }

    /** Everything that is there now is told, and soon. */
    private void assertToldUpToNow() {
        int total = history().size();
        listener.awaitEvents(total);
    }

    private void assertToldOnce() {
        List<String> history = history();
        listener.awaitEvents(history.size());
        assertThat(listener.events().stream().map(event -> event.revision() + " " + event.key()))
                .containsExactlyInAnyOrderElementsOf(history);
        assertThat(listener.listings()).isEmpty();
    }

    /** Keys are written once in these tests, so the entries are the whole history. */
    private List<String> history() {
        List<KeyValue> entries = answer(other.within(Duration.ofSeconds(10)).read(Query.prefix(prefix)))
                .entries();
        return entries.stream()
                .map(entry -> entry.modified() + " " + entry.key())
                .toList();
    }
}
