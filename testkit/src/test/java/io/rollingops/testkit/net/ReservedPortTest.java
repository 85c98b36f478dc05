// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReservedPortTest {
    @Test
    void a_port_is_reserved_once_and_can_be_listened_on() throws IOException {
        Set<ReservedPort> ports = new HashSet<>();
        try {
            IntStream.range(0, 200).forEach(i -> ports.add(ReservedPort.take()));
            assertThat(ports.stream().map(ReservedPort::number).distinct()).hasSize(200);
            int any = ports.iterator().next().number();
            for (int again = 0; again < 2; again++) {
                try (ServerSocket socket = new ServerSocket(any, 1, InetAddress.getLoopbackAddress())) {
                    assertThat(socket.getLocalPort()).isEqualTo(any);
                }
            }
        } finally {
            ports.forEach(ReservedPort::close);
        }
    }
}
