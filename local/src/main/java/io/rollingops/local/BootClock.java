// SPDX-License-Identifier: Apache-2.0
package io.rollingops.local;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * A steady clock that counts the time in which the machine was suspended, as leases need it (rule L3). On Linux that is
 * the machine's uptime, to a hundredth of a second; elsewhere it is the JVM's steady clock, which stands still in a
 * suspended machine, and only the comparison with the wall clock notices that.
 *
 * <p>Which of the two it is, is decided once. Should the uptime become unreadable later, the clock goes on from its last
 * reading as the JVM's does and stays with that: two origins in one process would make an old lease look new.
 *
 * <p>Safe for several threads.
 */
public final class BootClock implements LongSupplier {
    private static final Path UPTIME = Path.of("/proc/uptime");
    private static final long NANOS_IN_HUNDREDTH = 10_000_000;
    private static final int LONGEST_LINE = 64;

    /** Not a channel: that would be closed under all others by one thread that is interrupted. */
    private final RandomAccessFile uptime;

    private final LongSupplier steady;
    private final byte[] line = new byte[LONGEST_LINE];
    private long last;
    private long steadyAtLast;
    private boolean unreadable;

    private BootClock(RandomAccessFile uptime, LongSupplier steady) {
        this.uptime = uptime;
        this.steady = steady;
    }

    @Override
    public synchronized long getAsLong() {
        long now = steady.getAsLong();
        OptionalLong read = unreadable ? OptionalLong.empty() : read();
        unreadable = read.isEmpty();
        last = read.orElse(last + (now - steadyAtLast));
        steadyAtLast = now;
        return last;
    }

    /** The clock of this machine; it keeps one file open while the process lives. */
    public static LongSupplier ofThisMachine() {
        return of(UPTIME, System::nanoTime);
    }

    /**
     * A clock that reads that file.
     *
     * @param steady the clock that is used when the file cannot be read
     */
    static LongSupplier of(Path file, LongSupplier steady) {
        try {
            BootClock clock = new BootClock(new RandomAccessFile(file.toFile(), "r"), steady);
            clock.getAsLong();
            return clock.unreadable ? steady : clock;
        } catch (IOException e) {
            return steady;
        }
    }

    private OptionalLong read() {
        try {
            uptime.seek(0);
            int length = uptime.read(line);
            String text = new String(line, 0, Math.max(length, 0), StandardCharsets.US_ASCII);
            int dot = text.indexOf('.');
            long hundredths =
                    Long.parseLong(text.substring(0, dot)) * 100 + Long.parseLong(text.substring(dot + 1, dot + 3));
            return OptionalLong.of(hundredths * NANOS_IN_HUNDREDTH);
        } catch (IOException | NumberFormatException | StringIndexOutOfBoundsException e) {
            return OptionalLong.empty();
        }
    }
}
