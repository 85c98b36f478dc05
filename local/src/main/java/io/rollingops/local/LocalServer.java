// SPDX-License-Identifier: Apache-2.0
package io.rollingops.local;

import io.rollingops.RollingOpsException;
import io.rollingops.json.Json;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Listens on a Unix-domain socket and holds a conversation with each caller, a thread for each. An error is an object
 * with {@code error}, the name of an exception of the core or {@code Failed}, and {@code message}.
 */
public final class LocalServer implements AutoCloseable {
    /** How many may talk at a time. */
    public static final int MAX_CONNECTIONS = 64;

    /** Linux allows 108 bytes with the final zero. */
    private static final int MAX_PATH_BYTES = 107;

    /** Answers requests. */
    public interface Handler {

        /**
         * Answers one request; may send any number of messages and may go on reading. A {@link RollingOpsException} becomes
         * an error message to the caller.
         */
        void handle(Json.Obj request, Conversation conversation) throws IOException, InterruptedException;
    }

    private final Path socket;
    private final ServerSocketChannel server;
    private final String who;
    private final Handler handler;
    private final Semaphore places = new Semaphore(MAX_CONNECTIONS);
    private final Set<Conversation> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong served = new AtomicLong();

    private LocalServer(Path socket, ServerSocketChannel server, String who, Handler handler) {
        this.socket = socket;
        this.server = server;
        this.who = who;
        this.handler = handler;
    }

    /**
     * Begins to listen. The folder must be there, and only its owner may enter it: then nobody else can reach the socket,
     * not even before it has its own mode. What an earlier process has left at that place is replaced, so the caller
     * makes sure that none lives.
     *
     * @param who answers here, in messages to callers: {@code agent}
     * @throws IllegalArgumentException when the path is too long for the system
     */
    public static LocalServer start(Path socket, String who, Handler handler) throws IOException {
        requireShort(socket);
        Files.deleteIfExists(socket);
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        channel.bind(UnixDomainSocketAddress.of(socket));
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
        LocalServer server = new LocalServer(socket, channel, who, handler);
        server.thread("rollingops-control", server::accept).start();
        return server;
    }

    /**
     * Checks that the system allows a socket at that place.
     *
     * @throws IllegalArgumentException when the path is too long, saying how long it may be
     */
    public static void requireShort(Path socket) {
        if (socket.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
            throw new IllegalArgumentException(socket.toAbsolutePath() + ", is longer than the " + MAX_PATH_BYTES
                    + " bytes that the system allows");
        }
    }

    private void accept() {
        try {
            while (server.isOpen()) {
                SocketChannel channel = server.accept();
                Conversation conversation = new Conversation(channel);
                if (places.tryAcquire()) {
                    open.add(conversation);
                    thread("rollingops-control-" + served.incrementAndGet(), () -> talk(conversation))
                            .start();
                } else {
                    refuse(conversation);
                }
            }
        } catch (IOException e) {
            // The server was closed.
        }
    }

    private void talk(Conversation conversation) {
        try (conversation) {
            Optional<Json.Obj> request = conversation.receive();
            while (request.isPresent()) {
                answer(request.get(), conversation);
                request = conversation.receive();
            }
        } catch (IOException e) {
            // The caller is gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(conversation);
            places.release();
        }
    }

    private void answer(Json.Obj request, Conversation conversation) throws IOException, InterruptedException {
        try {
            handler.handle(request, conversation);
        } catch (RollingOpsException e) {
            conversation.send(error(e.getClass().getSimpleName(), String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            conversation.send(error("Failed", "the " + who + " failed at this request: " + e));
        }
    }

    private void refuse(Conversation conversation) throws IOException {
        try (conversation) {
            conversation.send(
                    error("Unavailable", MAX_CONNECTIONS + " callers talk to this " + who + " already; try again"));
        }
    }

    private static Json.Obj error(String kind, String message) {
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
        for (Conversation conversation : open) {
            conversation.close();
        }
    }
}
