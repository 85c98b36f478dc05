// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** The connections to all endpoints of the settings in force, and which of them is next. */
final class Connections {
    private final Channels channels;
    private final RandomGenerator random;

    private List<Connection> connections = List.of();
    private EndpointRing ring = new EndpointRing(0, 0);

    Connections(Channels channels, RandomGenerator random) {
        this.channels = channels;
        this.random = random;
    }

    /** From now on uses these settings; requests that are under way finish where they are. */
    void use(EtcdSettings settings, TlsFiles tls) {
        connections.forEach(Connection::retire);
        List<EtcdEndpoint> endpoints = settings.endpoints();
        EndpointRing newRing = new EndpointRing(endpoints.size(), random.nextInt(endpoints.size()));
        List<Connection> newConnections = new ArrayList<>();
        for (EtcdEndpoint endpoint : endpoints) {
            newConnections.add(new Connection(endpoint, channels, tls, newRing, newConnections.size()));
        }
        connections = List.copyOf(newConnections);
        ring = newRing;
    }

    int size() {
        return connections.size();
    }

    Line choose() {
        return connections.get(ring.choose(System.nanoTime())).line();
    }

    List<Connection> all() {
        return connections;
    }
}
