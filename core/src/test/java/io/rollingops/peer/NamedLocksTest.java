// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.leaseId;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.peer.PeerReply.Reason;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The named locks of the replicated store. */
class NamedLocksTest {
    private static final PeerReply WAITING = new PeerReply.LockState(Optional.empty());

    @Test
    void who_asks_first_has_the_lock_and_the_others_wait_in_order() {
        Replica store = Replica.ofUnits(3);
        long token = token(take(store, 1, "db", "a"));
        assertThat(take(store, 0, "db", "b")).isEqualTo(WAITING);
        assertThat(take(store, 2, "db", "c")).isEqualTo(WAITING);

        drop(store, 1, "db", "a");
        long next = token(take(store, 0, "db", "b"));
        assertThat(take(store, 2, "db", "c")).isEqualTo(WAITING);

        drop(store, 0, "db", "b");
        assertThat(token(take(store, 2, "db", "c"))).isGreaterThan(next);
        assertThat(next).isGreaterThan(token);
    }

    @Test
    void asking_again_with_the_same_ticket_tells_how_things_stand_and_changes_nothing() {
        Replica store = Replica.ofUnits(2);
        long token = token(take(store, 0, "db", "a"));
        take(store, 1, "db", "b");
        NamedLock before = lock(store, "db");

        assertThat(token(take(store, 0, "db", "a"))).isEqualTo(token);
        assertThat(take(store, 1, "db", "b")).isEqualTo(WAITING);

        assertThat(lock(store, "db")).isEqualTo(before);
    }

    @Test
    void two_wishes_of_one_unit_exclude_each_other_and_equal_tickets_of_two_units_are_two_wishes() {
        Replica store = Replica.ofUnits(2);
        take(store, 0, "db", "a");
        assertThat(take(store, 0, "db", "b")).isEqualTo(WAITING);
        assertThat(take(store, 1, "db", "a")).isEqualTo(WAITING);
    }

    @Test
    void locks_of_different_names_do_not_exclude_each_other() {
        Replica store = Replica.ofUnits(2);
        token(take(store, 0, "db", "a"));
        token(take(store, 1, "web", "b"));
        assertThat(store.state().locks().keySet()).containsExactly("db", "web");
    }

    @Test
    void a_lock_that_nobody_wants_is_forgotten_and_its_tokens_grow_nevertheless() {
        Replica store = Replica.ofUnits(1);
        long token = token(take(store, 0, "db", "a"));
        drop(store, 0, "db", "a");
        assertThat(store.state().locks()).isEmpty();
        assertThat(token(take(store, 0, "db", "b"))).isGreaterThan(token);
    }

    @Test
    void who_stops_waiting_is_passed_over() {
        Replica store = Replica.ofUnits(3);
        take(store, 0, "db", "a");
        take(store, 1, "db", "b");
        take(store, 2, "db", "c");
        drop(store, 1, "db", "b");
        drop(store, 0, "db", "a");
        token(take(store, 2, "db", "c"));
    }

    @Test
    void dropping_what_one_does_not_have_is_harmless() {
        Replica store = Replica.ofUnits(2);
        take(store, 0, "db", "a");
        NamedLock before = lock(store, "db");

        drop(store, 1, "db", "a");
        drop(store, 0, "db", "other");
        drop(store, 0, "web", "a");

        assertThat(lock(store, "db")).isEqualTo(before);
        assertThat(store.state().locks()).hasSize(1);
    }

    @Test
    void a_lease_that_ends_gives_up_what_was_held_and_what_was_waited_for() {
        Replica store = Replica.ofUnits(3);
        store.leads(2, 1);
        take(store, 0, "db", "a");
        take(store, 0, "web", "a");
        take(store, 1, "db", "b");
        take(store, 0, "db", "again");
        take(store, 2, "db", "c");

        store.expires(0);

        token(take(store, 1, "db", "b"));
        assertThat(lock(store, "db").waiting()).hasSize(1);
        assertThat(store.state().locks()).doesNotContainKey("web");
    }

    @Test
    void a_new_process_does_not_inherit_the_locks_of_the_one_before() {
        Replica store = Replica.ofUnits(2);
        take(store, 0, "db", "a");
        take(store, 1, "db", "b");
        store.opensLease(0, 2);
        token(take(store, 1, "db", "b"));
    }

    @Test
    void keeping_the_lease_alive_keeps_the_lock() {
        Replica store = Replica.ofUnits(1);
        long token = token(take(store, 0, "db", "a"));
        store.opensLease(0, 1);
        store.by(0, new PeerCommand.KeepAlive(leaseId(0, 1)));
        assertThat(token(take(store, 0, "db", "a"))).isEqualTo(token);
    }

    @Test
    void a_unit_that_leaves_gives_up_its_locks() {
        Replica store = Replica.ofUnits(2);
        take(store, 0, "db", "a");
        take(store, 1, "db", "b");
        store.by(0, new PeerCommand.Leave());
        token(take(store, 1, "db", "b"));
    }

    @Test
    void a_unit_without_a_lease_cannot_have_a_lock() {
        Replica store = Replica.ofUnits(1);
        store.by(0, new PeerCommand.CloseLease(leaseId(0, 1)));
        assertThat(store.refusal(0, new PeerCommand.TakeLock("db", "a"))).isEqualTo(Reason.STALE);
    }

    @Test
    void names_and_tickets_have_one_to_their_limit_of_characters() {
        Replica store = Replica.ofUnits(1);
        String longest = "x".repeat(NamedLock.MAX_NAME_CHARS);

        assertThat(store.refusal(0, new PeerCommand.TakeLock(longest + "x", "a")))
                .isEqualTo(Reason.INVALID);
        assertThat(store.refusal(0, new PeerCommand.TakeLock("db", longest + "x")))
                .isEqualTo(Reason.INVALID);
        assertThat(store.refusal(0, new PeerCommand.TakeLock("", "a"))).isEqualTo(Reason.INVALID);
        assertThat(store.refusal(0, new PeerCommand.TakeLock("db", " "))).isEqualTo(Reason.INVALID);
        token(take(store, 0, longest, longest));
    }

    @Test
    void as_many_wait_as_the_limit_and_not_one_more_and_those_who_wait_may_ask_again() {
        Replica store = Replica.ofUnits(2);
        long token = token(take(store, 0, "db", "holder"));
        for (int i = 0; i < NamedLock.MAX_WAITING; i++) {
            assertThat(take(store, i % 2, "db", "ticket " + i)).isEqualTo(WAITING);
        }

        assertThat(store.refusal(0, new PeerCommand.TakeLock("db", "one more"))).isEqualTo(Reason.FULL);

        assertThat(token(take(store, 0, "db", "holder"))).isEqualTo(token);
        assertThat(take(store, 1, "db", "ticket 255")).isEqualTo(WAITING);
        drop(store, 0, "db", "holder");
        assertThat(take(store, 0, "db", "one more")).isEqualTo(WAITING);
        assertThat(token(take(store, 0, "db", "ticket 0")))
                .as("the new holder learns of it although as many wait as may")
                .isGreaterThan(token);
    }

    @Test
    void as_many_locks_exist_as_the_limit_and_not_one_more() {
        Replica store = Replica.ofUnits(2);
        for (int i = 0; i < NamedLock.MAX_LOCKS; i++) {
            token(take(store, 0, "lock " + i, "a"));
        }

        assertThat(store.refusal(0, new PeerCommand.TakeLock("one more", "a"))).isEqualTo(Reason.FULL);
        assertThat(take(store, 1, "lock 7", "b")).isEqualTo(WAITING);
        token(take(store, 0, "lock 7", "a"));

        drop(store, 0, "lock 8", "a");
        token(take(store, 0, "one more", "a"));
    }

    private static PeerReply take(Replica store, int unit, String name, String ticket) {
        return store.by(unit, new PeerCommand.TakeLock(name, ticket));
    }

    private static void drop(Replica store, int unit, String name, String ticket) {
        assertThat(store.by(unit, new PeerCommand.DropLock(name, ticket))).isEqualTo(new PeerReply.Done());
    }

    private static long token(PeerReply reply) {
        assertThat(reply).isInstanceOf(PeerReply.LockState.class).isNotEqualTo(WAITING);
        return ((PeerReply.LockState) reply).token().orElseThrow();
    }

    private static NamedLock lock(Replica store, String name) {
        return Objects.requireNonNull(store.state().locks().get(name));
    }
}
