// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.ManagedChannel;
import io.rollingops.etcd.EtcdEndpoint;

/** A connection's channel as it was when somebody took it; what is said of a channel that was since replaced is little. */
record Line(Connection connection, ManagedChannel channel) {
    EtcdEndpoint endpoint() {
        return connection.endpoint();
    }

    void answered() {
        connection.answered(channel);
    }

    void failed(Connection.Contact contact) {
        connection.failed(channel, contact);
    }
}
