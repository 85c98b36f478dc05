// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.ConfigException;
import io.rollingops.certs.PemFiles;
import io.rollingops.json.Json;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Listens on the control socket and holds a conversation with each caller, a thread for each. The socket lies in a folder
 * that only the agent's user may enter, so that nobody else can reach it even for a moment.
 */
public final class ControlServer implements AutoCloseable {
    /** How many may talk at a time. */
    static final int MAX_CONNECTIONS = 64;

    /** Linux allows 108 bytes with the final zero. */
    private static final int MAX_PATH_BYTES = 107;

    /** Answers requests. */
    public interface Handler {

        /**
         * Answers one request; may send any number of messages and may go on reading. A {@link RollingOpsException} becomes
         * an error message to the caller.
         */
        void handle(Json.Obj request, Connection connection) throws IOException, InterruptedException;
    }

    private final Path socket;
    private final ServerSocketChannel server;
    private final Handler handler;
    private final Semaphore places = new Semaphore(MAX_CONNECTIONS);
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong served = new AtomicLong();

    private ControlServer(Path socket, ServerSocketChannel server, Handler handler) {
        this.socket = socket;
        this.server = server;
        this.handler = handler;
    }

    /**
     * Begins to listen.
     *
     * @throws ConfigException when it cannot, saying what to change
     */
    public static ControlServer start(Path socket, Handler handler) {
        if (socket.toAbsolutePath().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length
                > MAX_PATH_BYTES) {
            throw new ConfigException("the path of the control socket, " + socket.toAbsolutePath()
                    + ", is longer than the " + MAX_PATH_BYTES
                    + " bytes that the system allows; give a shorter 'control-socket'");
        }
        try {
            PemFiles.createSecretDirectory(
                    Optional.ofNullable(socket.toAbsolutePath().getParent()).orElseThrow());
            Files.deleteIfExists(socket); // of an earlier process; the data directory's lock says that none lives
            ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            channel.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            ControlServer server = new ControlServer(socket, channel, handler);
            server.thread("rollingops-control", server::accept).start();
            return server;
        } catch (IOException e) {
            throw new ConfigException("the control socket " + socket + " cannot be made: " + e);
        }
    }

    private void accept() {
        try {
            while (server.isOpen()) {
                SocketChannel channel = server.accept();
                Connection connection = new Connection(channel);
                if (places.tryAcquire()) {
                    open.add(connection);
                    thread("rollingops-control-" + served.incrementAndGet(), () -> talk(connection))
                            .start();
                } else {
                    refuse(connection);
                }
            }
        } catch (IOException e) {
            // The server was closed.
        }
    }

    private void talk(Connection connection) {
        try (connection) {
            Optional<Json.Obj> request = connection.receive();
            while (request.isPresent()) {
                answer(request.get(), connection);
                request = connection.receive();
            }
        } catch (IOException e) {
            // The caller is gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(connection);
            places.release();
        }
    }

    private void answer(Json.Obj request, Connection connection) throws IOException, InterruptedException {
        try {
            handler.handle(request, connection);
        } catch (RollingOpsException e) {
            connection.send(error(e.getClass().getSimpleName(), String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            connection.send(error("Failed", "the agent failed at this request: " + e));
        }
    }

    private static void refuse(Connection connection) throws IOException {
        try (connection) {
            connection.send(error("Unavailable", MAX_CONNECTIONS + " callers talk to this agent already; try again"));
        }
    }

    static Json.Obj error(String kind, String message) {
        return Json.object().put("error", kind).put("message", message).build();
    }

    private Thread thread(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
        for (Connection connection : open) {
            connection.close();
        }
    }
}
