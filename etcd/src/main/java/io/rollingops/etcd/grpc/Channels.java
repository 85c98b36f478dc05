// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.rollingops.etcd.EtcdEndpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Makes gRPC channels that run on our own thread, and closes what it made. */
final class Channels {
    /** The largest answer that is taken; etcd itself limits one value to 1.5 MB. */
    static final int ANSWER_BYTES_MAX = 64 * 1024 * 1024;

    /** How often an open connection with a watch on it is pinged; etcd hangs up on who does it below every 5 s. */
    private static final Duration PING_EVERY = Duration.ofSeconds(10);

    private static final Duration PING_ANSWER_MAX = Duration.ofSeconds(3);

    /** An unused connection is closed after so long. */
    private static final Duration IDLE_MAX = Duration.ofMinutes(5);

    private final EventThread thread;
    private final List<ManagedChannel> open = new ArrayList<>();

    Channels(EventThread thread) {
        this.thread = thread;
    }

    /** A channel that connects with its first request. */
    ManagedChannel open(EtcdEndpoint endpoint, TlsFiles tls) {
        NettyChannelBuilder builder = NettyChannelBuilder.forTarget("dns:///" + endpoint.authority())
                .eventLoopGroup(thread.group())
                .channelType(NioSocketChannel.class)
                .executor(thread.executor())
                .offloadExecutor(thread.lookups())
                .proxyDetector(address -> null) // etcd is next door, whatever proxy the JVM uses for the web
                .disableRetry() // whether a request may be repeated is for us to decide
                .disableServiceConfigLookUp()
                .maxInboundMessageSize(ANSWER_BYTES_MAX)
                .keepAliveTime(PING_EVERY.toNanos(), TimeUnit.NANOSECONDS)
                .keepAliveTimeout(PING_ANSWER_MAX.toNanos(), TimeUnit.NANOSECONDS)
                .idleTimeout(IDLE_MAX.toNanos(), TimeUnit.NANOSECONDS)
                .maxTraceEvents(0)
                .userAgent("rollingops");
        Optional<SslContext> context = tls.contextFor(endpoint);
        if (context.isPresent()) {
            builder.sslContext(context.get());
        } else {
            builder.usePlaintext();
        }
        ManagedChannel channel = builder.build();
        open.removeIf(ManagedChannel::isTerminated);
        open.add(channel);
        return channel;
    }

    /** Takes no new requests and closes when those under way have ended, which their deadlines see to. */
    void retire(ManagedChannel channel) {
        channel.shutdown();
    }

    /** Ends all channels and the requests on them; answers what to wait for. */
    List<ManagedChannel> shutdownNow() {
        open.forEach(ManagedChannel::shutdownNow);
        return List.copyOf(open);
    }
}
