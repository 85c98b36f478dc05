// SPDX-License-Identifier: Apache-2.0
package io.rollingops.local;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One conversation over a Unix-domain socket: JSON objects, one a line, in both directions. Reading is for one thread,
 * writing may be done by several.
 */
public final class Conversation implements AutoCloseable {
    /** A longer line ends the conversation. */
    public static final int MAX_LINE_CHARS = 1 << 20;

    private final SocketChannel channel;
    private final BufferedReader reader;

    Conversation(SocketChannel channel) {
        this.channel = channel;
        this.reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    }

    /**
     * Begins a conversation with whoever listens there.
     *
     * @throws IOException when nobody does, or the socket belongs to another user
     */
    public static Conversation with(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        return new Conversation(channel);
    }

    /** Sends one object. */
    public void send(Json.Obj message) throws IOException {
        ByteBuffer line = ByteBuffer.wrap((JsonText.write(message) + "\n").getBytes(StandardCharsets.UTF_8));
        synchronized (channel) {
            while (line.hasRemaining()) {
                channel.write(line);
            }
        }
    }

    /** The next object, or nothing when the other side has ended the conversation. */
    public Optional<Json.Obj> receive() throws IOException {
        StringBuilder line = new StringBuilder();
        int c = reader.read();
        while (c >= 0 && c != '\n') {
            if (line.length() >= MAX_LINE_CHARS) {
                throw new IOException("a message is longer than " + MAX_LINE_CHARS + " characters");
            }
            line.append((char) c);
            c = reader.read();
        }
        if (c < 0 && line.length() == 0) {
            return Optional.empty();
        }
        if (c < 0) {
            throw new EOFException("the conversation broke off in the middle of a message");
        }
        try {
            return Optional.of(JsonText.parseObject(line.toString()));
        } catch (JsonException e) {
            throw new IOException("a message cannot be understood: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
