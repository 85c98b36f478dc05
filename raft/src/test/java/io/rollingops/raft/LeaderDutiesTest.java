// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.peer.Member;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.raft.LeaderDuties.Leading;
import io.rollingops.spi.PeerStore;
import io.rollingops.testing.InMemoryPeerStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who leads counts leases on its own clock, from when it saw them (rule L2). */
class LeaderDutiesTest {
    private static final UnitName UNIT = UnitName.parse("web/0");
    private static final Duration TTL = Duration.ofSeconds(10);

    private final InMemoryPeerStore memory = new InMemoryPeerStore("web", InstantSource.system());
    private final PeerStore store = memory.as(UNIT);
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicReference<Leading> leading = new AtomicReference<>(new Leading(true, 1));
    private final LeaderDuties duties = new LeaderDuties(store, leading::get, timer, nanos::get);

    @BeforeEach
    void open_a_lease() {
        submit(new PeerCommand.Join());
        submit(new PeerCommand.OpenLease("lease", 1, TTL, Optional.empty()));
    }

    @AfterEach
    void close() {
        timer.shutdownNow();
    }

    @Test
    void a_lease_that_is_not_renewed_ends_after_its_length() throws Exception {
        look(0);
        look(10_000);
        assertThat(isOnline()).isTrue();

        look(10_001);
        assertThat(isOnline()).isFalse();
    }

    @Test
    void a_renewal_gives_a_lease_its_full_length_again() throws Exception {
        look(0);
        submit(new PeerCommand.KeepAlive("lease"));
        look(9_000);
        look(19_000);
        assertThat(isOnline()).isTrue();

        look(19_001);
        assertThat(isOnline()).isFalse();
    }

    /** What was renewed under another leader meanwhile is not known here. */
    @Test
    void in_a_new_term_every_lease_has_its_full_length_again() throws Exception {
        look(0);
        leading.set(new Leading(true, 3));
        look(60_000);
        look(70_000);
        assertThat(isOnline()).isTrue();

        look(70_001);
        assertThat(isOnline()).isFalse();
    }

    @Test
    void nobody_is_told_that_a_lease_ran_out_while_another_member_led() throws Exception {
        look(0);
        leading.set(new Leading(false, 2));
        look(60_000);
        assertThat(isOnline()).isTrue();
        leading.set(new Leading(true, 3));
        look(60_001);

        assertThat(isOnline()).isTrue();
    }

    private void submit(PeerCommand command) {
        assertThat(store.submit(command, Duration.ofSeconds(5)).reply()).isNotInstanceOf(PeerReply.Refused.class);
    }

    /** Has it look at that time, and waits until it has. */
    private void look(long millis) throws InterruptedException, ExecutionException, TimeoutException {
        nanos.set(Duration.ofMillis(millis).toNanos());
        duties.wake();
        Future<?> after = timer.schedule(() -> {}, 0, TimeUnit.NANOSECONDS);
        after.get(20, TimeUnit.SECONDS);
    }

    private boolean isOnline() {
        return Optional.ofNullable(store.snapshot().members().get(UNIT))
                .flatMap(Member::lease)
                .isPresent();
    }
}
