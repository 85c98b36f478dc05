// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static io.rollingops.etcd.grpc.Answers.answer;
import static io.rollingops.etcd.grpc.Answers.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.ActionResult;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.Guard.Relation;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.LeaseStatus;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Member;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every call, against one healthy member. */
@RequiresEtcd
@Timeout(60)
class ClientCallsIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(1));

    private static final LeaseId NO_LEASE = new LeaseId(4711);

    private GrpcEtcdClient client;
    private EtcdClient etcd;
    private Bytes prefix;

    @BeforeEach
    void open(TestInfo test) {
        client = new GrpcEtcdClient(EtcdSettings.plain(ETCD.cluster().endpoints()), ForkJoinPool.commonPool());
        etcd = client.within(Duration.ofSeconds(10)); // how long things take is not the matter here
        prefix = Bytes.utf8("/" + test.getDisplayName() + "/");
    }

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void what_was_written_is_read_with_its_history() {
        Bytes key = prefix.plus("a");
        Revision first = applied(Transaction.always(Action.put(key, Bytes.utf8("1"))));
        Revision second = applied(Transaction.always(Action.put(key, Bytes.utf8("2"))));

        Listing listing = answer(etcd.read(Query.key(key)));
        assertThat(listing.first()).hasValue(new KeyValue(key, Bytes.utf8("2"), first, second, 2, Optional.empty()));
        assertThat(listing.revision()).isGreaterThanOrEqualTo(second);
        assertThat(listing.isComplete()).isTrue();
    }

    @Test
    void a_key_that_is_not_there_is_an_answer() {
        Listing listing = answer(etcd.read(Query.key(prefix)));
        assertThat(listing.entries()).isEmpty();
        assertThat(listing.total()).isZero();
        assertThat(listing.first()).isEmpty();
    }

    @Test
    void bytes_of_any_kind_go_there_and_back() {
        byte[] all = new byte[256];
        IntStream.range(0, 256).forEach(i -> all[i] = (byte) i);
        Bytes key = Bytes.copyOf(concat(prefix.toArray(), all));
        applied(Transaction.always(Action.put(key, Bytes.copyOf(all))));
        assertThat(answer(etcd.read(Query.key(key))).first().orElseThrow().value())
                .isEqualTo(Bytes.copyOf(all));
    }

    @Test
    void a_range_is_read_in_the_order_asked_for_and_cut_there() {
        put("b");
        put("c");
        put("a");
        put("b"); // now the order by creation is b c a, by modification c a b
        assertThat(keys(Query.prefix(prefix))).containsExactly("a", "b", "c");
        assertThat(keys(Query.prefix(prefix).sortedBy(Query.Order.KEY_DESCENDING)))
                .containsExactly("c", "b", "a");
        assertThat(keys(Query.prefix(prefix).sortedBy(Query.Order.CREATED_ASCENDING)))
                .containsExactly("b", "c", "a");
        assertThat(keys(Query.prefix(prefix).sortedBy(Query.Order.CREATED_DESCENDING)))
                .containsExactly("a", "c", "b");
        assertThat(keys(Query.prefix(prefix).sortedBy(Query.Order.MODIFIED_ASCENDING)))
                .containsExactly("c", "a", "b");
        assertThat(keys(Query.prefix(prefix)
                        .sortedBy(Query.Order.MODIFIED_DESCENDING)
                        .first(2)))
                .containsExactly("b", "a");

        Listing cut = answer(etcd.read(Query.prefix(prefix).first(1)));
        assertThat(cut.entries()).hasSize(1);
        assertThat(cut.total()).isEqualTo(3);
        assertThat(cut.isComplete()).isFalse();
    }

    @Test
    void only_the_keys_come_when_only_they_are_asked_for() {
        put("a");
        KeyValue entry =
                answer(etcd.read(Query.prefix(prefix).keysOnly())).first().orElseThrow();
        assertThat(entry.value()).isEqualTo(Bytes.EMPTY);
        assertThat(entry.version()).isEqualTo(1);
    }

    @Test
    void each_guard_holds_when_it_should_and_not_otherwise() {
        Bytes key = prefix.plus("key");
        Bytes missing = prefix.plus("missing");
        GrantedLease lease = answer(etcd.grantLease(Duration.ofSeconds(60)));
        Revision created = applied(Transaction.always(Action.put(key, Bytes.utf8("1"))));
        Revision modified = applied(Transaction.always(Action.put(key, Bytes.utf8("2"), lease.id())));

        List<Guard> holding = List.of(
                Guard.exists(key),
                Guard.absent(missing),
                Guard.noneIn(KeyRange.prefix(missing)),
                Guard.createdAt(key, created),
                Guard.modifiedAt(key, modified),
                Guard.valueIs(key, Bytes.utf8("2")),
                Guard.attachedTo(key, lease.id()),
                new Guard.OnVersion(KeyRange.key(key), Relation.EQUAL, 2),
                new Guard.OnVersion(KeyRange.key(key), Relation.LESS, 3),
                new Guard.OnCreated(KeyRange.key(key), Relation.NOT_EQUAL, modified),
                new Guard.OnModified(KeyRange.key(key), Relation.GREATER, created),
                new Guard.OnValue(KeyRange.key(key), Relation.GREATER, Bytes.utf8("1")),
                new Guard.OnLease(KeyRange.key(missing), Relation.EQUAL, Optional.empty()),
                new Guard.OnModified(KeyRange.prefix(prefix), Relation.EQUAL, modified));
        List<Guard> failing = List.of(
                Guard.exists(missing),
                Guard.absent(key),
                Guard.noneIn(KeyRange.prefix(prefix)),
                Guard.createdAt(key, modified),
                Guard.createdAt(missing, created),
                Guard.modifiedAt(key, created),
                Guard.valueIs(key, Bytes.utf8("1")),
                Guard.valueIs(missing, Bytes.EMPTY),
                Guard.attachedTo(key, NO_LEASE),
                new Guard.OnVersion(KeyRange.key(key), Relation.LESS, 2));
        for (Guard guard : holding) {
            assertThat(answer(etcd.commit(Transaction.when(guard))).isApplied())
                    .as("%s", guard)
                    .isTrue();
        }
        for (Guard guard : failing) {
            assertThat(answer(etcd.commit(Transaction.when(guard))).isApplied())
                    .as("%s", guard)
                    .isFalse();
        }
        assertThat(answer(etcd.commit(Transaction.when(holding.toArray(Guard[]::new))))
                        .isApplied())
                .isTrue();
        answer(etcd.revoke(lease.id()));
    }

    @Test
    void a_transaction_does_one_branch_as_a_whole_and_says_what_each_step_did() {
        Bytes lock = prefix.plus("lock");
        Transaction acquire = Transaction.when(Guard.absent(lock))
                .then(Action.put(lock, Bytes.utf8("me")), Action.read(Query.key(lock)))
                .otherwise(Action.read(Query.key(lock)), Action.delete(KeyRange.prefix(prefix)));

        TransactionOutcome.Applied applied = (TransactionOutcome.Applied) answer(etcd.commit(acquire));
        assertThat(applied.results()).hasSize(2).first().isEqualTo(new ActionResult.Written());
        KeyValue own = ((ActionResult.Found) applied.results().get(1))
                .listing()
                .first()
                .orElseThrow();
        assertThat(own.created()).isEqualTo(applied.revision());

        TransactionOutcome.Declined declined = (TransactionOutcome.Declined) answer(etcd.commit(acquire));
        assertThat(declined.results().get(0))
                .isEqualTo(new ActionResult.Found(new Listing(declined.revision(), List.of(own), 1)));
        assertThat(declined.results().get(1)).isEqualTo(new ActionResult.Deleted(1));
        assertThat(answer(etcd.read(Query.key(lock))).entries()).isEmpty();
    }

    @Test
    void a_nested_transaction_decides_by_its_own_guards_and_is_one_step_with_the_whole() {
        Bytes lock = prefix.plus("lock");
        Bytes ticket = prefix.plus("ticket");
        Transaction enqueue = Transaction.when(Guard.absent(ticket))
                .then(Action.put(ticket, Bytes.utf8("me")), Action.read(Query.key(ticket)))
                .otherwise(Action.read(Query.key(ticket)));
        Transaction takeOrEnqueue = Transaction.when(Guard.absent(lock))
                .then(Action.put(lock, Bytes.utf8("me")))
                .otherwise(Action.read(Query.key(lock)), Action.nested(enqueue));
        applied(takeOrEnqueue);

        TransactionOutcome.Declined queued = (TransactionOutcome.Declined) answer(etcd.commit(takeOrEnqueue));
        TransactionOutcome.Applied made = (TransactionOutcome.Applied) nested(queued);
        assertThat(made.revision()).isEqualTo(queued.revision());
        KeyValue written =
                ((ActionResult.Found) made.results().get(1)).listing().first().orElseThrow();
        assertThat(written.created()).isEqualTo(queued.revision());

        TransactionOutcome.Declined again = (TransactionOutcome.Declined) answer(etcd.commit(takeOrEnqueue));
        assertThat(nested(again)).isInstanceOf(TransactionOutcome.Declined.class);
        assertThat(again.revision()).as("nothing was written").isEqualTo(queued.revision());
    }

    @Test
    void a_lease_that_is_gone_stops_the_whole_also_when_only_the_nested_part_names_it() {
        Transaction whole = Transaction.always(
                Action.put(prefix, Bytes.EMPTY),
                Action.nested(Transaction.always(Action.put(prefix.plus("x"), Bytes.EMPTY, NO_LEASE))));
        assertThat(answer(etcd.commit(whole))).isEqualTo(new TransactionOutcome.LeaseGone());
        assertThat(answer(etcd.read(Query.prefix(prefix))).entries()).isEmpty();
    }

    private static TransactionOutcome nested(TransactionOutcome.Declined whole) {
        return ((ActionResult.Decided) whole.results().get(1)).outcome();
    }

    @Test
    void a_lease_lives_while_it_is_renewed_and_takes_its_keys_along() {
        GrantedLease lease = answer(etcd.grantLease(Duration.ofSeconds(60)));
        assertThat(lease.ttl()).isEqualTo(Duration.ofSeconds(60));
        Bytes b = prefix.plus("b");
        Bytes a = prefix.plus("a");
        applied(Transaction.always(Action.put(b, Bytes.EMPTY, lease.id()), Action.put(a, Bytes.EMPTY, lease.id())));

        assertThat(answer(etcd.keepAlive(lease.id()))).hasValue(Duration.ofSeconds(60));
        LeaseStatus status = answer(etcd.timeToLive(lease.id())).orElseThrow();
        assertThat(status.granted()).isEqualTo(Duration.ofSeconds(60));
        assertThat(status.left()).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(60));
        assertThat(status.keys()).containsExactly(a, b);

        assertThat(answer(etcd.revoke(lease.id()))).isTrue();
        assertThat(answer(etcd.read(Query.prefix(prefix))).entries()).isEmpty();
    }

    @Test
    void a_lease_that_is_gone_is_an_answer_to_every_question() {
        assertThat(answer(etcd.keepAlive(NO_LEASE))).isEmpty();
        assertThat(answer(etcd.timeToLive(NO_LEASE))).isEmpty();
        assertThat(answer(etcd.revoke(NO_LEASE))).isFalse();
        assertThat(answer(etcd.commit(Transaction.always(Action.put(prefix, Bytes.EMPTY, NO_LEASE)))))
                .isEqualTo(new TransactionOutcome.LeaseGone());
        assertThat(answer(etcd.read(Query.key(prefix))).entries()).isEmpty();
    }

    @Test
    void a_lease_that_nobody_renews_ends_with_its_keys() {
        GrantedLease lease = answer(etcd.grantLease(Duration.ofSeconds(1)));
        applied(Transaction.always(Action.put(prefix, Bytes.EMPTY, lease.id())));
        await().atMost(Duration.ofSeconds(15))
                .until(() -> answer(etcd.read(Query.key(prefix))).entries().isEmpty());
        assertThat(answer(etcd.keepAlive(lease.id()))).isEmpty();
    }

    @Test
    void a_lease_lasts_whole_seconds() {
        assertThatThrownBy(() -> etcd.grantLease(Duration.ofMillis(500))).hasMessageContaining("whole seconds");
        assertThatThrownBy(() -> etcd.grantLease(Duration.ofMillis(1500))).hasMessageContaining("whole seconds");
        assertThatThrownBy(() -> client.within(Duration.ZERO)).hasMessageContaining("positive");
    }

    @Test
    void a_value_of_one_megabyte_passes_and_one_over_the_servers_limit_is_refused() {
        Bytes large = Bytes.copyOf(new byte[1024 * 1024]);
        applied(Transaction.always(Action.put(prefix.plus("large"), large)));
        assertThat(answer(etcd.read(Query.key(prefix.plus("large"))))
                        .first()
                        .orElseThrow()
                        .value())
                .isEqualTo(large);

        for (int bytes : new int[] {1_800_000, 5_000_000}) {
            Bytes tooLarge = Bytes.copyOf(new byte[bytes]);
            assertThat(error(etcd.commit(Transaction.always(Action.put(prefix.plus("more"), tooLarge)))))
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessageContaining("/more");
        }
    }

    @Test
    void a_listing_may_be_larger_than_one_value() {
        Bytes large = Bytes.copyOf(new byte[1024 * 1024]);
        IntStream.range(0, 8).forEach(i -> applied(Transaction.always(Action.put(prefix.plus("" + i), large))));
        assertThat(answer(etcd.read(Query.prefix(prefix))).entries()).hasSize(8);
    }

    @Test
    void a_transaction_that_writes_a_key_twice_is_invalid() {
        Transaction twice = Transaction.always(Action.put(prefix, Bytes.EMPTY), Action.put(prefix, Bytes.EMPTY));
        assertThat(error(etcd.commit(twice))).isInstanceOf(RollingOpsException.InvalidRequest.class);
    }

    @Test
    void many_calls_at_once_all_get_their_own_answer() {
        List<CompletableFuture<TransactionOutcome>> calls = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            calls.add(etcd.commit(Transaction.always(Action.put(prefix.plus("" + i), Bytes.utf8("" + i)))));
        }
        assertThat(calls)
                .extracting(call -> ((TransactionOutcome.Applied) answer(call)).revision())
                .doesNotHaveDuplicates();
        assertThat(answer(etcd.read(Query.prefix(prefix))).entries())
                .hasSize(1_000)
                .allMatch(entry -> entry.key().equals(prefix.plus(entry.value().toString())));
    }

    @Test
    void the_members_tell_how_they_are() {
        List<Member> members = answer(etcd.members());
        assertThat(members).singleElement().satisfies(member -> {
            assertThat(member.name()).isEqualTo("member-0");
            assertThat(member.clientUrls())
                    .containsExactly("http://" + ETCD.cluster().endpoints());
            assertThat(member.learner()).isFalse();
        });
        assertThat(answer(etcd.endpoints()))
                .singleElement()
                .isInstanceOfSatisfying(EndpointReport.Reached.class, report -> {
                    assertThat(report.version()).matches("3\\.[456]\\..*");
                    assertThat(report.memberId()).isEqualTo(members.get(0).id());
                    assertThat(report.leads()).isTrue();
                    assertThat(report.revision()).isGreaterThan(Revision.NONE);
                    assertThat(report.databaseBytes()).isPositive();
                    assertThat(report.alarms()).isEmpty();
                });
    }

    @Test
    void a_future_is_completed_on_the_executor_that_was_given() {
        BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        try (GrpcEtcdClient own =
                new GrpcEtcdClient(EtcdSettings.plain(ETCD.cluster().endpoints()), tasks::add)) {
            CompletableFuture<Listing> call = own.within(Duration.ofSeconds(10)).read(Query.key(prefix));
            await().until(() -> !tasks.isEmpty());
            assertThat(call).isNotDone();
            tasks.remove().run();
            assertThat(call).isCompleted();
        }
    }

    private Revision applied(Transaction transaction) {
        TransactionOutcome outcome = answer(etcd.commit(transaction));
        assertThat(outcome).isInstanceOf(TransactionOutcome.Applied.class);
        return ((TransactionOutcome.Applied) outcome).revision();
    }

    private void put(String name) {
        applied(Transaction.always(Action.put(prefix.plus(name), Bytes.utf8(name))));
    }

    private List<String> keys(Query query) {
        return answer(etcd.read(query)).entries().stream()
                .map(entry -> entry.key().toString().substring(prefix.toString().length()))
                .toList();
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
