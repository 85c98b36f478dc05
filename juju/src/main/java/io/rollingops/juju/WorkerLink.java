// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.Operation;
import io.rollingops.RollingOpsException;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.local.Conversation;
import io.rollingops.spi.ClusterLock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * The lock in etcd as one hook sees it: what the unit's worker tells of it over a socket. What the hook wants of the lock
 * takes effect when the hook is over and its databags show why ({@link #leave}); until then it only changes what {@link
 * #state} gives, so that a pass comes to its end.
 *
 * <p>The lock counts as lost as soon as the worker says so, is gone, or has not been heard of for so long that the lease
 * cannot be relied upon (rule L1).
 */
final class WorkerLink implements ClusterLock, AutoCloseable {
    /** How long a hook waits for a worker that is there; it answers from memory. */
    static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);

    /** How much later than the time limit of a synchronous lock the answer may come. */
    private static final Duration SYNC_ANSWER_WITHIN = Duration.ofSeconds(15);

    /** How often the clock is looked at while a callback runs. */
    private static final long CHECK_MILLIS = 250;

    private final Conversation conversation;
    private final LongSupplier bootClock;
    private final Thread reader;
    private final CompletableFuture<Json.Obj> greeting = new CompletableFuture<>();
    private final CompletableFuture<Json.Obj> farewell = new CompletableFuture<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    private LockSight sight = LockSight.UNKNOWN;
    private Optional<Hold> wished = Optional.empty();
    private boolean cleaning;
    private boolean ended;
    private Optional<Operation> finished = Optional.empty();

    /** The worker does something else than this hook wants of it: it is another one, and ends. */
    static final class AnotherWorker extends IOException {
        private static final long serialVersionUID = 1L;

        AnotherWorker(String message) {
            super(message);
        }
    }

    private WorkerLink(Conversation conversation, LongSupplier bootClock) {
        this.conversation = conversation;
        this.bootClock = bootClock;
        this.reader = new Thread(this::read, "rollingops-worker-link");
        this.reader.setDaemon(true);
    }

    /**
     * Begins a conversation with the unit's worker.
     *
     * @param config what the worker should be
     * @param dispatch the number under which the worker has dispatched this hook, if it has
     * @param bootClock counts suspended time, and is the same in all processes of the machine
     * @throws AnotherWorker when the one that is there is to be replaced; it ends by itself
     * @throws IOException when none answers in time
     */
    static WorkerLink open(Path socket, WorkerConfig config, OptionalLong dispatch, LongSupplier bootClock)
            throws IOException {
        Json.ObjectBuilder hello = Json.object().put("do", "hook").put("config", config.toJson());
        dispatch.ifPresent(number -> hello.put("dispatch", number));
        WorkerLink link = begin(socket, hello.build(), ANSWER_WITHIN, bootClock);
        Optional<Json> other = link.greeting.join().find("other");
        if (other.isPresent()) {
            link.close();
            throw new AnotherWorker("the unit's worker has another configuration, and ends");
        }
        return link;
    }

    /**
     * Asks for the synchronous lock, and blocks until it is held or not to be had. It is held for as long as the
     * conversation lasts, and {@link #state} tells when it is lost.
     *
     * @return nothing when etcd does not answer
     * @throws RollingOpsException.LockTimeout when it is not held after the given time
     * @throws IOException when no worker answers
     */
    static Optional<WorkerLink> openSync(Path socket, Duration timeout, LongSupplier bootClock) throws IOException {
        Json.Obj wish = Json.object()
                .put("do", "sync")
                .put("timeout_ms", timeout.toMillis())
                .build();
        WorkerLink link = begin(socket, wish, timeout.plus(SYNC_ANSWER_WITHIN), bootClock);
        String outcome = link.greeting.join().string("outcome");
        if (outcome.equals("held")) {
            return Optional.of(link);
        }
        link.close();
        if (outcome.equals("timeout")) {
            throw new RollingOpsException.LockTimeout(
                    "the lock was not to be had within " + timeout.toMillis() + " ms");
        }
        return Optional.empty();
    }

    /**
     * Asks for one answer, in a conversation of its own.
     *
     * @throws IOException when no worker answers
     */
    static Json.Obj ask(Path socket, String what, LongSupplier bootClock) throws IOException {
        try (WorkerLink link = begin(socket, Json.object().put("do", what).build(), ANSWER_WITHIN, bootClock)) {
            return link.greeting.join();
        }
    }

    private static WorkerLink begin(Path socket, Json.Obj words, Duration limit, LongSupplier bootClock)
            throws IOException {
        WorkerLink link = new WorkerLink(Conversation.with(socket), bootClock);
        link.reader.start();
        try {
            link.conversation.send(words);
            link.await(link.greeting, limit);
            return link;
        } catch (IOException e) {
            link.close();
            throw e;
        }
    }

    @Override
    public synchronized State state() {
        State seen = sight.state();
        Cleanliness cleanliness =
                cleaning && seen.cleanliness() == Cleanliness.UNKNOWN ? Cleanliness.CLEANING : seen.cleanliness();
        Hold hold = wished.orElseGet(() -> hold(seen.hold()));
        OptionalLong token = hold == Hold.HELD ? seen.token() : OptionalLong.empty();
        return new State(seen.reach(), hold, token, cleanliness);
    }

    /** Whether the unit has the lock, whichever hook this is. */
    synchronized boolean isHeld() {
        return sight.state().hold() == Hold.HELD && !ended && !isPastTrust();
    }

    private Hold hold(Hold told) {
        if (told != Hold.HELD) {
            return told;
        } else if (ended || isPastTrust()) {
            return Hold.LOST;
        }
        return sight.isForRun() ? Hold.HELD : Hold.WAITING;
    }

    private boolean isPastTrust() {
        return sight.trustedUntil().isEmpty()
                || bootClock.getAsLong() - sight.trustedUntil().getAsLong() >= 0;
    }

    @Override
    public synchronized void want(Operation operation) {
        wished = Optional.of(Hold.WAITING);
    }

    @Override
    public synchronized void finished(Operation operation) {
        finished = Optional.of(operation);
    }

    @Override
    public synchronized void drop() {
        wished = Optional.of(Hold.NONE);
    }

    @Override
    public synchronized void clean() {
        cleaning = true;
    }

    /** Also watches the clock, as long as anybody listens. */
    @Override
    public Runnable onChange(Runnable listener) {
        Thread watch = new Thread(this::watchClock, "rollingops-worker-clock");
        watch.setDaemon(true);
        listeners.add(listener);
        watch.start();
        return () -> {
            listeners.remove(listener);
            watch.interrupt();
        };
    }

    private void watchClock() {
        try {
            awaitLoss();
            tell();
        } catch (InterruptedException e) {
            // Nobody listens any more.
        }
    }

    private synchronized void awaitLoss() throws InterruptedException {
        while (state().hold() == Hold.HELD) {
            wait(CHECK_MILLIS);
        }
    }

    /**
     * Says what this hook leaves behind, to be believed if the hook succeeds. The last word of the conversation.
     *
     * @throws IOException when the worker is gone, or does not take it in time
     */
    void leave(HookTraces traces) throws IOException {
        conversation.send(
                Json.object().put("do", "leave").put("traces", traces.toJson()).build());
        await(farewell, ANSWER_WITHIN);
    }

    /** The operation that ended under the lock in this hook, with its result. */
    synchronized Optional<Operation> finished() {
        return finished;
    }

    /**
     * Ends the conversation and its thread: a Java process that ends while a thread waits inside the system takes a third
     * of a second longer.
     */
    @Override
    public void close() {
        try {
            conversation.close();
            reader.join(ANSWER_WITHIN.toMillis());
        } catch (IOException e) {
            // The process ends anyway.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void await(CompletableFuture<Json.Obj> answer, Duration limit) throws IOException {
        try {
            answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException("the worker is gone: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new IOException("the worker gave no answer within " + limit.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the worker", e);
        }
    }

    private void read() {
        try {
            for (Optional<Json.Obj> message = conversation.receive();
                    message.isPresent();
                    message = conversation.receive()) {
                hear(message.get());
            }
            end(new IOException("it ended the conversation"));
        } catch (IOException | JsonException e) {
            end(e);
        }
    }

    private void hear(Json.Obj message) throws IOException {
        if (message.find("error").isPresent()) {
            throw new IOException(message.string("message"));
        } else if (message.find("left").isPresent()) {
            farewell.complete(message);
            return;
        }
        if (message.find("lock").isPresent()) {
            LockSight next = LockSight.of(message.object("lock"));
            synchronized (this) {
                sight = next;
                notifyAll();
            }
            tell();
        }
        greeting.complete(message);
    }

    private void end(Exception reason) {
        synchronized (this) {
            ended = true;
            notifyAll();
        }
        greeting.completeExceptionally(reason);
        farewell.completeExceptionally(reason);
        tell();
    }

    private void tell() {
        listeners.forEach(Runnable::run);
    }
}
