// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.rollingops.etcd.grpc.wire.WatchCancelRequest;
import io.rollingops.etcd.grpc.wire.WatchCreateRequest;
import io.rollingops.etcd.grpc.wire.WatchRequest;
import io.rollingops.etcd.grpc.wire.WatchResponse;

/** One stream to one member, on which all watches run. It is not reopened: another one takes its place. */
final class WatchStream extends ClientCall.Listener<WatchResponse> {
    /** Who is told, on the event thread. */
    interface Owner {
        void received(WatchStream from, WatchResponse response);

        /** The stream has ended by itself. Not told after {@link WatchStream#leave}. */
        void ended(WatchStream stream, Status status, boolean wasSent);
    }

    private final Line line;
    private final String token;
    private final Owner owner;
    private final SentMark sentMark = new SentMark();
    private final ClientCall<WatchRequest, WatchResponse> call;

    private long heardAt = System.nanoTime();
    private boolean hasEnded;

    WatchStream(Line line, String token, Owner owner) {
        this.line = line;
        this.token = token;
        this.owner = owner;
        this.call = line.channel()
                .newCall(Requests.watch().method(), CallOptions.DEFAULT.withStreamTracerFactory(sentMark));
    }

    void start() {
        call.start(this, Headers.of(Request.Leader.REQUIRED, token));
        call.request(1);
    }

    Line line() {
        return line;
    }

    String token() {
        return token;
    }

    void create(WatchedRange watch) {
        call.sendMessage(WatchRequest.newBuilder()
                .setCreateRequest(WatchCreateRequest.newBuilder()
                        .setKey(Wire.from(watch.keys()))
                        .setRangeEnd(Wire.to(watch.keys()))
                        .setStartRevision(watch.startRevision())
                        .setProgressNotify(true)
                        .setFragment(true))
                .build());
    }

    void cancel(long serverId) {
        call.sendMessage(WatchRequest.newBuilder()
                .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(serverId))
                .build());
    }

    /** Ends the stream; nothing is told any more. */
    void leave(String why) {
        hasEnded = true;
        call.cancel(why, null);
    }

    /** Ends the stream since nothing comes, and blames the endpoint for it. */
    void giveUp(String why) {
        line.failed(Connection.Contact.of(Status.Code.CANCELLED, sentMark.isSet()));
        leave(why);
    }

    boolean hasEnded() {
        return hasEnded;
    }

    /** The member has shown that it lives. */
    void heard() {
        heardAt = System.nanoTime();
    }

    long silentNanos() {
        return System.nanoTime() - heardAt;
    }

    @Override
    public void onMessage(WatchResponse response) {
        if (!hasEnded) {
            heard();
            owner.received(this, response);
            call.request(1);
        }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        if (!hasEnded) {
            hasEnded = true;
            line.failed(Connection.Contact.of(status.getCode(), sentMark.isSet()));
            owner.ended(this, status, sentMark.isSet());
        }
    }
}
