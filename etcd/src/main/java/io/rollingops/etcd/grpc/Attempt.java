// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.rollingops.etcd.grpc.Connection.Contact;
import io.rollingops.etcd.grpc.EventThread.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request to one endpoint.
 *
 * <p>Tells the connection what became of it, then the reply.
 */
final class Attempt<Q, A> extends ClientCall.Listener<A> {
    private final EventThread thread;
    private final Request<Q, A> request;
    private final Line line;
    private final Reply<A> reply;
    private final SentMark sentMark = new SentMark();

    private @Nullable A answer;
    private @Nullable Timer connectTimer;

    Attempt(EventThread thread, Request<Q, A> request, Line line, Reply<A> reply) {
        this.thread = thread;
        this.request = request;
        this.line = line;
        this.reply = reply;
    }

    /**
     * Sends the request.
     *
     * @param connectBy when to give up if the connection is not ready by then
     * @param deadline when to give up in any case
     */
    void send(String token, Deadline connectBy, Deadline deadline) {
        ClientCall<Q, A> call = line.channel()
                .newCall(
                        request.method(),
                        CallOptions.DEFAULT.withDeadline(deadline).withStreamTracerFactory(sentMark));
        if (connectBy.isBefore(deadline) && line.channel().getState(false) != ConnectivityState.READY) {
            Duration wait = Duration.ofNanos(connectBy.timeRemaining(TimeUnit.NANOSECONDS));
            connectTimer = thread.after(wait, () -> giveUpUnlessSent(call));
        }
        call.start(this, Headers.of(request.leader(), token));
        call.request(2); // a second answer would break the protocol: gRPC reports it
        call.sendMessage(request.message());
        call.halfClose();
    }

    private void giveUpUnlessSent(ClientCall<Q, A> call) {
        if (!sentMark.isSet()) {
            call.cancel("no connection in time", null);
        }
    }

    @Override
    public void onMessage(A message) {
        answer = message;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        if (connectTimer != null) {
            connectTimer.cancel();
        }
        if (status.isOk() && answer != null) {
            line.answered();
            reply.answered(answer);
            return;
        }
        Status end = status.isOk() ? Status.INTERNAL.withDescription("an answer without content") : status;
        boolean sent = sentMark.isSet();
        Failure failure = Failures.judge(request, line.endpoint(), end, sent);
        if (failure.blamesEndpoint()) {
            line.failed(Contact.of(end.getCode(), sent));
        } else {
            line.answered();
        }
        reply.failed(failure);
    }
}
