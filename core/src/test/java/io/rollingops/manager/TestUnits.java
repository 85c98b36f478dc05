// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.peer.Outcome;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerEvent;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitLease;
import io.rollingops.peer.UnitRecord;
import io.rollingops.testing.FaultyPeerStore;
import io.rollingops.testing.InMemoryPeerStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The application {@code web} on a store in memory: units with a host and a manager, and units that are only commands. */
final class TestUnits implements AutoCloseable {
    /** A lease that is lost soon after the clock has moved on, and leaves a callback little time to stop. */
    static final LeaseTerms SHORT_STOP =
            new LeaseTerms(Duration.ofSeconds(30), Duration.ofMillis(300), Duration.ofMillis(50));

    private static final long PATIENCE_SECONDS = 20;
    private static final Duration LIMIT = Duration.ofSeconds(5);

    final InMemoryPeerStore store = new InMemoryPeerStore("web", InstantSource.system());
    private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
    private final List<TestHost> hosts = new ArrayList<>();

    TestUnits() {
        store.onEvent(event -> {
            if (event instanceof PeerEvent.Answered answered) {
                outcomes.add(answered.outcome());
            }
        });
    }

    static UnitName unit(int number) {
        return new UnitName("web", number);
    }

    TestHost host() {
        TestHost host = new TestHost();
        hosts.add(host);
        return host;
    }

    FaultyPeerStore faulty(int number) {
        return new FaultyPeerStore(store.as(unit(number)));
    }

    /** The next result that the store records. */
    Outcome awaitOutcome() throws InterruptedException {
        Outcome outcome = outcomes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(outcome).as("a result within %s s", PATIENCE_SECONDS).isNotNull();
        return outcome;
    }

    /** How many results the store has recorded that were not asked for yet. */
    int recorded() {
        return outcomes.size();
    }

    PeerSnapshot seen() {
        return store.state().snapshot();
    }

    UnitRecord record(int number) {
        return seen().record(unit(number)).orElseThrow();
    }

    /** Waits for the store's own notification until what is seen is as wanted. */
    PeerSnapshot await(Predicate<PeerSnapshot> wanted) throws InterruptedException {
        Semaphore changed = new Semaphore(1);
        Runnable stop = store.as(unit(0)).onChange(changed::release);
        try {
            while (true) {
                assertThat(changed.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .as("seen in time: %s", seen())
                        .isTrue();
                PeerSnapshot seen = seen();
                if (wanted.test(seen)) {
                    return seen;
                }
            }
        } finally {
            stop.run();
        }
    }

    /** A unit without a manager: joins, opens a lease. */
    void bare(int number) {
        assertThat(send(number, new PeerCommand.Join())).isInstanceOf(PeerReply.Joined.class);
        assertThat(send(
                        number,
                        new PeerCommand.OpenLease("bare " + number, 1, Duration.ofMinutes(10), Optional.empty())))
                .isEqualTo(new PeerReply.Done());
    }

    /** A bare unit that has the lock and does not answer. */
    void bareHolder(int number) {
        bare(number);
        bareRequest(number, "hog");
        assertThat(seen().isGrantedTo(unit(number))).isTrue();
        send(number, new PeerCommand.Start(seen().grant().epoch(), false));
    }

    void bareRequest(int number, String callback) {
        assertThat(send(number, new PeerCommand.Request(callback, Json.Obj.EMPTY, OptionalInt.of(0))))
                .isInstanceOf(PeerReply.Queued.class);
    }

    PeerReply send(int number, PeerCommand command) {
        return store.as(unit(number)).submit(command, LIMIT).reply();
    }

    /** Ends a unit's lease, as the leader does when it was not renewed in time; a bare unit leads. */
    void expire(int number, int leader) {
        UnitLease lease = Optional.ofNullable(seen().members().get(unit(number)))
                .flatMap(member -> member.lease())
                .orElseThrow();
        send(leader, new PeerCommand.Lead(seen().revision()));
        assertThat(send(leader, new PeerCommand.Expire(unit(number), lease.id(), lease.keepAlives())))
                .isEqualTo(new PeerReply.Done());
    }

    /** Arguments that make requests different. */
    static Map<String, Integer> number(int n) {
        return Map.of("n", n);
    }

    @Override
    public void close() {
        hosts.forEach(TestHost::close);
    }
}
