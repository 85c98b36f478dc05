// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static io.rollingops.etcd.grpc.Answers.answer;
import static io.rollingops.etcd.grpc.Answers.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.net.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a call says when the network fails at each point of its way, and whether that is so. One client goes through a
 * network that fails, another one past it to see what really happened.
 */
@RequiresEtcd
@Timeout(60)
class LostRepliesIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(1));

    /** By how much a busy machine may overrun a limit; seven seconds, as etcd itself may take, are well above. */
    private static final Duration SLACK = Duration.ofMillis(2_500);

    private static final Duration LIMIT = Duration.ofMillis(500);

    private FaultProxy network;
    private GrpcEtcdClient client;
    private GrpcEtcdClient other;
    private EtcdClient witness;
    private Bytes key;

    @BeforeEach
    void open(TestInfo test) {
        network = new FaultProxy(ETCD.cluster().member(0).address());
        client = client(network.endpoint());
        other = client(ETCD.cluster().endpoints());
        witness = other.within(Duration.ofSeconds(3));
        key = Bytes.utf8("/" + test.getDisplayName());
    }

    @AfterEach
    void close() {
        client.close();
        other.close();
        network.close();
    }

    @Test
    void a_reply_that_is_lost_after_the_commit_leaves_the_caller_to_read_back() {
        connect();
        network.holdReplies();

        assertThat(error(client.commit(acquire("me")))).isInstanceOf(RollingOpsException.Indeterminate.class);
        assertThat(witnessed())
                .hasValueSatisfying(entry -> assertThat(entry.value()).isEqualTo(Bytes.utf8("me")));

        network.forward();
        KeyValue own = answer(client.within(Duration.ofSeconds(3)).read(Query.key(key)))
                .first()
                .orElseThrow();
        assertThat(own.value()).isEqualTo(Bytes.utf8("me"));
        assertThat(own.version()).as("written once").isEqualTo(1);
    }

    @Test
    void a_request_that_is_lost_on_its_way_says_the_same_and_did_not_happen() {
        connect();
        network.holdRequests();
        assertThat(error(client.commit(acquire("me")))).isInstanceOf(RollingOpsException.Indeterminate.class);
        network.cut();
        assertThat(witnessed()).isEmpty();
    }

    @Test
    void a_connection_that_breaks_while_waiting_ends_the_call_before_its_deadline() {
        connect();
        network.holdReplies();
        long bytesBefore = network.requestBytes();
        CompletableFuture<TransactionOutcome> call =
                client.within(Duration.ofSeconds(15)).commit(acquire("me"));
        await().until(() -> network.requestBytes() > bytesBefore && witnessed().isPresent());
        long start = System.nanoTime();
        network.reset();

        assertThat(error(call)).isInstanceOf(RollingOpsException.Indeterminate.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void nothing_happened_when_nobody_was_reached() {
        network.cut();
        assertThat(error(client.commit(acquire("me")))).isInstanceOf(RollingOpsException.Unavailable.class);
        assertThat(error(client.grantLease(Duration.ofSeconds(5)))).isInstanceOf(RollingOpsException.Unavailable.class);
        network.forward();
        assertThat(witnessed()).isEmpty();
        assertThat(answer(client.within(Duration.ofSeconds(3)).commit(acquire("me")))
                        .isApplied())
                .isTrue();
    }

    @Test
    void nobody_listening_is_told_at_once() {
        try (GrpcEtcdClient nowhere = client("127.0.0.1:1")) {
            long start = System.nanoTime();
            RollingOpsException error =
                    error(nowhere.within(Duration.ofSeconds(15)).commit(acquire("me")));
            assertThat(error)
                    .isInstanceOf(RollingOpsException.Unavailable.class)
                    .hasMessageContainingAll("127.0.0.1:1", "refused");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @Test
    void a_host_name_that_does_not_exist_is_told() {
        try (GrpcEtcdClient nowhere = client("etcd.invalid:2379")) {
            RollingOpsException error =
                    error(nowhere.within(Duration.ofSeconds(15)).commit(acquire("me")));
            assertThat(error)
                    .isInstanceOf(RollingOpsException.Unavailable.class)
                    .hasMessageContaining("etcd.invalid");
        }
    }

    @Test
    void a_half_open_connection_that_never_became_ready_sends_nothing() {
        network.hold();
        assertThat(timed(client.commit(acquire("me")))).isInstanceOf(RollingOpsException.Unavailable.class);
        network.cut();
        assertThat(witnessed()).isEmpty();
    }

    @Test
    void a_call_that_changes_nothing_is_never_indeterminate() {
        connect();
        network.hold();
        List<CompletableFuture<?>> calls = List.of(
                client.read(Query.key(key)),
                client.commit(Transaction.when(Guard.exists(key)).then(Action.read(Query.key(key)))),
                client.keepAlive(new LeaseId(1)),
                client.timeToLive(new LeaseId(1)),
                client.members(),
                client.watch(KeyRange.key(key), new RecordingListener(), Runnable::run));
        calls.forEach(call -> assertThat(timed(call)).isInstanceOf(RollingOpsException.Unavailable.class));
    }

    @Test
    void every_change_that_is_not_answered_is_indeterminate() {
        connect();
        network.hold();
        List<CompletableFuture<?>> calls = List.of(
                client.commit(acquire("me")), client.grantLease(Duration.ofSeconds(5)), client.revoke(new LeaseId(1)));
        calls.forEach(call -> assertThat(timed(call)).isInstanceOf(RollingOpsException.Indeterminate.class));
    }

    @Test
    void a_change_that_may_have_happened_is_not_tried_at_another_endpoint_though_there_is_time() {
        try (GrpcEtcdClient both =
                client(network.endpoint() + "," + ETCD.cluster().endpoints())) {
            EtcdClient patient = both.within(Duration.ofSeconds(10));
            answer(patient.read(Query.key(key))); // through the network, which comes first
            network.holdReplies();
            Transaction unguarded = Transaction.always(Action.put(key, Bytes.utf8("me")));
            CompletableFuture<TransactionOutcome> call = patient.commit(unguarded);
            await().until(() -> witnessed().isPresent());
            network.cut();
            assertThat(error(call)).isInstanceOf(RollingOpsException.Indeterminate.class);
            assertThat(witnessed().orElseThrow().version()).isEqualTo(1);

            // the next call leaves that endpoint
            assertThat(answer(patient.commit(unguarded)).isApplied()).isTrue();
            assertThat(witnessed().orElseThrow().version()).isEqualTo(2);
        }
    }

    @Test
    void a_change_that_was_not_sent_is_tried_at_another_endpoint_in_the_same_call() {
        network.hold();
        try (GrpcEtcdClient both =
                client(network.endpoint() + "," + ETCD.cluster().endpoints())) {
            assertThat(answer(both.within(Duration.ofSeconds(3)).commit(acquire("me")))
                            .isApplied())
                    .isTrue();
        }
        network.cut();
        assertThat(witnessed().orElseThrow().version()).isEqualTo(1);
    }

    @Test
    void a_read_leaves_a_silent_endpoint_in_the_same_call() {
        try (GrpcEtcdClient both =
                client(network.endpoint() + "," + ETCD.cluster().endpoints())) {
            EtcdClient patient = both.within(Duration.ofSeconds(3));
            answer(patient.read(Query.key(key)));
            network.holdReplies();
            answer(patient.read(Query.key(key)));
            long start = System.nanoTime();
            for (int i = 0; i < 20; i++) {
                answer(patient.read(Query.key(key)));
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .as("the silent endpoint is not asked again and again")
                    .isLessThan(Duration.ofSeconds(10));
        }
    }

    @Test
    void a_connection_that_stays_silent_is_replaced_even_if_there_is_no_other_endpoint() {
        connect();
        network.strand();
        assertThat(timed(client.read(Query.key(key)))).isInstanceOf(RollingOpsException.Unavailable.class);
        await().ignoreExceptionsInstanceOf(RollingOpsException.Unavailable.class)
                .until(() -> answer(client.read(Query.key(key))).entries().isEmpty());
        assertThat(network.accepted()).isGreaterThan(1);
    }

    @Test
    void calls_under_way_have_a_limit_and_those_past_it_are_not_tried() {
        connect();
        network.hold();
        EtcdClient patient = client.within(Duration.ofSeconds(15));
        List<CompletableFuture<?>> calls = new ArrayList<>();
        for (int i = 0; i < EtcdClient.CALLS_MAX; i++) {
            calls.add(patient.read(Query.key(key)));
        }
        assertThat(error(patient.commit(acquire("me"))))
                .isInstanceOf(RollingOpsException.Unavailable.class)
                .hasMessageContaining("10000 calls are under way");
        network.cut();
        calls.forEach(Answers::error);
        network.forward();
        assertThat(answer(patient.commit(acquire("me"))).isApplied()).isTrue();
    }

    @Test
    void a_slow_network_is_no_failure_within_the_limit() {
        connect();
        network.delay(Duration.ofMillis(50));
        assertThat(answer(client.within(Duration.ofSeconds(3)).commit(acquire("me")))
                        .isApplied())
                .isTrue();
    }

    @Test
    void a_server_that_was_restarted_is_found_again_by_the_next_call() {
        connect();
        ETCD.cluster().member(0).restart();
        ETCD.cluster().awaitHealthy();
        assertThat(answer(client.within(Duration.ofSeconds(3)).read(Query.key(key)))
                        .entries())
                .isEmpty();
        assertThat(answer(client.within(Duration.ofSeconds(3)).commit(acquire("me")))
                        .isApplied())
                .isTrue();
    }

    /** Makes the connection, so that what follows is sent on it. */
    private void connect() {
        answer(client.within(Duration.ofSeconds(3)).read(Query.key(key)));
    }

    private Transaction acquire(String owner) {
        return Transaction.when(Guard.absent(key)).then(Action.put(key, Bytes.utf8(owner)));
    }

    private Optional<KeyValue> witnessed() {
        return answer(witness.read(Query.key(key))).first();
    }

    /** The error of a call that began just now, which must not come much later than its limit. */
    private static RollingOpsException timed(CompletableFuture<?> call) {
        long start = System.nanoTime();
        RollingOpsException error = error(call);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LIMIT.plus(SLACK));
        return error;
    }

    /** Begins with the endpoint that is named first. */
    private static GrpcEtcdClient client(String endpoints) {
        return new GrpcEtcdClient(EtcdSettings.plain(endpoints), ForkJoinPool.commonPool(), () -> 0, WatchPace.DEFAULT);
    }
}
