// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports on loopback that nobody uses. They lie below the range from which the usual systems serve outgoing connections, so
 * that none of these takes a port between the look and the start of whatever will listen there.
 */
final class Ports {
    private static final int FIRST = 20_000;
    private static final int LAST = 32_000;
    private static final int TRIES_MAX = 1_000;

    private Ports() {}

    static List<Integer> free(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int tries = 0; sockets.size() < count; tries++) {
                int candidate = ThreadLocalRandom.current().nextInt(FIRST, LAST);
                try {
                    sockets.add(new ServerSocket(candidate, 1, InetAddress.getLoopbackAddress()));
                } catch (BindException e) {
                    if (tries == TRIES_MAX) {
                        throw new IOException("no port on loopback from " + FIRST + " to " + LAST + " is free", e);
                    }
                }
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }
}
