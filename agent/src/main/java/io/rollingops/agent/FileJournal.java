// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.spi.Journal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * The journal as a small file with two places, written in turn: an entry that a crash cut short leaves the one before it
 * readable. A result is on the disk when {@link #write} returns; what only says that something began, or that all is
 * recorded, may get there later, since losing it costs nothing.
 */
final class FileJournal implements Journal, AutoCloseable {
    private static final int PLACE_BYTES = 4096;
    private static final int HEADER_BYTES = Long.BYTES + Integer.BYTES + Integer.BYTES;

    private final FileChannel channel;
    private long written;

    /**
     * Opens the journal, and makes it if it is not there.
     *
     * @throws IOException when the disk says no
     */
    FileJournal(Path file) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        written = Math.max(number(0), number(1));
    }

    @Override
    public Optional<Entry> read() throws IOException {
        int newest = number(0) > number(1) ? 0 : 1;
        return text(newest).filter(text -> !text.isEmpty()).flatMap(Entry::read);
    }

    @Override
    public void write(Entry entry) throws IOException {
        put(entry.write());
        if (entry.result().isPresent()) {
            channel.force(false);
        }
    }

    @Override
    public void clear() throws IOException {
        put("");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void put(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > PLACE_BYTES - HEADER_BYTES) {
            throw new IOException("an entry of " + bytes.length + " bytes does not fit the journal");
        }
        ByteBuffer place = ByteBuffer.allocate(PLACE_BYTES);
        place.putLong(written + 1)
                .putInt(bytes.length)
                .putInt(checksum(written + 1, bytes))
                .put(bytes);
        place.rewind();
        long at = (written + 1) % 2 * PLACE_BYTES;
        while (place.hasRemaining()) {
            at += channel.write(place, at);
        }
        written++;
    }

    private long number(int place) throws IOException {
        return text(place).isPresent() ? header(place).getLong(0) : 0;
    }

    private Optional<String> text(int place) throws IOException {
        ByteBuffer header = header(place);
        if (header.position() < HEADER_BYTES) {
            return Optional.empty();
        }
        long number = header.getLong(0);
        int length = header.getInt(Long.BYTES);
        if (number < 1 || length < 0 || length > PLACE_BYTES - HEADER_BYTES) {
            return Optional.empty();
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        channel.read(bytes, (long) place * PLACE_BYTES + HEADER_BYTES);
        boolean whole = bytes.position() == length
                && checksum(number, bytes.array()) == header.getInt(Long.BYTES + Integer.BYTES);
        return whole ? Optional.of(new String(bytes.array(), StandardCharsets.UTF_8)) : Optional.empty();
    }

    private ByteBuffer header(int place) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        channel.read(header, (long) place * PLACE_BYTES);
        return header;
    }

    private static int checksum(long number, byte[] bytes) {
        CRC32 checksum = new CRC32();
        checksum.update(ByteBuffer.allocate(Long.BYTES).putLong(number).array());
        checksum.update(bytes);
        return (int) checksum.getValue();
    }
}
