// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.rollingops.etcd.EtcdEndpoint;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The way to one endpoint: a channel that is made when it is needed and replaced when it does not work.
 *
 * <p>gRPC would keep a channel for ever and wait longer and longer, up to two minutes, before it connects again. We throw
 * a channel away that could not connect, so the next request finds out at once whether the endpoint is back; how often
 * that is tried is up to {@link EndpointRing}. A channel whose connection is open but silent is thrown away too, since
 * the other side of a half-open connection will never answer. And one whose connection has ended is not used for the
 * next: so each connection is made with the certificates as they are at that time.
 */
final class Connection {
    /** What became of a request. */
    enum Contact {
        /** There is no way through: nobody listens there, or it is the wrong one. */
        REFUSED,
        /** The connection was not ready in time; it may still become so. */
        CONNECTING,
        /** It was sent, and nothing came back in time. */
        SILENT,
        /** The endpoint said something, or closed the connection. */
        HEARD;

        /** What the end of a request says about the connection; a request that we cancel has run out of time. */
        static Contact of(Status.Code code, boolean sent) {
            boolean outOfTime = code == Status.Code.DEADLINE_EXCEEDED || code == Status.Code.CANCELLED;
            if (sent) {
                return outOfTime ? SILENT : HEARD;
            }
            return outOfTime ? CONNECTING : REFUSED;
        }
    }

    /** How long after one request has run out of time another one must do so, with no answer between, to prove it. */
    private static final Duration SILENCE_PROVEN = Duration.ofMillis(100);

    /** A connection that takes longer to become ready than this never will. */
    private static final Duration CONNECTING_MAX = Duration.ofSeconds(3);

    private final EtcdEndpoint endpoint;
    private final Channels channels;
    private final TlsFiles tls;
    private final EndpointRing ring;
    private final int index;

    private @Nullable ManagedChannel channel;
    private long openedAt;
    private boolean wasReady;
    private boolean isSilent;
    private long silentSince;

    Connection(EtcdEndpoint endpoint, Channels channels, TlsFiles tls, EndpointRing ring, int index) {
        this.endpoint = endpoint;
        this.channels = channels;
        this.tls = tls;
        this.ring = ring;
        this.index = index;
    }

    EtcdEndpoint endpoint() {
        return endpoint;
    }

    Line line() {
        if (channel != null && wasReady && channel.getState(false) != ConnectivityState.READY) {
            retire();
        }
        if (channel == null) {
            channel = channels.open(endpoint, tls);
            openedAt = System.nanoTime();
            wasReady = false;
            isSilent = false;
        }
        return new Line(this, channel);
    }

    void answered(ManagedChannel used) {
        ring.answered(index);
        if (used == channel) {
            wasReady = true;
            isSilent = false;
        }
    }

    void failed(ManagedChannel used, Contact contact) {
        ring.failed(index, System.nanoTime());
        if (used == channel) {
            wasReady |= contact == Contact.SILENT || contact == Contact.HEARD;
            if (isUseless(contact)) {
                retire();
            }
        }
    }

    private boolean isUseless(Contact contact) {
        return switch (contact) {
            case REFUSED -> true;
            case CONNECTING -> System.nanoTime() - openedAt > CONNECTING_MAX.toNanos();
            case SILENT -> isProvenSilent();
            case HEARD -> false;
        };
    }

    /** One silence proves nothing, and neither do several at a time: the cluster may be between two leaders. */
    private boolean isProvenSilent() {
        long now = System.nanoTime();
        if (!isSilent) {
            isSilent = true;
            silentSince = now;
        }
        return now - silentSince > SILENCE_PROVEN.toNanos();
    }

    /** Lets requests that are under way finish, and begins anew with the next one. */
    void retire() {
        if (channel != null) {
            channels.retire(channel);
            channel = null;
        }
    }
}
