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
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import io.rollingops.etcd.Watch;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.etcd.WatchListener;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.net.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** That a watch tells everything once and in order, through a network and a server that fail. */
@RequiresEtcd
@Timeout(60)
class WatchIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(1));

    private final RecordingListener listener = new RecordingListener();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private FaultProxy network;
    private GrpcEtcdClient watcher;
    private GrpcEtcdClient other;
    private EtcdClient etcd;
    private Bytes prefix;

    @BeforeEach
    void open(TestInfo test) {
        network = new FaultProxy(ETCD.cluster().member(0).address());
        watcher = new GrpcEtcdClient(EtcdSettings.plain(network.endpoint()), threads);
        other = new GrpcEtcdClient(EtcdSettings.plain(ETCD.cluster().endpoints()), threads);
        etcd = other.within(Duration.ofSeconds(5));
        prefix = Bytes.utf8("/" + test.getDisplayName() + "/");
    }

    @AfterEach
    void close() {
        watcher.close();
        other.close();
        network.close();
        threads.shutdownNow();
        listener.assertNoFaults();
    }

    @Test
    void a_watch_tells_what_happens_after_it_was_created_and_nothing_before() {
        Revision before = put("a");
        Watch watch = watch(KeyRange.prefix(prefix));
        assertThat(watch.createdAt()).isGreaterThanOrEqualTo(before);
        Revision written = put("b");
        Revision deleted = applied(Transaction.always(Action.delete(prefix.plus("a"))));

        listener.awaitEvents(2);
        assertThat(listener.events())
                .containsExactly(
                        new WatchEvent.Written(answer(etcd.read(Query.key(prefix.plus("b"))))
                                .first()
                                .orElseThrow()),
                        new WatchEvent.Deleted(prefix.plus("a"), deleted));
        assertThat(listener.events().get(0).revision()).isEqualTo(written);
    }

    @Test
    void a_watch_tells_of_its_own_keys_only() {
        watch(KeyRange.key(prefix.plus("a")));
        put("aa");
        put("b");
        put("a");
        listener.awaitEvents(1);
        assertThat(listener.events()).extracting(WatchEvent::key).containsExactly(prefix.plus("a"));
    }

    @Test
    void what_one_transaction_changes_is_told_together() {
        CompletableFuture<List<WatchEvent>> first = new CompletableFuture<>();
        answer(patient().watch(KeyRange.prefix(prefix), onChange(first::complete), threads));
        Revision revision = applied(Transaction.always(
                Action.put(prefix.plus("c"), Bytes.EMPTY),
                Action.put(prefix.plus("a"), Bytes.EMPTY),
                Action.put(prefix.plus("b"), Bytes.EMPTY)));
        assertThat(answer(first)).hasSize(3).allMatch(event -> event.revision().equals(revision));
    }

    @Test
    void the_end_of_a_lease_is_told_as_a_deletion() {
        watch(KeyRange.prefix(prefix));
        GrantedLease lease = answer(etcd.grantLease(Duration.ofSeconds(60)));
        applied(Transaction.always(Action.put(prefix, Bytes.EMPTY, lease.id())));
        answer(etcd.revoke(lease.id()));
        listener.awaitEvents(2);
        assertThat(listener.events().get(1)).isInstanceOf(WatchEvent.Deleted.class);
    }

    @Test
    void watch_then_read_misses_nothing_that_is_written_meanwhile() {
        List<Joined> views = new ArrayList<>();
        try (SteadyWriter writer = new SteadyWriter(etcd, prefix)) {
            for (int i = 0; i < 50; i++) {
                Joined view = new Joined();
                answer(patient().watch(KeyRange.prefix(prefix), view, threads));
                view.start(answer(patient().read(Query.prefix(prefix))));
                views.add(view);
            }
            writer.awaitMore(10);
        }
        List<Bytes> all = keysOf(truth());
        await().until(() -> views.stream().allMatch(view -> view.keys().equals(all)));
    }

    @Test
    void nothing_is_lost_or_repeated_when_the_connection_is_reset_again_and_again() {
        watch(KeyRange.prefix(prefix));
        try (SteadyWriter writer = new SteadyWriter(etcd, prefix)) {
            for (int i = 0; i < 15; i++) {
                writer.awaitMore(10);
                int connections = network.accepted();
                network.reset();
                await().pollInterval(Duration.ofMillis(5)).until(() -> network.accepted() > connections);
            }
            writer.awaitMore(10);
        }
        assertToldOnce();
    }

    @Test
    void nothing_is_lost_while_the_network_is_down() {
        watch(KeyRange.prefix(prefix));
        try (SteadyWriter writer = new SteadyWriter(etcd, prefix)) {
            writer.awaitMore(10);
            network.cut();
            writer.awaitMore(300);
            network.forward();
        }
        assertToldOnce();
    }

    @Test
    void a_connection_that_has_fallen_silent_is_noticed_and_replaced() {
        watch(KeyRange.prefix(prefix));
        put("a");
        listener.awaitEvents(1);
        network.strand();
        put("b");
        long start = System.nanoTime();
        listener.awaitEvents(2);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(9));
        assertToldOnce();
    }

    @Test
    void nothing_is_lost_or_repeated_over_a_restart_of_the_server() {
        watch(KeyRange.prefix(prefix));
        try (SteadyWriter writer = new SteadyWriter(etcd, prefix)) {
            for (int i = 0; i < 2; i++) {
                writer.awaitMore(20);
                ETCD.cluster().member(0).restart();
            }
            writer.awaitMore(20);
        }
        assertToldOnce();
    }

    @Test
    void a_compaction_of_what_was_told_goes_unnoticed() {
        watch(KeyRange.prefix(prefix));
        put("a");
        listener.awaitEvents(1);
        ETCD.cluster().compact();
        put("b");
        listener.awaitEvents(2);
        network.reset();
        put("c");
        listener.awaitEvents(3);
        assertThat(listener.listings()).isEmpty();
        assertToldOnce();
    }

    @Test
    void a_watch_whose_place_was_compacted_away_is_listed_anew_and_goes_on() {
        watch(KeyRange.prefix(prefix));
        put("a");
        put("b");
        listener.awaitEvents(2);
        network.cut();
        put("c");
        applied(Transaction.always(Action.delete(prefix.plus("a"))));
        put("b");
        ETCD.cluster().compact();
        network.forward();

        await().until(() -> !listener.listings().isEmpty());
        Listing listing = listener.listings().get(0);
        assertThat(listing.entries()).isEqualTo(truth().entries());
        assertThat(listener.events()).as("nothing of what was compacted").hasSize(2);

        put("d");
        listener.awaitState(truth());
        assertThat(listener.events()).hasSize(3);
        assertThat(listener.listings()).hasSize(1);
    }

    @Test
    void a_watch_that_is_ahead_of_a_store_that_lost_its_data_is_listed_anew_and_goes_on() {
        List<Listing> listings = new CopyOnWriteArrayList<>();
        List<WatchEvent> events = new CopyOnWriteArrayList<>();
        answer(patient()
                .watch(
                        KeyRange.prefix(prefix),
                        new WatchListener() {
                            @Override
                            public void changed(List<WatchEvent> batch) {
                                events.addAll(batch);
                            }

                            @Override
                            public void relisted(Listing listing) {
                                listings.add(listing);
                            }

                            @Override
                            public void ended(RollingOpsException reason) {
                                throw new AssertionError(reason);
                            }
                        },
                        threads));
        for (int i = 0; i < 10; i++) {
            put("a" + i);
        }
        await().until(() -> events.size() == 10);
        ETCD.cluster().wipe();
        await().until(() -> listings.size() == 1);
        assertThat(listings.get(0).entries()).isEmpty();

        Revision again = put("b");
        assertThat(again).isLessThan(events.get(9).revision());
        await().until(() -> events.size() == 11);
        assertThat(events.get(10).revision()).isEqualTo(again);
    }

    @Test
    void a_listener_that_falls_too_far_behind_gets_a_listing_instead() throws InterruptedException {
        CountDownLatch mayGoOn = new CountDownLatch(1);
        RecordingListener slow = new RecordingListener();
        answer(patient().watch(KeyRange.prefix(prefix), delayed(slow, mayGoOn), threads));
        Action[] many = new Action[100];
        int transactions = WatchedRange.WAITING_EVENTS_MAX / many.length + 20;
        for (int i = 0; i < transactions; i++) {
            for (int key = 0; key < many.length; key++) {
                many[key] = Action.put(prefix.plus("" + key), Bytes.utf8("" + i));
            }
            applied(Transaction.always(many));
        }
        mayGoOn.countDown();

        Listing truth = truth();
        slow.awaitState(truth);
        assertThat(slow.listings()).hasSize(1);
        assertThat(slow.events()).hasSizeLessThanOrEqualTo(WatchedRange.WAITING_EVENTS_MAX + many.length);
        applied(Transaction.always(Action.put(prefix.plus("last"), Bytes.EMPTY)));
        slow.awaitState(truth());
        slow.assertNoFaults();
    }

    @Test
    void a_backlog_larger_than_one_message_arrives_whole() {
        watch(KeyRange.prefix(prefix));
        network.cut();
        byte[] large = new byte[100_000];
        for (int i = 0; i < 8; i++) {
            Arrays.fill(large, (byte) i);
            Action[] puts = new Action[12];
            for (int key = 0; key < puts.length; key++) {
                puts[key] = Action.put(prefix.plus(i + "-" + key), Bytes.copyOf(large));
            }
            applied(Transaction.always(puts));
        }
        network.forward();
        listener.awaitEvents(96);
        assertToldOnce();
    }

    @Test
    void all_watches_of_a_client_share_one_connection_and_get_each_their_own() {
        List<RecordingListener> listeners = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            RecordingListener own = new RecordingListener();
            listeners.add(own);
            answer(patient().watch(KeyRange.prefix(prefix.plus(i + "/")), own, threads));
        }
        assertThat(network.accepted())
                .as("one, unless the machine is very busy")
                .isLessThan(4);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 20; i++) {
                applied(Transaction.always(Action.put(prefix.plus(i + "/" + round), Bytes.EMPTY)));
            }
            if (round == 0) {
                network.reset();
            }
        }
        for (int i = 0; i < 20; i++) {
            RecordingListener own = listeners.get(i);
            own.awaitEvents(2);
            assertThat(own.events())
                    .extracting(WatchEvent::key)
                    .containsExactly(prefix.plus(i + "/0"), prefix.plus(i + "/1"));
            own.assertNoFaults();
        }
    }

    @Test
    void watches_have_a_limit_and_one_that_is_closed_makes_room() {
        List<Watch> watches = new ArrayList<>();
        for (int i = 0; i < EtcdClient.WATCHES_MAX; i++) {
            watches.add(watch(KeyRange.key(prefix.plus("" + i))));
        }
        assertThat(error(patient().watch(KeyRange.prefix(prefix), listener, threads)))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContaining("1000 watches already");
        watches.get(0).close();
        watch(KeyRange.key(prefix.plus("0")));
        put("999");
        listener.awaitEvents(1);
    }

    @Test
    void a_closed_watch_is_silent_and_the_others_go_on() {
        RecordingListener closed = new RecordingListener();
        Watch watch = answer(patient().watch(KeyRange.prefix(prefix), closed, threads));
        watch(KeyRange.prefix(prefix));
        put("a");
        closed.awaitEvents(1);
        watch.close();
        watch.close();
        put("b");
        listener.awaitEvents(2);
        put("c");
        listener.awaitEvents(3);
        assertThat(closed.events()).hasSize(1);
        assertThat(closed.end()).isEmpty();
    }

    @Test
    void a_listener_may_close_its_watch_and_throw() {
        BlockingQueue<WatchEvent> told = new LinkedBlockingQueue<>();
        CompletableFuture<Watch> own = new CompletableFuture<>();
        Watch watch = answer(patient()
                .watch(
                        KeyRange.prefix(prefix),
                        onChange(events -> {
                            told.addAll(events);
                            if (told.size() == 2) {
                                answer(own).close();
                            }
                            throw new IllegalStateException("thrown on purpose by a test");
                        }),
                        threads));
        own.complete(watch);
        watch(KeyRange.prefix(prefix));
        put("a");
        await().until(() -> told.size() == 1);
        put("b");
        await().until(() -> told.size() == 2);
        put("c");
        listener.awaitEvents(3);
        put("d");
        listener.awaitEvents(4);
        assertThat(told).hasSize(2);
    }

    @Test
    void a_listener_whose_executor_is_closed_ends_its_own_watch_only() {
        answer(patient().watch(KeyRange.prefix(prefix), new RecordingListener(), task -> {
            throw new RejectedExecutionException("closed");
        }));
        watch(KeyRange.prefix(prefix));
        put("a");
        put("b");
        listener.awaitEvents(2);
    }

    @Test
    void a_watch_that_cannot_be_confirmed_in_time_leaves_nothing_behind() {
        network.cut();
        RecordingListener never = new RecordingListener();
        assertThat(error(watcher.watch(KeyRange.prefix(prefix), never, threads)))
                .isInstanceOf(RollingOpsException.Unavailable.class)
                .hasMessageContaining(prefix.toString());
        network.forward();
        watch(KeyRange.prefix(prefix));
        put("a");
        listener.awaitEvents(1);
        assertThat(never.events()).isEmpty();
    }

    @Test
    void a_change_is_told_at_once_and_not_by_the_catch_up_loop() throws InterruptedException {
        BlockingQueue<Long> toldAt = new LinkedBlockingQueue<>();
        answer(patient().watch(KeyRange.prefix(prefix), onChange(events -> toldAt.add(System.nanoTime())), threads));
        answer(patient().read(Query.prefix(prefix)));
        List<Long> micros = new ArrayList<>();
        for (int i = 0; i < 31; i++) {
            long start = System.nanoTime();
            put("a");
            Long told = toldAt.poll(10, TimeUnit.SECONDS);
            assertThat(told).isNotNull();
            micros.add((told - start) / 1_000);
        }
        micros.sort(null);
        assertThat(micros.get(15)).as("median of %s µs", micros).isLessThan(40_000);
    }

    private EtcdClient patient() {
        return watcher.within(Duration.ofSeconds(10));
    }

    private Watch watch(KeyRange keys) {
        return answer(patient().watch(keys, listener, threads));
    }

    private Revision put(String name) {
        return applied(Transaction.always(Action.put(prefix.plus(name), Bytes.utf8(name))));
    }

    private Revision applied(Transaction transaction) {
        return ((TransactionOutcome.Applied) answer(etcd.commit(transaction))).revision();
    }

    private Listing truth() {
        return answer(etcd.read(Query.prefix(prefix)));
    }

    /** Keys are written once in these tests, so the entries in the order of their revisions are the whole history. */
    private void assertToldOnce() {
        List<KeyValue> history = answer(etcd.read(Query.prefix(prefix).sortedBy(Query.Order.MODIFIED_ASCENDING)))
                .entries();
        listener.awaitEvents(history.size());
        assertThat(listener.events().stream().map(event -> event.revision() + " " + event.key()))
                .containsExactlyInAnyOrderElementsOf(history.stream()
                        .map(entry -> entry.modified() + " " + entry.key())
                        .toList());
        listener.awaitState(truth());
        assertThat(listener.listings()).isEmpty();
    }

    private static List<Bytes> keysOf(Listing listing) {
        return listing.entries().stream().map(KeyValue::key).toList();
    }

    private static WatchListener onChange(Consumer<List<WatchEvent>> changed) {
        return new WatchListener() {
            @Override
            public void changed(List<WatchEvent> events) {
                changed.accept(events);
            }

            @Override
            public void relisted(Listing listing) {
                throw new AssertionError("relisted");
            }

            @Override
            public void ended(RollingOpsException reason) {
                throw new AssertionError(reason);
            }
        };
    }

    /** Lets nothing through to the listener before the latch is open. */
    private static WatchListener delayed(WatchListener listener, CountDownLatch mayGoOn) {
        return new WatchListener() {
            @Override
            public void changed(List<WatchEvent> events) {
                try {
                    mayGoOn.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                listener.changed(events);
            }

            @Override
            public void relisted(Listing listing) {
                listener.relisted(listing);
            }

            @Override
            public void ended(RollingOpsException reason) {
                listener.ended(reason);
            }
        };
    }

    /** Knows a state and its changes the way that {@link EtcdClient#watch} recommends. */
    private static final class Joined implements WatchListener {
        private final List<WatchEvent> early = new ArrayList<>();
        private final List<Bytes> keys = new ArrayList<>();
        private Optional<Revision> read = Optional.empty();

        private synchronized void start(Listing listing) {
            keys.addAll(keysOf(listing));
            read = Optional.of(listing.revision());
            early.forEach(this::take);
        }

        @Override
        public synchronized void changed(List<WatchEvent> events) {
            if (read.isEmpty()) {
                early.addAll(events);
            } else {
                events.forEach(this::take);
            }
        }

        private void take(WatchEvent event) {
            if (event.revision().isAfter(read.orElseThrow())) {
                keys.add(event.key());
            }
        }

        /** All keys, sorted; one that was told twice stands here twice. */
        private synchronized List<Bytes> keys() {
            return keys.stream().sorted().toList();
        }

        @Override
        public void relisted(Listing listing) {
            throw new AssertionError("relisted");
        }

        @Override
        public void ended(RollingOpsException reason) {
            throw new AssertionError(reason);
        }
    }
}
