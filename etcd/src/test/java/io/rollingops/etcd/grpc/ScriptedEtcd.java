// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.grpc.wire.Event;
import io.rollingops.etcd.grpc.wire.KeyValue;
import io.rollingops.etcd.grpc.wire.RangeRequest;
import io.rollingops.etcd.grpc.wire.RangeResponse;
import io.rollingops.etcd.grpc.wire.ResponseHeader;
import io.rollingops.etcd.grpc.wire.WatchRequest;
import io.rollingops.etcd.grpc.wire.WatchResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Speaks etcd's watch protocol as a test tells it to: what real servers do rarely, or only in some releases. The test
 * takes each request of the client and sends what it likes.
 */
final class ScriptedEtcd implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 10;

    private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
    private final BlockingQueue<Reading> readings = new LinkedBlockingQueue<>();
    private final Server server;

    ScriptedEtcd() throws IOException {
        ServerServiceDefinition watch = ServerServiceDefinition.builder("etcdserverpb.Watch")
                .addMethod(Requests.watch().method(), (call, headers) -> stream(call))
                .build();
        ServerServiceDefinition kv = ServerServiceDefinition.builder("etcdserverpb.KV")
                .addMethod(Requests.read(Query.key(Bytes.utf8("any"))).method(), (call, headers) -> reading(call))
                .build();
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(watch)
                .addService(kv)
                .build()
                .start();
    }

    String endpoint() {
        return "127.0.0.1:" + server.getPort();
    }

    /** The next thing that the client sends on a watch stream. */
    Asked nextRequest() throws InterruptedException {
        Asked next = asked.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(next).as("a request on a watch stream").isNotNull();
        return next;
    }

    /** The next read, a probe or a listing. */
    Reading nextReading() throws InterruptedException {
        Reading next = readings.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(next).as("a read").isNotNull();
        return next;
    }

    boolean hasNoRequest() {
        return asked.isEmpty();
    }

    private ServerCall.Listener<WatchRequest> stream(ServerCall<WatchRequest, WatchResponse> call) {
        call.sendHeaders(new Metadata());
        call.request(Integer.MAX_VALUE);
        return new ServerCall.Listener<>() {
            @Override
            public void onMessage(WatchRequest request) {
                asked.add(new Asked(call, request));
            }
        };
    }

    private ServerCall.Listener<RangeRequest> reading(ServerCall<RangeRequest, RangeResponse> call) {
        call.request(2);
        return new ServerCall.Listener<>() {
            private @Nullable RangeRequest request;

            @Override
            public void onMessage(RangeRequest message) {
                request = message;
            }

            @Override
            public void onHalfClose() {
                if (request != null) {
                    readings.add(new Reading(call, request));
                }
            }
        };
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    /** A request on a stream, and what to say there. */
    record Asked(ServerCall<WatchRequest, WatchResponse> stream, WatchRequest request) {
        long startRevision() {
            assertThat(request.hasCreateRequest()).as("%s", request).isTrue();
            return request.getCreateRequest().getStartRevision();
        }

        void confirm(long id, long revision) {
            stream.sendMessage(response(id, revision).setCreated(true).build());
        }

        void tell(long id, Event... events) {
            WatchResponse.Builder response =
                    response(id, events[events.length - 1].getKv().getModRevision());
            for (Event event : events) {
                response.addEvents(event);
            }
            stream.sendMessage(response.build());
        }

        void tellPiece(long id, Event... events) {
            WatchResponse.Builder response = response(
                            id, events[events.length - 1].getKv().getModRevision())
                    .setFragment(true);
            for (Event event : events) {
                response.addEvents(event);
            }
            stream.sendMessage(response.build());
        }

        void progress(long id, long revision) {
            stream.sendMessage(response(id, revision).build());
        }

        void cancel(long id, String reason, long compactRevision) {
            stream.sendMessage(response(id, 1)
                    .setCanceled(true)
                    .setCancelReason(reason)
                    .setCompactRevision(compactRevision)
                    .build());
        }

        void deny(String reason) {
            stream.sendMessage(response(-1, 1)
                    .setCreated(true)
                    .setCanceled(true)
                    .setCancelReason(reason)
                    .build());
        }

        void end(Status status) {
            stream.close(status, new Metadata());
        }

        private static WatchResponse.Builder response(long id, long revision) {
            return WatchResponse.newBuilder()
                    .setWatchId(id)
                    .setHeader(ResponseHeader.newBuilder().setRevision(revision));
        }
    }

    /** A read, and how to answer it. */
    record Reading(ServerCall<RangeRequest, RangeResponse> call, RangeRequest request) {
        boolean isProbe() {
            return request.getSerializable();
        }

        void answer(long revision, String... keys) {
            RangeResponse.Builder response = RangeResponse.newBuilder()
                    .setHeader(ResponseHeader.newBuilder().setRevision(revision))
                    .setCount(keys.length);
            for (String key : keys) {
                response.addKvs(KeyValue.newBuilder()
                        .setKey(Wire.bytes(Bytes.utf8(key)))
                        .setModRevision(revision)
                        .setVersion(1));
            }
            call.sendHeaders(new Metadata());
            call.sendMessage(response.build());
            call.close(Status.OK, new Metadata());
        }
    }

    /** One write, of which only key and revision matter. */
    static Event event(long revision, String key) {
        return Event.newBuilder()
                .setKv(KeyValue.newBuilder()
                        .setKey(Wire.bytes(Bytes.utf8(key)))
                        .setModRevision(revision)
                        .setVersion(1))
                .build();
    }
}
