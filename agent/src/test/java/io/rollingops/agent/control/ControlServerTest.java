// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.ConfigException;
import io.rollingops.json.Json;
import io.rollingops.local.Conversation;
import io.rollingops.local.LocalServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The control socket: whose it is, and what comes back. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ControlServerTest {
    @TempDir
    Path folder;

    private final CountDownLatch gone = new CountDownLatch(1);
    private final List<AutoCloseable> opened = new ArrayList<>();

    private Path socket = Path.of("agent.sock");

    @BeforeEach
    void start() {
        socket = folder.resolve("control/agent.sock");
        opened.add(ControlServer.start(socket, this::handle));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable resource : opened) {
            resource.close();
        }
    }

    private void handle(Json.Obj request, Conversation connection) throws IOException {
        switch (request.string("do")) {
            case "echo" -> connection.send(request);
            case "refuse" -> throw new RollingOpsException.Refused("not now");
            case "fail" -> throw new IllegalStateException("broken");
            case "wait" -> {
                connection.send(request);
                if (connection.receive().isEmpty()) {
                    gone.countDown();
                }
            }
            default -> throw new RollingOpsException.InvalidRequest("unknown");
        }
    }

    @Test
    void only_the_owner_can_reach_it() throws IOException {
        assertThat(permissions(socket)).isEqualTo("rw-------");
        assertThat(permissions(socket.resolveSibling("."))).isEqualTo("rwx------");
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void one_conversation_has_many_questions() {
        ControlClient client = connect();
        for (int i = 0; i < 3; i++) {
            Json.Obj question = Json.object()
                    .put("do", "echo")
                    .put("text", "\n\u00e4\"" + i)
                    .build();
            assertThat(client.call(question)).isEqualTo(question);
        }
    }

    @Test
    void what_the_agent_refuses_reaches_the_caller_as_the_same_kind_of_error() {
        ControlClient client = connect();
        assertThatThrownBy(() -> client.call(ask("refuse")))
                .isInstanceOf(RollingOpsException.Refused.class)
                .hasMessage("not now");
        assertThatThrownBy(() -> client.call(ask("what")))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessage("unknown");
        assertThatThrownBy(() -> client.call(ask("fail")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the agent failed at this request");
        assertThat(client.call(ask("echo"))).isEqualTo(ask("echo"));
    }

    @Test
    void the_agent_is_told_that_a_caller_is_gone() throws InterruptedException {
        ControlClient client = connect();
        client.call(ask("wait"));

        client.close();

        assertThat(gone.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_caller_is_told_that_the_agent_is_gone() throws Exception {
        ControlClient client = connect();
        client.call(ask("echo"));

        opened.get(0).close();

        assertThatThrownBy(client::receive).isInstanceOf(RollingOpsException.Indeterminate.class);
        assertThatThrownBy(this::connect)
                .isInstanceOf(ControlClient.NoAgent.class)
                .hasMessageContainingAll(socket.toString(), "start it, or name another socket");
    }

    @Test
    void what_is_not_understood_ends_that_conversation_and_no_other() throws IOException {
        ControlClient other = connect();
        for (String garbage : List.of("hello\n", "[1]\n", "{\"do\":\n", "x".repeat(Conversation.MAX_LINE_CHARS + 1))) {
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(socket));
                assertThat(sendAndAwaitEnd(channel, garbage))
                        .as("what comes back for '%.20s'", garbage)
                        .isEmpty();
            }
        }
        assertThat(other.call(ask("echo"))).isEqualTo(ask("echo"));
    }

    private static String sendAndAwaitEnd(SocketChannel channel, String text) {
        StringBuilder answer = new StringBuilder();
        try {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            ByteBuffer received = ByteBuffer.allocate(1000);
            while (channel.read(received) >= 0) {
                answer.append(new String(received.array(), 0, received.position(), StandardCharsets.UTF_8));
                received.clear();
            }
        } catch (IOException e) {
            return answer.toString(); // closed by the agent while there was more to read: the end all the same
        }
        return answer.toString();
    }

    @Test
    void one_caller_too_many_is_told_so_and_a_place_that_gets_free_is_given() {
        List<ControlClient> callers = new ArrayList<>();
        for (int i = 0; i < LocalServer.MAX_CONNECTIONS; i++) {
            callers.add(connect());
            callers.get(i).call(ask("wait"));
        }
        assertThatThrownBy(() -> connect().receive())
                .isInstanceOf(RollingOpsException.Unavailable.class)
                .hasMessageContaining(LocalServer.MAX_CONNECTIONS + " callers talk to this agent already");
    }

    @Test
    void a_path_that_is_too_long_is_told_before_anything_is_made() {
        Path longPath = folder.resolve("x".repeat(100)).resolve("agent.sock");
        assertThatThrownBy(() -> ControlServer.start(longPath, this::handle))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("is longer than the 107 bytes", "give a shorter 'control-socket'");
        assertThat(longPath.getParent()).doesNotExist();
    }

    @Test
    void the_socket_of_an_earlier_process_is_replaced() throws IOException {
        Path left = folder.resolve("left/agent.sock");
        Files.createDirectories(folder.resolve("left"));
        Files.writeString(left, "");
        opened.add(ControlServer.start(left, this::handle));
        try (ControlClient client = ControlClient.connect(left)) {
            assertThat(client.call(ask("echo"))).isEqualTo(ask("echo"));
        }
    }

    private static Json.Obj ask(String what) {
        return Json.object().put("do", what).build();
    }

    private ControlClient connect() {
        ControlClient client = ControlClient.connect(socket);
        opened.add(client);
        return client;
    }
}
