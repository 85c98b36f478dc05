// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testing;

import io.rollingops.UnitName;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerEvent;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.PeerState;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A peer store in memory, with the replicated store's own state machine: for tests, and for trying things out in one
 * process. Every unit and operator gets its own view of it. Safe for several threads; listeners are called on the thread
 * of whoever made the change, after the change and outside any lock.
 */
public final class InMemoryPeerStore {
    private final InstantSource calendar;
    private final List<Runnable> listeners = new ArrayList<>();
    private final List<Consumer<PeerEvent>> eventListeners = new ArrayList<>();

    private PeerState state;

    /**
     * An application without units.
     *
     * @param application its name
     * @param calendar gives the stamps that people read
     */
    public InMemoryPeerStore(String application, InstantSource calendar) {
        this.state = PeerState.empty(application);
        this.calendar = calendar;
    }

    /** The store as that unit sees it. */
    public PeerStore as(UnitName unit) {
        return new PeerStore() {
            @Override
            public UnitName self() {
                return unit;
            }

            @Override
            public PeerSnapshot snapshot() {
                return state().snapshot();
            }

            @Override
            public Answer submit(PeerCommand command, Duration limit) {
                return InMemoryPeerStore.this.submit(new Author.Unit(unit), command);
            }

            @Override
            public Runnable onChange(Runnable listener) {
                return register(listeners, listener);
            }
        };
    }

    /** Carries out a command of an operator. */
    public PeerReply submitAsOperator(String name, PeerCommand command) {
        return submit(new Author.Operator(name), command).reply();
    }

    /** Tells what every command makes happen, in order. */
    public Runnable onEvent(Consumer<PeerEvent> listener) {
        return register(eventListeners, listener);
    }

    /** Everything that is stored. */
    public synchronized PeerState state() {
        return state;
    }

    private PeerStore.Answer submit(Author author, PeerCommand command) {
        PeerState.Applied applied;
        List<Runnable> told;
        synchronized (this) {
            applied = state.apply(author, calendar.instant(), command);
            told = applied.state().revision() == state.revision() ? List.of() : List.copyOf(listeners);
            state = applied.state();
            List<Consumer<PeerEvent>> toldEvents = List.copyOf(eventListeners);
            applied.events().forEach(event -> toldEvents.forEach(listener -> listener.accept(event)));
        }
        told.forEach(Runnable::run);
        return new PeerStore.Answer(applied.reply(), applied.state().revision());
    }

    private synchronized <T> Runnable register(List<T> registered, T listener) {
        registered.add(listener);
        return () -> {
            synchronized (this) {
                registered.remove(listener);
            }
        };
    }
}
