// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.etcd.WatchListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Keeps everything that a watch tells, and the state of the keys that follows from it. Notes what a watch must never do:
 * call from two threads at once, or go back.
 */
final class RecordingListener implements WatchListener {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final List<WatchEvent> events = new ArrayList<>();
    private final List<Listing> listings = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private final SortedMap<Bytes, KeyValue> state = new TreeMap<>();
    private Optional<RollingOpsException> end = Optional.empty();
    private Revision last = Revision.NONE;
    private int callers;

    @Override
    public void changed(List<WatchEvent> batch) {
        enter();
        synchronized (this) {
            if (!batch.isEmpty() && !batch.get(0).revision().isAfter(last)) {
                faults.add("a batch begins at " + batch.get(0).revision() + " after " + last);
            }
            for (WatchEvent event : batch) {
                if (last.isAfter(event.revision())) {
                    faults.add("the watch went back from " + last + " to " + event);
                }
                last = event.revision();
                if (event instanceof WatchEvent.Written written) {
                    state.put(event.key(), written.entry());
                } else {
                    state.remove(event.key());
                }
            }
            events.addAll(batch);
        }
        leave();
    }

    @Override
    public void relisted(Listing listing) {
        enter();
        synchronized (this) {
            if (last.isAfter(listing.revision())) {
                faults.add("a listing at " + listing.revision() + " after " + last);
            }
            last = listing.revision();
            listings.add(listing);
            state.clear();
            listing.entries().forEach(entry -> state.put(entry.key(), entry));
        }
        leave();
    }

    @Override
    public synchronized void ended(RollingOpsException reason) {
        end = Optional.of(reason);
    }

    private synchronized void enter() {
        callers++;
        if (callers > 1) {
            faults.add("two calls at once");
        }
        if (end.isPresent()) {
            faults.add("a call after the end");
        }
    }

    private synchronized void leave() {
        callers--;
    }

    synchronized List<WatchEvent> events() {
        return List.copyOf(events);
    }

    synchronized List<Listing> listings() {
        return List.copyOf(listings);
    }

    synchronized Optional<RollingOpsException> end() {
        return end;
    }

    synchronized List<KeyValue> state() {
        return List.copyOf(state.values());
    }

    void awaitEvents(int count) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> events().size() >= count);
    }

    /** Waits until what was told comes to the state that was read. */
    void awaitState(Listing truth) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(() -> assertThat(state()).isEqualTo(truth.entries()));
    }

    synchronized void assertNoFaults() {
        assertThat(faults).isEmpty();
    }
}
