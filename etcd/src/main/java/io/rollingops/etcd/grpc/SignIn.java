// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.Deadline;
import io.rollingops.etcd.EtcdSettings.Credentials;
import io.rollingops.etcd.grpc.wire.AuthenticateResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs requests as the user of the settings: signs in when there is no token, and once more when a member does not know
 * the token any more, as after its restart.
 *
 * <p>Without a user the token is the empty text, which is not sent. Signing in takes etcd a tenth of a second of work on
 * purpose, so many requests wait for one sign-in, each at most until its own deadline; the sign-in goes on regardless, to
 * the profit of the next.
 */
final class SignIn {
    /** How long one sign-in may take, however short the requests are that wait for it. */
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final EventThread thread;
    private final CallRunner runner;
    private final List<Waiter> waiters = new ArrayList<>();

    private Optional<Credentials> credentials = Optional.empty();
    private @Nullable String token;
    private boolean isAsking;

    SignIn(EventThread thread, CallRunner runner) {
        this.thread = thread;
        this.runner = runner;
    }

    /** From now on signs in as this user, or not at all; a token of the same user stays good. */
    void use(Optional<Credentials> user) {
        if (user.isEmpty()) {
            token = "";
        } else if (!user.equals(credentials)) {
            token = null;
        }
        credentials = user;
    }

    <Q, A> void run(Request<Q, A> request, Deadline deadline, Reply<A> reply) {
        withToken(
                request,
                deadline,
                reply::failed,
                known -> runner.run(request, known, deadline, new Reply<>() {
                    @Override
                    public void answered(A answer) {
                        reply.answered(answer);
                    }

                    @Override
                    public void failed(Failure failure) {
                        if (failure.kind() == Failure.Kind.SIGN_IN_AGAIN) {
                            forget(known);
                            withToken(
                                    request,
                                    deadline,
                                    reply::failed,
                                    renewed -> runner.run(request, renewed, deadline, reply));
                        } else {
                            reply.failed(failure);
                        }
                    }
                }));
    }

    /** Asks one endpoint, likewise. */
    <Q, A> void ask(Line line, Request<Q, A> request, Deadline deadline, Reply<A> reply) {
        String known = token == null ? "" : token; // most endpoints answer without, and others may be down
        runner.ask(line, request, known, deadline, new Reply<>() {
            @Override
            public void answered(A answer) {
                reply.answered(answer);
            }

            @Override
            public void failed(Failure failure) {
                if (failure.kind() == Failure.Kind.SIGN_IN_AGAIN && credentials.isPresent()) {
                    forget(known);
                    withToken(
                            request,
                            deadline,
                            reply::failed,
                            renewed -> runner.ask(line, request, renewed, deadline, reply));
                } else {
                    reply.failed(failure);
                }
            }
        });
    }

    /** Gets the token for a stream that is about to be opened. */
    void token(Consumer<String> known, Consumer<Failure> failed) {
        give(new Waiter(known, failed));
    }

    /** Takes back a token that a member refused, unless it was replaced meanwhile. */
    void forget(String refused) {
        if (credentials.isPresent() && refused.equals(token)) {
            token = null;
        }
    }

    private void withToken(Request<?, ?> request, Deadline deadline, Consumer<Failure> failed, Consumer<String> use) {
        Waiter waiter = new Waiter(use, failed);
        if (give(waiter)) {
            return;
        }
        thread.after(Duration.ofNanos(Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS))), () -> {
            if (waiters.remove(waiter)) {
                failed.accept(Failures.notTried(request, "signing in took longer than the call may"));
            }
        });
    }

    /** Answers whether there was a token to give; if not, the waiter is served later. */
    private boolean give(Waiter waiter) {
        if (token != null) {
            waiter.known.accept(token);
            return true;
        }
        waiters.add(waiter);
        if (!isAsking) {
            ask();
        }
        return false;
    }

    private void ask() {
        isAsking = true;
        Credentials asked = credentials.orElseThrow();
        Deadline deadline = Deadline.after(LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        runner.run(Requests.authenticate(asked), "", deadline, new Reply<>() {
            @Override
            public void answered(AuthenticateResponse answer) {
                signedIn(asked, answer.getToken());
            }

            @Override
            public void failed(Failure failure) {
                if (failure.kind() == Failure.Kind.NO_USERS) {
                    signedIn(asked, "");
                } else {
                    isAsking = false;
                    takeWaiters().forEach(waiter -> waiter.failed.accept(failure));
                }
            }
        });
    }

    private void signedIn(Credentials asked, String gained) {
        isAsking = false;
        if (credentials.equals(Optional.of(asked))) {
            token = gained;
        }
        takeWaiters().forEach(this::give);
    }

    private List<Waiter> takeWaiters() {
        List<Waiter> taken = List.copyOf(waiters);
        waiters.clear();
        return taken;
    }

    /** Somebody who needs a token; told one of the two. */
    private static final class Waiter {
        private final Consumer<String> known;
        private final Consumer<Failure> failed;

        private Waiter(Consumer<String> known, Consumer<Failure> failed) {
            this.known = known;
            this.failed = failed;
        }
    }
}
