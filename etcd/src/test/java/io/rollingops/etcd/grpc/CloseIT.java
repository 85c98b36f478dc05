// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static io.rollingops.etcd.grpc.Answers.answer;
import static io.rollingops.etcd.grpc.Answers.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.EtcdSettings.Tls;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.net.FaultProxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The end of a client: soon, whatever is under way, and nothing is left of it. */
@RequiresEtcd
@Timeout(60)
class CloseIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(1));

    private static final Duration PATIENT = Duration.ofSeconds(15);
    private static final Bytes KEY = Bytes.utf8("/close");

    /** The stated limit and what a busy machine needs beyond it. */
    private static final Duration SOON =
            Duration.ofSeconds(ClientCore.CLOSE_SECONDS).plusSeconds(3);

    @BeforeEach
    void nothingIsLeftOfOthers() {
        await().until(() -> threads().isEmpty());
    }

    @Test
    void no_thread_is_left() {
        GrpcEtcdClient client = client(ETCD.cluster().endpoints());
        useAll(client.within(PATIENT));
        assertThat(threads()).isNotEmpty().allMatch(name -> name.startsWith("rollingops-etcd"));
        client.close();
        await().atMost(Duration.ofSeconds(5)).until(() -> threads().isEmpty());
    }

    @Test
    void no_thread_is_left_of_a_client_that_could_not_begin() {
        EtcdSettings bad = new EtcdSettings(
                EtcdEndpoint.parseList("a"),
                Optional.of(new Tls(Optional.of(Path.of("/nowhere/ca.pem")), Optional.empty())),
                Optional.empty());
        assertThatThrownBy(() -> new GrpcEtcdClient(bad, ForkJoinPool.commonPool()))
                .isInstanceOf(RollingOpsException.InvalidRequest.class);
        await().atMost(Duration.ofSeconds(5)).until(() -> threads().isEmpty());
    }

    @Test
    void what_is_under_way_ends_with_what_is_known_of_it() {
        try (FaultProxy network = new FaultProxy(ETCD.cluster().member(0).address())) {
            GrpcEtcdClient client = client(network.endpoint());
            EtcdClient etcd = client.within(PATIENT);
            useAll(etcd);
            network.hold();
            CompletableFuture<?> change = etcd.commit(put());
            CompletableFuture<?> read = etcd.read(Query.key(KEY));
            CompletableFuture<?> watch = etcd.watch(KeyRange.key(KEY), new RecordingListener(), Runnable::run);
            // a call takes a turn of the event thread to be sent; the close comes after it
            closeSoon(client);

            assertThat(error(change)).isInstanceOf(RollingOpsException.Indeterminate.class);
            assertThat(error(read)).isInstanceOf(RollingOpsException.Unavailable.class);
            assertThat(error(watch)).isInstanceOf(RollingOpsException.Unavailable.class);
        }
    }

    @Test
    void it_ends_soon_when_the_server_hangs() {
        GrpcEtcdClient client = client(ETCD.cluster().endpoints());
        useAll(client.within(PATIENT));
        ETCD.cluster().member(0).freeze();
        List<CompletableFuture<?>> calls = calls(client.within(PATIENT));
        closeSoon(client);
        calls.forEach(Answers::error);
    }

    @Test
    void it_ends_soon_while_it_tries_to_connect() {
        try (FaultProxy network = new FaultProxy(ETCD.cluster().member(0).address())) {
            network.hold();
            GrpcEtcdClient client = client(network.endpoint());
            List<CompletableFuture<?>> calls = calls(client.within(PATIENT));
            closeSoon(client);
            calls.forEach(call -> assertThat(error(call)).isInstanceOf(RollingOpsException.Unavailable.class));
        }
    }

    @Test
    void a_closed_client_says_so_and_may_be_closed_again() {
        GrpcEtcdClient client = client(ETCD.cluster().endpoints());
        client.close();
        client.close();
        for (CompletableFuture<?> call : calls(client)) {
            assertThat(error(call))
                    .isInstanceOf(RollingOpsException.Unavailable.class)
                    .hasMessageContaining("closed");
        }
        assertThat(error(client.endpoints())).hasMessageContaining("closed");
        client.reload(EtcdSettings.plain("a"));
    }

    @Test
    void a_callback_on_the_clients_own_thread_may_close_it() {
        GrpcEtcdClient client =
                new GrpcEtcdClient(EtcdSettings.plain(ETCD.cluster().endpoints()), Runnable::run);
        CompletableFuture<Void> closed =
                client.within(PATIENT).read(Query.key(KEY)).thenRun(client::close);
        answer(closed);
        await().atMost(Duration.ofSeconds(5)).until(() -> threads().isEmpty());
        assertThat(error(client.read(Query.key(KEY)))).hasMessageContaining("closed");
    }

    @Test
    void several_threads_may_close_it_at_once() throws InterruptedException {
        GrpcEtcdClient client = client(ETCD.cluster().endpoints());
        useAll(client.within(PATIENT));
        List<Thread> closers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread closer = new Thread(client::close, "closer-" + i);
            closers.add(closer);
            closer.start();
        }
        for (Thread closer : closers) {
            closer.join();
        }
        await().atMost(Duration.ofSeconds(5)).until(() -> threads().isEmpty());
    }

    private static void useAll(EtcdClient etcd) {
        answer(etcd.watch(KeyRange.key(KEY), new RecordingListener(), ForkJoinPool.commonPool()));
        answer(etcd.read(Query.key(KEY)));
        answer(etcd.commit(put()));
    }

    private static List<CompletableFuture<?>> calls(EtcdClient etcd) {
        return List.of(
                etcd.read(Query.key(KEY)),
                etcd.commit(put()),
                etcd.grantLease(Duration.ofSeconds(5)),
                etcd.keepAlive(new LeaseId(1)),
                etcd.revoke(new LeaseId(1)),
                etcd.timeToLive(new LeaseId(1)),
                etcd.members(),
                etcd.watch(KeyRange.key(KEY), new RecordingListener(), Runnable::run));
    }

    private static void closeSoon(GrpcEtcdClient client) {
        long start = System.nanoTime();
        client.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
    }

    private static Transaction put() {
        return Transaction.always(Action.put(KEY, Bytes.EMPTY));
    }

    private static GrpcEtcdClient client(String endpoints) {
        return new GrpcEtcdClient(EtcdSettings.plain(endpoints), ForkJoinPool.commonPool());
    }

    /** The threads of clients, and any that gRPC or its network library would start on its own. */
    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("rollingops-etcd")
                        || name.startsWith("grpc")
                        || name.contains("EventExecutor")
                        || name.contains("ELG"))
                .filter(name -> !name.equals("rollingops-etcd-end"))
                .collect(Collectors.toList());
    }
}
