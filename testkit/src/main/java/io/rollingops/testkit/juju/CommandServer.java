// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Takes the calls of hook commands on one machine's socket. One thread accepts, one for each open call waits for its
 * answer; a {@code juju-exec} may be open for as long as its unit is busy. The form of calls and answers stands in
 * {@code hook-tool.c}.
 */
final class CommandServer implements AutoCloseable {
    private static final int REQUEST_BYTES_MAX = 16 << 20;

    private final ServerSocketChannel socket;
    private final Path path;
    private final Function<Request, CompletableFuture<CommandReply>> handler;

    /**
     * One call as it came in.
     *
     * @param contextId what the caller's environment said, perhaps nothing
     */
    record Request(String contextId, Invocation call) {
        /** The same from a machine whose files lie elsewhere on the real one. */
        Request on(UnaryOperator<Path> machine) {
            return new Request(contextId, call.on(machine));
        }
    }

    /** Listens from now on; the executor must have a thread for each open call. */
    CommandServer(Path path, Executor threads, Function<Request, CompletableFuture<CommandReply>> handler)
            throws IOException {
        this.path = path;
        this.handler = handler;
        this.socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        socket.bind(UnixDomainSocketAddress.of(path));
        threads.execute(() -> accept(threads));
    }

    private void accept(Executor threads) {
        while (true) {
            try {
                SocketChannel caller = socket.accept();
                threads.execute(() -> serve(caller));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(SocketChannel caller) {
        try (caller) {
            CommandReply reply = handler.apply(read(caller)).join();
            write(caller, reply);
        } catch (IOException gone) {
            // Whoever called is gone, or sent what no client of ours sends; there is nobody to tell.
        }
    }

    private static Request read(SocketChannel caller) throws IOException {
        DataInputStream in = new DataInputStream(Channels.newInputStream(caller));
        int size = in.readInt();
        if (size < 0 || size > REQUEST_BYTES_MAX) {
            throw new IOException("a request of " + size + " bytes");
        }
        ByteBuffer bytes = ByteBuffer.wrap(in.readNBytes(size));
        List<String> fields = new ArrayList<>();
        while (bytes.hasRemaining()) {
            byte[] field = new byte[bytes.getInt()];
            bytes.get(field);
            fields.add(new String(field, StandardCharsets.UTF_8));
        }
        if (fields.size() < 5) {
            throw new IOException("a request of " + fields.size() + " fields");
        }
        Optional<String> stdin = fields.get(3).isEmpty() ? Optional.empty() : Optional.of(fields.get(4));
        return new Request(
                fields.get(0),
                new Invocation(fields.get(2), fields.subList(5, fields.size()), Path.of(fields.get(1)), stdin));
    }

    private static void write(SocketChannel caller, CommandReply reply) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(reply.exitCode());
        for (String text : List.of(reply.stdout(), reply.stderr())) {
            byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
            out.writeInt(encoded.length);
            out.write(encoded);
        }
        ByteBuffer answer = ByteBuffer.wrap(bytes.toByteArray());
        while (answer.hasRemaining()) {
            caller.write(answer);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
        Files.deleteIfExists(path);
    }
}
