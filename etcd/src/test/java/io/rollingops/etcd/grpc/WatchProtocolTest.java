// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static io.rollingops.etcd.grpc.Answers.answer;
import static io.rollingops.etcd.grpc.Answers.error;
import static io.rollingops.etcd.grpc.ScriptedEtcd.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Watch;
import io.rollingops.etcd.grpc.ScriptedEtcd.Asked;
import io.rollingops.etcd.grpc.ScriptedEtcd.Reading;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the client does when a server does what real ones do rarely. */
@Timeout(30)
class WatchProtocolTest {
    /** So long that a test which is held up does not change the script. */
    private static final Duration LONG = Duration.ofSeconds(25);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final RecordingListener listener = new RecordingListener();
    private ScriptedEtcd etcd;
    private GrpcEtcdClient client;
    private EtcdClient patient;

    @BeforeEach
    void open() throws IOException {
        etcd = new ScriptedEtcd();
        connect(LONG, LONG, LONG);
    }

    private void connect(Duration confirmation, Duration silence, Duration probe) {
        WatchPace pace =
                new WatchPace(confirmation, LONG, silence, probe, Duration.ofMillis(1), Duration.ofMillis(100));
        client = new GrpcEtcdClient(EtcdSettings.plain(etcd.endpoint()), threads, () -> 0, pace);
        patient = client.within(Duration.ofSeconds(20));
    }

    @AfterEach
    void close() {
        client.close();
        etcd.close();
        threads.shutdownNow();
        listener.assertNoFaults();
    }

    @Test
    void a_watch_begins_now_and_goes_on_after_what_was_told() throws InterruptedException {
        Asked first = openAt(7);
        assertThat(first.startRevision()).isZero();
        first.tell(1, event(8, "/a"), event(9, "/b"));
        listener.awaitEvents(2);
        first.end(Status.UNAVAILABLE.withDescription("etcdserver: no leader"));

        assertThat(etcd.nextRequest().startRevision()).isEqualTo(10);
    }

    @Test
    void a_watch_to_which_nothing_was_told_goes_on_from_where_it_began() throws InterruptedException {
        openAt(7).end(Status.UNAVAILABLE);
        Asked second = etcd.nextRequest();
        assertThat(second.startRevision()).isEqualTo(8);
        second.confirm(3, 50);
        second.tell(3, event(8, "/a"));
        listener.awaitEvents(1);
        second.end(Status.OK);
        assertThat(etcd.nextRequest().startRevision()).isEqualTo(9);
    }

    @Test
    void progress_of_the_watch_moves_the_place_where_it_goes_on() throws InterruptedException {
        Asked first = openAt(7);
        first.progress(1, 20);
        first.end(Status.UNAVAILABLE);
        assertThat(etcd.nextRequest().startRevision()).isEqualTo(21);
    }

    @Test
    void progress_of_the_stream_does_not_since_some_releases_send_it_ahead_of_events() throws InterruptedException {
        Asked first = openAt(7);
        first.progress(-1, 20);
        first.end(Status.UNAVAILABLE);
        assertThat(etcd.nextRequest().startRevision()).isEqualTo(8);
    }

    @Test
    void a_member_that_lags_behind_may_tell_old_news() throws InterruptedException {
        Asked first = openAt(7);
        first.tell(1, event(8, "/a"), event(9, "/b"));
        listener.awaitEvents(2);
        first.end(Status.UNAVAILABLE);
        Asked second = etcd.nextRequest();
        second.confirm(1, 8);
        Reading check = etcd.nextReading(); // whether the whole cluster has gone back, which it has not
        check.answer(12);
        second.tell(1, event(8, "/a"), event(9, "/b"), event(10, "/c"));
        listener.awaitEvents(3);
        assertThat(listener.events()).hasSize(3);
        assertThat(listener.listings()).isEmpty();
    }

    @Test
    void an_answer_that_breaks_off_in_the_middle_of_a_revision_is_told_once() throws InterruptedException {
        Asked first = openAt(7);
        first.tellPiece(1, event(8, "/a"), event(9, "/a"));
        listener.awaitEvents(1);
        first.end(Status.UNAVAILABLE);
        Asked second = etcd.nextRequest();
        assertThat(second.startRevision()).isEqualTo(9);
        second.confirm(1, 9);
        second.tell(1, event(9, "/a"), event(9, "/b"));
        listener.awaitEvents(3);
        assertThat(listener.events())
                .extracting(event -> event.revision() + " " + event.key())
                .containsExactly("8 /a", "9 /a", "9 /b");
    }

    @Test
    void a_watch_whose_place_is_compacted_is_listed_and_goes_on_behind_the_listing() throws InterruptedException {
        Asked first = openAt(7);
        first.end(Status.UNAVAILABLE);
        Asked second = etcd.nextRequest();
        second.confirm(1, 100);
        second.cancel(1, "etcdserver: mvcc: required revision has been compacted", 90);
        Reading listing = etcd.nextReading();
        assertThat(listing.isProbe()).isFalse();
        listing.answer(101, "/x", "/y");

        Asked third = nextCreation();
        assertThat(third.startRevision()).isEqualTo(102);
        third.confirm(2, 101);
        third.tell(2, event(102, "/z"));
        listener.awaitEvents(1);
        assertThat(listener.listings()).hasSize(1);
        assertThat(listener.state()).extracting(entry -> entry.key().toString()).containsExactly("/x", "/y", "/z");
    }

    @Test
    void a_watch_that_the_server_ends_without_a_reason_is_asked_for_again() throws InterruptedException {
        Asked first = openAt(7);
        first.tell(1, event(8, "/a"));
        listener.awaitEvents(1);
        first.cancel(1, "", 0);
        Asked second = nextCreation();
        assertThat(second.stream()).isSameAs(first.stream());
        assertThat(second.startRevision()).isEqualTo(9);
    }

    @Test
    void a_first_denial_is_tried_again_and_a_second_one_believed() throws InterruptedException {
        CompletableFuture<Watch> watch = watch();
        etcd.nextRequest().deny("rpc error: code = Unauthenticated desc = etcdserver: invalid auth token");
        Asked second = etcd.nextRequest();
        assertThat(watch).isNotDone();
        second.deny("rpc error: code = PermissionDenied desc = etcdserver: permission denied");
        assertThat(error(watch))
                .isInstanceOf(RollingOpsException.Refused.class)
                .hasMessageContaining("permission denied");
    }

    @Test
    void watches_are_asked_for_one_after_the_other() throws InterruptedException {
        CompletableFuture<Watch> first = watch();
        Asked one = etcd.nextRequest();
        RecordingListener other = new RecordingListener();
        CompletableFuture<Watch> second = patient.watch(KeyRange.key(Bytes.utf8("/b")), other, threads);
        assertThat(etcd.hasNoRequest()).isTrue();
        one.confirm(1, 7);
        Asked two = etcd.nextRequest();
        assertThat(two.request().getCreateRequest().getKey().toStringUtf8()).isEqualTo("/b");
        two.confirm(2, 8);
        assertThat(answer(first).createdAt()).isEqualTo(new Revision(7));
        assertThat(answer(second).createdAt()).isEqualTo(new Revision(8));

        two.tell(2, event(9, "/b"));
        other.awaitEvents(1);
        assertThat(listener.events()).isEmpty();
    }

    @Test
    void a_watch_that_was_given_up_before_it_was_confirmed_is_taken_back() throws InterruptedException {
        CompletableFuture<Watch> kept = watch();
        etcd.nextRequest().confirm(1, 7);
        answer(kept);
        RecordingListener never = new RecordingListener();
        CompletableFuture<Watch> given =
                client.within(Duration.ofMillis(50)).watch(KeyRange.key(Bytes.utf8("/b")), never, threads);
        Asked late = etcd.nextRequest();
        assertThat(error(given)).isInstanceOf(RollingOpsException.Unavailable.class);
        late.confirm(2, 8);
        Asked next = etcd.nextRequest();
        assertThat(next.request().getCancelRequest().getWatchId()).isEqualTo(2);
        next.tell(2, event(9, "/b"));
        next.tell(1, event(9, "/b"));
        listener.awaitEvents(1);
        assertThat(never.events()).isEmpty();
    }

    @Test
    void a_closed_watch_is_taken_back_and_the_last_one_takes_the_stream_along() throws InterruptedException {
        CompletableFuture<Watch> first = watch();
        Asked one = etcd.nextRequest();
        one.confirm(1, 7);
        CompletableFuture<Watch> second =
                patient.watch(KeyRange.key(Bytes.utf8("/b")), new RecordingListener(), threads);
        etcd.nextRequest().confirm(2, 7);
        answer(second).close();
        assertThat(etcd.nextRequest().request().getCancelRequest().getWatchId()).isEqualTo(2);
        answer(first).close();
        await().until(() -> one.stream().isCancelled());
    }

    @Test
    void a_quiet_member_is_probed_and_left_when_it_does_not_answer() throws InterruptedException {
        client.close();
        connect(LONG, Duration.ofMillis(100), Duration.ofSeconds(3));
        Asked first = openAt(7);
        for (int i = 0; i < 2; i++) {
            Reading probe = etcd.nextReading();
            assertThat(probe.isProbe()).isTrue();
            probe.answer(7);
        }
        assertThat(first.stream().isCancelled()).isFalse();
        etcd.nextReading(); // and no answer
        Asked second = etcd.nextRequest();
        assertThat(second.startRevision()).isEqualTo(8);
        await().until(() -> first.stream().isCancelled());
    }

    @Test
    void a_member_that_does_not_confirm_is_left() throws InterruptedException {
        client.close();
        connect(Duration.ofSeconds(1), LONG, LONG); // and twice that for the second one
        CompletableFuture<Watch> watch = watch();
        Asked silent = etcd.nextRequest();
        Asked next = etcd.nextRequest();
        next.confirm(1, 7);
        answer(watch);
        assertThat(next.stream()).isNotSameAs(silent.stream());
        await().until(() -> silent.stream().isCancelled());
    }

    /** Opens a watch that the server confirms with number 1. */
    private Asked openAt(long revision) throws InterruptedException {
        CompletableFuture<Watch> watch = watch();
        Asked creation = etcd.nextRequest();
        creation.confirm(1, revision);
        assertThat(answer(watch).createdAt()).isEqualTo(new Revision(revision));
        return creation;
    }

    private CompletableFuture<Watch> watch() {
        return patient.watch(KeyRange.prefix(Bytes.utf8("/")), listener, threads);
    }

    /** The next request that asks for a watch; the client may take one back before. */
    private Asked nextCreation() throws InterruptedException {
        Asked next = etcd.nextRequest();
        while (!next.request().hasCreateRequest()) {
            next = etcd.nextRequest();
        }
        return next;
    }
}
