// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.thirdparty.io.grpc.Attributes;
import org.apache.ratis.thirdparty.io.grpc.ServerTransportFilter;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyServerBuilder;

/**
 * Tells that a connection which another member made to this one has ended. A leader has one to each follower, since it is
 * the one who sends. Safe for several threads; listeners are called on a thread of the network and must return at once.
 */
final class EndedConnections implements GrpcServices.Customizer {
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    void onEnd(Runnable listener) {
        listeners.add(listener);
    }

    @Override
    public NettyServerBuilder customize(NettyServerBuilder builder, EnumSet<GrpcServices.Type> types) {
        return builder.addTransportFilter(new ServerTransportFilter() {
            @Override
            public void transportTerminated(Attributes connection) {
                listeners.forEach(Runnable::run);
            }
        });
    }
}
