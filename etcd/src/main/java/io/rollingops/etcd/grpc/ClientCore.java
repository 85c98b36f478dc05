// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.rollingops.RollingOpsException;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.Watch;
import io.rollingops.etcd.WatchListener;
import io.rollingops.etcd.grpc.wire.StatusResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the parts of a client together, takes calls to their thread, and takes them down again. */
final class ClientCore {
    static final int CLOSE_SECONDS = 2;

    private static final Logger LOG = LoggerFactory.getLogger(ClientCore.class);

    private final EventThread thread = new EventThread();
    private final Channels channels = new Channels(thread);
    private final Connections connections;
    private final CallRunner runner;
    private final SignIn signIn;
    private final WatchHub watches;
    private final Executor callbacks;
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicBoolean isClosing = new AtomicBoolean();

    ClientCore(EtcdSettings settings, Executor callbacks, RandomGenerator random, WatchPace pace) {
        this.callbacks = callbacks;
        connections = new Connections(channels, random);
        runner = new CallRunner(thread, connections);
        signIn = new SignIn(thread, runner);
        watches = new WatchHub(thread, connections, runner, signIn, random, pace);
        try {
            reload(settings);
        } catch (RollingOpsException e) {
            close();
            throw e;
        }
    }

    /** Sends the request and translates its answer. */
    <Q, A, R> CompletableFuture<R> call(Request<Q, A> request, Duration limit, Function<A, R> translation) {
        return call(request, limit, translation, Optional.empty());
    }

    /**
     * Sends the request and translates its answer.
     *
     * @param ifLeaseGone what to answer when etcd says that there is no such lease; without it, that is an error
     */
    <Q, A, R> CompletableFuture<R> call(
            Request<Q, A> request, Duration limit, Function<A, R> translation, Optional<R> ifLeaseGone) {
        Promise<R> promise = new Promise<>(callbacks);
        Deadline deadline = after(limit);
        Reply<A> reply = new Reply<>() {
            @Override
            public void answered(A answer) {
                underWay.decrementAndGet();
                try {
                    promise.complete(translation.apply(answer));
                } catch (RuntimeException e) {
                    String text = "etcd answered what makes no sense when asked to "
                            + request.what().get() + ": " + answer;
                    promise.fail(new RollingOpsException.Corrupt(text, e));
                }
            }

            @Override
            public void failed(Failure failure) {
                underWay.decrementAndGet();
                if (failure.kind() == Failure.Kind.LEASE_GONE && ifLeaseGone.isPresent()) {
                    promise.complete(ifLeaseGone.get());
                } else {
                    promise.fail(failure.error());
                }
            }
        };
        if (underWay.incrementAndGet() > EtcdClient.CALLS_MAX) {
            reply.failed(Failures.notTried(request, EtcdClient.CALLS_MAX + " calls are under way already"));
        } else if (!thread.postIfOpen(() -> signIn.run(request, deadline, reply))) {
            reply.failed(Failures.notTried(request, "the client is closed"));
        }
        return promise.future();
    }

    CompletableFuture<Watch> watch(KeyRange keys, WatchListener listener, Executor executor, Duration limit) {
        Promise<Watch> promise = new Promise<>(callbacks);
        WatchedRange watch = new WatchedRange(keys, listener, executor, promise);
        Deadline deadline = after(limit);
        if (!thread.postIfOpen(() -> watches.add(watch, deadline))) {
            watch.closed("the client is closed");
        }
        return promise.future();
    }

    CompletableFuture<List<EndpointReport>> endpoints(Duration limit) {
        Promise<List<EndpointReport>> promise = new Promise<>(callbacks);
        Deadline deadline = after(limit);
        if (!thread.postIfOpen(() -> askAll(deadline, promise))) {
            promise.fail(
                    Failures.notTried(Requests.status(), "the client is closed").error());
        }
        return promise.future();
    }

    private void askAll(Deadline deadline, Promise<List<EndpointReport>> promise) {
        List<Connection> asked = connections.all();
        Map<Connection, EndpointReport> reports = new HashMap<>();
        for (Connection connection : asked) {
            signIn.ask(connection.line(), Requests.status(), deadline, new Reply<>() {
                @Override
                public void answered(StatusResponse answer) {
                    add(Wire.report(connection.endpoint(), answer));
                }

                @Override
                public void failed(Failure failure) {
                    add(
                            failure.kind() == Failure.Kind.DENIED
                                    ? new EndpointReport.Reticent(connection.endpoint())
                                    : new EndpointReport.Failed(connection.endpoint(), failure.error()));
                }

                private void add(EndpointReport report) {
                    reports.put(connection, report);
                    if (reports.size() == asked.size()) {
                        promise.complete(asked.stream()
                                .flatMap(each -> Stream.ofNullable(reports.get(each)))
                                .toList());
                    }
                }
            });
        }
    }

    void reload(EtcdSettings settings) {
        TlsFiles tls = TlsFiles.load(settings);
        thread.postIfOpen(() -> {
            connections.use(settings, tls);
            signIn.use(settings.credentials());
            watches.move();
        });
    }

    void close() {
        if (!isClosing.compareAndSet(false, true)) {
            return;
        }
        Duration limit = Duration.ofSeconds(CLOSE_SECONDS);
        if (thread.isCurrent()) { // called by a callback on our own thread, which cannot wait for itself
            stop();
            thread.post(() -> thread.close(limit));
            return;
        }
        Deadline deadline = after(limit);
        CompletableFuture<List<ManagedChannel>> stopped = new CompletableFuture<>();
        thread.post(() -> stopped.complete(stop()));
        try {
            for (ManagedChannel channel : stopped.get(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                channel.awaitTermination(deadline.timeRemaining(TimeUnit.NANOSECONDS), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            deadline = after(Duration.ZERO);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The etcd client did not stop within {}", limit, e);
        }
        thread.close(Duration.ofNanos(Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS))));
    }

    private List<ManagedChannel> stop() {
        runner.close();
        watches.close();
        return channels.shutdownNow();
    }

    private static Deadline after(Duration limit) {
        return Deadline.after(limit.toNanos(), TimeUnit.NANOSECONDS);
    }
}
