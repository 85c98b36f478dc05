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
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.EtcdSettings.Credentials;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.testkit.etcd.EtcdCluster;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Users with passwords: signing in, being refused, and signing in again when the server has forgotten. */
@RequiresEtcd
@Timeout(60)
class UsersIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(
            EtcdOptions.members(1).user("anna", "secret", "/anna/").user("bert", "other", "/bert/"));

    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final Bytes KEY = Bytes.utf8("/anna/key");

    @Test
    void a_user_may_do_what_the_role_allows_and_nothing_else() {
        try (GrpcEtcdClient client = client("anna", "secret")) {
            EtcdClient etcd = client.within(LIMIT);
            GrantedLease lease = answer(etcd.grantLease(Duration.ofSeconds(30)));
            assertThat(answer(etcd.commit(put(KEY))).isApplied()).isTrue();
            assertThat(answer(etcd.keepAlive(lease.id()))).isPresent();
            RecordingListener listener = new RecordingListener();
            answer(etcd.watch(KeyRange.prefix(Bytes.utf8("/anna/")), listener, ForkJoinPool.commonPool()));
            assertThat(answer(etcd.commit(put(KEY))).isApplied()).isTrue();
            listener.awaitEvents(1);

            Bytes foreign = Bytes.utf8("/bert/key");
            for (CompletableFuture<?> call : List.of(
                    etcd.read(Query.key(foreign)),
                    etcd.commit(put(foreign)),
                    etcd.watch(KeyRange.key(foreign), new RecordingListener(), Runnable::run))) {
                assertThat(error(call))
                        .isInstanceOf(RollingOpsException.Refused.class)
                        .hasMessageContaining("permission denied");
            }
        }
    }

    @Test
    void an_administrator_learns_how_the_members_are_and_others_at_least_that_they_live() {
        try (GrpcEtcdClient client = client("root", "root")) {
            assertThat(answer(client.within(LIMIT).endpoints()))
                    .singleElement()
                    .isInstanceOf(EndpointReport.Reached.class);
        }
        try (GrpcEtcdClient client = client("anna", "secret")) {
            assertThat(answer(client.within(LIMIT).endpoints()))
                    .singleElement()
                    .isNotInstanceOf(EndpointReport.Failed.class);
            assertThat(answer(client.within(LIMIT).members())).hasSize(1);
        }
    }

    @Test
    void a_wrong_password_and_an_unknown_user_are_refused() {
        for (Credentials wrong : List.of(new Credentials("anna", "guess"), new Credentials("nobody", "secret"))) {
            try (GrpcEtcdClient client = client(wrong.user(), wrong.password())) {
                assertThat(error(client.within(LIMIT).commit(put(KEY))))
                        .isInstanceOf(RollingOpsException.Refused.class)
                        .hasMessageContainingAll("sign in as " + wrong.user(), "authentication failed");
                assertThat(error(client.within(LIMIT).watch(KeyRange.key(KEY), new RecordingListener(), Runnable::run)))
                        .isInstanceOf(RollingOpsException.Refused.class)
                        .hasMessageContaining("authentication failed");
            }
        }
    }

    @Test
    void nobody_in_particular_is_told_to_say_who_it_is() {
        try (GrpcEtcdClient client =
                new GrpcEtcdClient(EtcdSettings.plain(ETCD.cluster().endpoints()), ForkJoinPool.commonPool())) {
            assertThat(error(client.within(LIMIT).commit(put(KEY))))
                    .isInstanceOf(RollingOpsException.Refused.class)
                    .hasMessageContaining("configure user and password");
            assertThat(error(client.within(LIMIT).watch(KeyRange.key(KEY), new RecordingListener(), Runnable::run)))
                    .isInstanceOf(RollingOpsException.Refused.class);
        }
    }

    @Test
    void a_cluster_that_asks_nobody_takes_users_too() {
        try (EtcdCluster open = EtcdCluster.start(EtcdOptions.members(1));
                GrpcEtcdClient client = client(open.endpoints(), "anna", "secret")) {
            assertThat(answer(client.within(LIMIT).commit(put(KEY))).isApplied())
                    .isTrue();
            RecordingListener listener = new RecordingListener();
            answer(client.within(LIMIT).watch(KeyRange.key(KEY), listener, ForkJoinPool.commonPool()));
            answer(client.within(LIMIT).commit(put(KEY)));
            listener.awaitEvents(1);
        }
    }

    @Test
    void many_first_calls_at_once_all_go_through() {
        try (GrpcEtcdClient client = client("anna", "secret")) {
            EtcdClient etcd = client.within(LIMIT);
            List<CompletableFuture<?>> calls = IntStream.range(0, 100)
                    .<CompletableFuture<?>>mapToObj(i -> etcd.commit(put(KEY.plus("" + i))))
                    .toList();
            calls.forEach(Answers::answer);
        }
    }

    @Test
    void a_server_that_has_forgotten_the_token_is_signed_in_to_again() {
        RecordingListener listener = new RecordingListener();
        try (GrpcEtcdClient client = client("anna", "secret")) {
            EtcdClient etcd = client.within(LIMIT);
            answer(etcd.watch(KeyRange.key(KEY), listener, ForkJoinPool.commonPool()));
            answer(etcd.commit(put(KEY)));
            listener.awaitEvents(1);

            ETCD.cluster().member(0).restart();
            ETCD.cluster().awaitHealthy();
            assertThat(answer(etcd.commit(put(KEY))).isApplied()).isTrue();
            listener.awaitEvents(2);
        }
        listener.assertNoFaults();
    }

    @Test
    void a_watch_may_be_the_first_to_find_out_that_the_token_is_forgotten() {
        try (GrpcEtcdClient client = client("anna", "secret");
                GrpcEtcdClient writer = client("anna", "secret")) {
            EtcdClient etcd = client.within(LIMIT);
            answer(etcd.read(Query.key(KEY)));
            ETCD.cluster().member(0).restart();
            ETCD.cluster().awaitHealthy();
            RecordingListener listener = new RecordingListener();
            answer(etcd.watch(KeyRange.key(KEY), listener, ForkJoinPool.commonPool()));
            answer(writer.within(LIMIT).commit(put(KEY)));
            listener.awaitEvents(1);
        }
    }

    @Test
    void a_watch_whose_permission_was_taken_away_is_ended_when_it_is_asked_for_again() {
        EtcdCluster cluster = ETCD.cluster();
        RecordingListener listener = new RecordingListener();
        try (GrpcEtcdClient client = client("bert", "other")) {
            answer(client.within(LIMIT)
                    .watch(KeyRange.prefix(Bytes.utf8("/bert/")), listener, ForkJoinPool.commonPool()));
            cluster.etcdctl("role", "revoke-permission", "--prefix=true", "bert", "/bert/");
            try {
                cluster.member(0).restart();
                cluster.awaitHealthy();
                await().until(() -> listener.end().isPresent());
                assertThat(listener.end().orElseThrow())
                        .isInstanceOf(RollingOpsException.Refused.class)
                        .hasMessageContainingAll("/bert/*", "permission denied");
            } finally {
                cluster.etcdctl("role", "grant-permission", "--prefix=true", "bert", "readwrite", "/bert/");
            }
        }
        listener.assertNoFaults();
    }

    @Test
    void another_user_takes_over_by_new_settings() {
        try (GrpcEtcdClient client = client("anna", "secret")) {
            answer(client.within(LIMIT).commit(put(KEY)));
            client.reload(settings(ETCD.cluster().endpoints(), "bert", "other"));
            assertThat(error(client.within(LIMIT).commit(put(KEY)))).hasMessageContaining("permission denied");
            answer(client.within(LIMIT).commit(put(Bytes.utf8("/bert/key"))));
        }
    }

    private static Transaction put(Bytes key) {
        return Transaction.always(Action.put(key, Bytes.EMPTY));
    }

    private static GrpcEtcdClient client(String user, String password) {
        return client(ETCD.cluster().endpoints(), user, password);
    }

    private static GrpcEtcdClient client(String endpoints, String user, String password) {
        return new GrpcEtcdClient(settings(endpoints, user, password), ForkJoinPool.commonPool());
    }

    private static EtcdSettings settings(String endpoints, String user, String password) {
        return new EtcdSettings(
                EtcdEndpoint.parseList(endpoints), Optional.empty(), Optional.of(new Credentials(user, password)));
    }
}
