// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.Deadline;
import io.rollingops.RollingOpsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Takes a request to whichever endpoint will have it.
 *
 * <p>Tries one endpoint after the other while nothing has happened and time is left: each once, and one of them twice,
 * since a connection that was idle may have broken unnoticed. An attempt gets its share of the time that is left, but no
 * less than {@link #ATTEMPT_MIN}; then a harmless request leaves for the next endpoint, while one that changes something
 * waits until its deadline once it is sent. No pauses: whoever wants to wait for etcd to come back asks again later.
 */
final class CallRunner {
    /** Below this a healthy cluster that is busy would be taken for a silent one. */
    static final Duration ATTEMPT_MIN = Duration.ofMillis(300);

    private final EventThread thread;
    private final Connections connections;
    private boolean closed;

    CallRunner(EventThread thread, Connections connections) {
        this.thread = thread;
        this.connections = connections;
    }

    <Q, A> void run(Request<Q, A> request, String token, Deadline deadline, Reply<A> reply) {
        new Run<>(request, token, deadline, reply, connections.size() + 1).attempt();
    }

    /** Asks one endpoint once, whatever it answers. */
    <Q, A> void ask(Line line, Request<Q, A> request, String token, Deadline deadline, Reply<A> reply) {
        if (closed) {
            reply.failed(Failures.notTried(request, "the client is closed"));
            return;
        }
        new Attempt<>(thread, request, line, reply).send(token, deadline, deadline);
    }

    /** From now on nothing is tried any more. */
    void close() {
        closed = true;
    }

    private final class Run<Q, A> implements Reply<A> {
        private final Request<Q, A> request;
        private final String token;
        private final Deadline deadline;
        private final Reply<A> reply;
        private final List<Failure> failures = new ArrayList<>();
        private int attemptsLeft;

        private Run(Request<Q, A> request, String token, Deadline deadline, Reply<A> reply, int attempts) {
            this.request = request;
            this.token = token;
            this.deadline = deadline;
            this.reply = reply;
            this.attemptsLeft = attempts;
        }

        private void attempt() {
            if (closed) {
                reply.failed(Failures.notTried(request, "the client is closed"));
                return;
            }
            long share = deadline.timeRemaining(TimeUnit.NANOSECONDS) / attemptsLeft;
            Deadline soon =
                    deadline.minimum(Deadline.after(Math.max(share, ATTEMPT_MIN.toNanos()), TimeUnit.NANOSECONDS));
            attemptsLeft--;
            new Attempt<>(thread, request, connections.choose(), this)
                    .send(token, soon, request.changes() ? deadline : soon);
        }

        @Override
        public void answered(A answer) {
            reply.answered(answer);
        }

        @Override
        public void failed(Failure failure) {
            if (failure.kind() != Failure.Kind.ELSEWHERE) {
                reply.failed(failure);
                return;
            }
            failures.add(failure);
            if (attemptsLeft > 0 && !deadline.isExpired()) {
                attempt();
            } else {
                reply.failed(summary());
            }
        }

        /** Nothing happened anywhere. If only the certificates were to blame, that is for a person to mend. */
        private Failure summary() {
            Failure last = failures.get(failures.size() - 1);
            boolean refusedEverywhere =
                    failures.stream().allMatch(failure -> failure.error() instanceof RollingOpsException.Refused);
            if (refusedEverywhere || failures.size() == 1) {
                return last;
            }
            String all = failures.stream()
                    .map(failure -> String.valueOf(failure.error().getMessage()))
                    .distinct()
                    .collect(Collectors.joining("; "));
            return new Failure(Failure.Kind.ELSEWHERE, new RollingOpsException.Unavailable(all));
        }
    }
}
