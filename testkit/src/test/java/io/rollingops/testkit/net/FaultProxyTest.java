// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class FaultProxyTest {
    private static final int SOON_MILLIS = 200;

    private EchoServer server;
    private FaultProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = new EchoServer();
        proxy = new FaultProxy(server.address());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        server.close();
    }

    @Test
    void it_forwards_both_ways() throws IOException {
        try (Socket client = connect()) {
            assertThat(echo(client, 'a')).isEqualTo('a');
            assertThat(echo(client, 'b')).isEqualTo('b');
            assertThat(proxy.requestBytes()).isEqualTo(2);
            assertThat(proxy.accepted()).isEqualTo(1);
        }
    }

    @Test
    void cut_resets_what_is_there_and_what_comes() throws IOException {
        try (Socket client = connect()) {
            assertThat(echo(client, 'a')).isEqualTo('a');
            proxy.cut();
            assertThatThrownBy(() -> echo(client, 'b')).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> {
                    try (Socket another = connect()) {
                        echo(another, 'c');
                    }
                })
                .isInstanceOf(IOException.class);
        proxy.forward();
        try (Socket client = connect()) {
            assertThat(echo(client, 'd')).isEqualTo('d');
        }
    }

    @Test
    void hold_takes_connections_and_lets_nothing_through_until_it_forwards_again() throws IOException {
        proxy.hold();
        try (Socket client = connect()) {
            client.getOutputStream().write('a');
            assertNothingArrives(client);
            assertThat(server.received()).isZero();
            proxy.forward();
            assertThat(client.getInputStream().read()).isEqualTo('a');
        }
    }

    @Test
    void held_replies_leave_the_server_hearing_and_the_client_deaf() throws IOException {
        try (Socket client = connect()) {
            proxy.holdReplies();
            client.getOutputStream().write('a');
            server.awaitReceived(1);
            assertNothingArrives(client);
            proxy.cut();
            assertThatThrownBy(() -> echo(client, 'b')).isInstanceOf(IOException.class);
        }
    }

    @Test
    void held_requests_do_not_reach_the_server() throws IOException {
        try (Socket client = connect()) {
            assertThat(echo(client, 'a')).isEqualTo('a');
            proxy.holdRequests();
            client.getOutputStream().write('b');
            assertNothingArrives(client);
            assertThat(server.received()).isEqualTo(1);
        }
    }

    @Test
    void stranded_connections_stay_open_and_silent_while_new_ones_work() throws IOException {
        try (Socket old = connect()) {
            assertThat(echo(old, 'a')).isEqualTo('a');
            proxy.strand();
            old.getOutputStream().write('b');
            try (Socket fresh = connect()) {
                assertThat(echo(fresh, 'c')).isEqualTo('c');
            }
            assertNothingArrives(old);
            proxy.forward();
            assertNothingArrives(old);
            assertThat(server.received()).isEqualTo(2);
            proxy.reset();
            assertThatThrownBy(() -> echo(old, 'd')).isInstanceOf(IOException.class);
        }
    }

    @Test
    void an_end_is_forwarded_and_what_comes_back_still_arrives() throws IOException {
        try (Socket client = connect()) {
            client.getOutputStream().write('a');
            client.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo('a');
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void delay_takes_its_time_each_way() throws IOException {
        try (Socket client = connect()) {
            proxy.delay(Duration.ofMillis(50));
            long start = System.nanoTime();
            assertThat(echo(client, 'a')).isEqualTo('a');
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(100));
        }
    }

    @Test
    void it_can_be_pointed_elsewhere() throws IOException {
        try (EchoServer other = new EchoServer()) {
            proxy.target(other.address());
            try (Socket client = connect()) {
                assertThat(echo(client, 'a')).isEqualTo('a');
            }
            assertThat(other.received()).isEqualTo(1);
            assertThat(server.received()).isZero();
        }
    }

    private Socket connect() throws IOException {
        String endpoint = proxy.endpoint();
        Socket socket = new Socket(
                InetAddress.getLoopbackAddress(), Integer.parseInt(endpoint.substring(endpoint.indexOf(':') + 1)));
        socket.setTcpNoDelay(true);
        return socket;
    }

    private static int echo(Socket client, char letter) throws IOException {
        client.getOutputStream().write(letter);
        int answer = client.getInputStream().read();
        if (answer < 0) {
            throw new IOException("the connection was ended");
        }
        return answer;
    }

    private static void assertNothingArrives(Socket client) throws IOException {
        client.setSoTimeout(SOON_MILLIS);
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        client.setSoTimeout(0);
    }

    /** Sends back what it gets, and counts it. */
    private static final class EchoServer implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        private int received;

        private EchoServer() throws IOException {
            start(this::acceptAll);
        }

        private InetSocketAddress address() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
        }

        private synchronized int received() {
            return received;
        }

        private synchronized void awaitReceived(int count) {
            try {
                while (received < count) {
                    wait();
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private void acceptAll() {
            try {
                while (true) {
                    Socket client = listener.accept();
                    start(() -> echoAll(client));
                }
            } catch (IOException e) {
                // closed
            }
        }

        private void echoAll(Socket client) {
            try (client) {
                for (int read = client.getInputStream().read();
                        read >= 0;
                        read = client.getInputStream().read()) {
                    synchronized (this) {
                        received++;
                        notifyAll();
                    }
                    client.getOutputStream().write(read);
                }
            } catch (IOException e) {
                // the client has gone
            }
        }

        private static void start(Runnable task) {
            Thread thread = new Thread(task, "echo");
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void close() {
            try {
                listener.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
